"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]
"""`warning`: all works, and somebody should know; `failed`: something does not, or will not; `skipped`: it could not be
judged."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one thing is: its name, what was found, and what to type or change where that is not as it should be."""

    name: str
    state: State
    found: str
    remedy: str | None = None
