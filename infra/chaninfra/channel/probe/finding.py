"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]
"""`warning`: works, but needs attention; `failed`: does not work, or will not; `skipped`: could not be checked."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check: its name, the state, a sentence, and the command or change that fixes a problem."""

    name: str
    state: State
    found: str
    remedy: str | None = None
