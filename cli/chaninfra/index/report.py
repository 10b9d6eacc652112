"""What the index engine reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chaninfra.channel.conda.subdirs import Subdir


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A package that could not be indexed: `<subdir>/<file>`, and why."""

    package: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SubdirReport:
    """How many packages the index of a subdir listed before (None: there was none), and after; and what differed.

    Packages by file name: their records were added, replaced (other bytes), dropped, or kept out as yanked. `files` are
    the index files that were missing or did not agree.
    """

    subdir: Subdir
    before: int | None
    after: int
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    yanked: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def differed(self) -> bool:
        """Whether the index was not what it should be."""
        return bool(self.added or self.replaced or self.dropped or self.yanked or self.files)


@dataclass(frozen=True, kw_only=True)
class Report:
    """What an indexer did."""

    subdirs: tuple[SubdirReport, ...]
    left_out: tuple[LeftOut, ...] = ()

    @classmethod
    def of(cls, subdirs: Iterable[SubdirReport]) -> Report:
        """The report of these, with all that they left out."""
        reports = tuple(subdirs)
        return cls(subdirs=reports, left_out=tuple(each for report in reports for each in report.left_out))
