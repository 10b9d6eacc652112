"""What a publish did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.commit.change import Applied
from chaninfra.index.package.local_file import PackageFile
from chaninfra.index.report import Report
from chaninfra.index.upload import Outcome


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
