"""A folder for PYTHONPATH in which Python finds a `sitecustomize` that hides modules, as if they were not installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from chaninfra.channel.extras import MODULES

ALL = tuple(dict.fromkeys(module for packages in MODULES.values() for module in packages))
"""The modules of every extra."""


def hiding(modules: Iterable[str] = ALL) -> dict[str, str]:
    """The variables for a process that does not find these modules."""
    return {"PYTHONPATH": os.fspath(Path(__file__).parent), "HIDDEN_MODULES": ",".join(modules)}
