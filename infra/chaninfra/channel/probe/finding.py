"""The result of a check of `chaninfra doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "skipped"]
"""`warning`: works, but somebody should know of it; `failed`: does not work, or will stop working; `skipped`: could not
be checked."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found. `remedy` is the command to run or the change to make; None: there is nothing to do."""

    state: State
    found: str
    remedy: str | None = None

    def of(self, check: str) -> CheckResult:
        """The finding under the name of its check."""
        return CheckResult(name=check, state=self.state, found=self.found, remedy=self.remedy)


@dataclass(frozen=True, kw_only=True)
class CheckResult(Finding):
    """A finding and the name of its check: one line of `chaninfra doctor`."""

    name: str
