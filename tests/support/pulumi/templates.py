"""The projects in `templates/`, and the commands of their READMEs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from support.paths import ROOT

FOLDER = ROOT / "templates"
NAMES = sorted(path.name for path in FOLDER.iterdir() if (path / "Pulumi.yaml").is_file())


def project(name: str) -> dict[str, Any]:
    """The Pulumi.yaml of a template."""
    found: dict[str, Any] = YAML(typ="safe").load((FOLDER / name / "Pulumi.yaml").read_text("utf-8"))
    return found


def stack_files(name: str) -> list[Path]:
    """The stack files that come with a template."""
    return sorted((FOLDER / name).glob("Pulumi.*.yaml"))


def workflows(name: str) -> list[Path]:
    """The workflows of a template: its own, and the examples for other repositories."""
    return sorted([*(FOLDER / name).glob(".github/workflows/*.yml"), *(FOLDER / name).glob("ci/*.yml")])


def commands(name: str) -> list[str]:
    """The shell blocks of the README after `<!-- run -->`, in order."""
    readme = (FOLDER / name / "README.md").read_text("utf-8")
    return re.findall(r"<!-- run -->\n```sh\n(.*?)```", readme, re.DOTALL)


def taking(name: str) -> str:
    """The shell block of the README after `<!-- take -->`, which makes the project."""
    readme = (FOLDER / name / "README.md").read_text("utf-8")
    (block,) = re.findall(r"<!-- take -->\n```sh\n(.*?)```", readme, re.DOTALL)
    return str(block)
