"""Stacks of user programs with the components, in Python and in YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from chaninfra.engine import yaml_host
from support.pulumi.stacks import Stack, engine

PROJECT = "packages"


@cache
def _yaml_host() -> Path:
    return yaml_host.built(print)


def python_stack(folder: Path, program: str, environment: Mapping[str, str], **config: Any) -> Stack:
    """A stack of a program in Python."""
    return Stack(folder, config, environment, project=PROJECT, files={"__main__.py": program})


def yaml_stack(folder: Path, program: str, environment: Mapping[str, str], **config: Any) -> Stack:
    """A stack of a YAML program; `program` is a Pulumi.yaml with the project name PROJECT. The components come from the
    plugin on PATH."""
    path = os.pathsep.join([str(_yaml_host().parent), engine().environment({})["PATH"]])
    return Stack(folder, config, {**environment, "PATH": path}, project=PROJECT, files={"Pulumi.yaml": program})
