"""What a copy did."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.copy.brought import Way
from chaninfra.index.copy.plan import Doing
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.report import LeftOut, Report, SubdirReport


@dataclass(frozen=True, kw_only=True)
class CopiedPackage:
    """A package that is in the target. If it is yanked, it is not in the index."""

    package: SourcePackage
    doing: Doing
    way: Way
    yanked: bool = False
    patch: Literal["source", "own"] | None = None
    """`source`: one keeps what the source has changed of its record. `own`: the target has one of its own, which stays
    over the record of the source."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A package (`<subdir>/<file>`) that was not copied, and why."""

    package: str
    error: ChaninfraError


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What `copy` did."""

    packages: tuple[CopiedPackage, ...]
    already: tuple[str, ...]
    """Packages (`<subdir>/<file>`) that the target had as they are."""
    failed: tuple[Failed, ...]
    report: Report
    """Of the index, without the packages that were copied."""
    left_out: tuple[LeftOut, ...] = ()
    """Packages whose record no channel can have."""
    stopped: ChaninfraError | None = None
    """Why it ended early; None: it did not."""

    @property
    def size(self) -> int:
        """The bytes of the packages that were not in the target before."""
        new = (each for each in self.packages if each.doing == "new" and each.way != "present")
        return sum(each.package.facts.size or 0 for each in new)


def together(reports: Sequence[SubdirReport], copied: frozenset[str] = frozenset()) -> SubdirReport:
    """The report of several commits of a subdir, without the files that were copied."""
    found: dict[str, tuple[object, ...]] = {}
    for field in dataclasses.fields(SubdirReport):
        values = [getattr(each, field.name) for each in reports]
        if all(isinstance(value, tuple) for value in values):
            every = dict.fromkeys(item for value in values for item in value)
            found[field.name] = tuple(item for item in every if item not in copied)
    return dataclasses.replace(reports[-1], before=reports[0].before, **found)  # type: ignore[arg-type]
