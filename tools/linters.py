"""The linters that are no Python packages: built from their sources into the user's cache, once a version."""

from __future__ import annotations

from pathlib import Path

import programs
from chaninfra.engine.process import Report


def actionlint(report: Report) -> Path:
    """The program that checks GitHub workflows, built if the cache does not have it. Raises EngineError."""
    module = Path(__file__).parent / "linters" / "actionlint"
    return programs.built(module, "github.com/rhysd/actionlint/cmd/actionlint", "github.com/rhysd/actionlint", report)
