"""What a publish did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.commit.change import Applied
from chaninfra.index.package.local_file import PackageFile
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.upload import Outcome, Uploaded


@dataclass(frozen=True, kw_only=True)
class PublishedPackage:
    """A package that is in the channel. If it is yanked, it is not in the index."""

    package: PackageFile
    url: str
    outcome: Outcome
    yanked: bool = False
    patch: Literal["applied", "other-bytes"] | None = None
    """`applied`: a patch has changed its record. `other-bytes`: there is one that does not apply to these bytes."""


def patch_of(applied: Applied, file: str) -> Literal["applied", "other-bytes"] | None:
    """See PublishedPackage.patch."""
    return "applied" if file in applied.patched else "other-bytes" if file in applied.unfit else None


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A package that was not published, and why."""

    package: PackageFile
    error: ChaninfraError


@dataclass(frozen=True, kw_only=True)
class Published:
    """What `publish` did: the packages, the reports of their subdirs, and the packages that failed."""

    packages: tuple[PublishedPackage, ...]
    report: Report
    failed: tuple[Failed, ...] = ()

    @property
    def error(self) -> ChaninfraError | None:
        """One error for all packages that failed, of the class of the first one; None if none failed."""
        return combined(self.failed) if self.failed else None


def combined(failed: Sequence[Failed]) -> ChaninfraError:
    """One error for all packages that failed, of the class of the first one."""
    first = failed[0].error
    if len({failure.error.message for failure in failed}) == 1:
        return first
    lines = "\n  ".join(f"{failure.package.path_in_channel}: {failure.error.message}" for failure in failed)
    return type(first)(f"{len(failed)} packages were not published:\n  {lines}", where=first.where, remedy=first.remedy)


def other_packages(uploads: Sequence[Uploaded], report: SubdirReport, reindexed: SubdirReport | None) -> SubdirReport:
    """The report of the subdir without the packages that were published, which are reported on their own."""
    reports = [report, reindexed] if reindexed else [report]
    published = {uploaded.package.path.name for uploaded in uploads}
    left_out = {skipped.package: skipped for each in reports for skipped in each.left_out}
    streamed = {uploaded.package.path.name for uploaded in uploads if uploaded.package.package.streams > 1}
    return SubdirReport(
        subdir=report.subdir,
        before=report.before,
        after=reports[-1].after,
        added=tuple(sorted({file for each in reports for file in each.added} - published)),
        replaced=tuple(sorted({file for each in reports for file in each.replaced} - published)),
        dropped=tuple(sorted({file for each in reports for file in each.dropped})),
        yanked=tuple(sorted({file for each in reports for file in each.yanked} - published)),
        signed=tuple(sorted({file for each in reports for file in each.signed})),
        left_out=tuple(left_out.values()),
        odd_names=reports[-1].odd_names,
        many_streams=tuple(sorted({*(reindexed or report).many_streams, *streamed})),
        notes=tuple(note for each in reports for note in each.notes),
    )
