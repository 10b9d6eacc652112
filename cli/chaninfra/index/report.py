"""Reports of the index engine: what publish, reindex and yank did to each subdir's index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from chaninfra.channel.conda.subdirs import Subdir

REPLACE = "publish it again with `--force`, or delete it"
RESIGN = "delete it, or put a JSON array of Sigstore bundles in its place"
RENAME = "build it again with another name, publish that, and delete this one"
MOVE = "publish the package if it is one, and delete the object with the store's own tools"
THAW = "restore it into a storage class that is read at once, such as STANDARD, or delete it"
HELD = "was overwritten, and is held: its record is that of the earlier bytes"
ACCEPT = (
    "build it again under another build number and put the earlier bytes back; or run `chaninfra reindex`, which takes "
    "the new bytes, though lock files have the old hash"
)
UNPATCH_AGAIN = (
    "to remove the patch of a package with other bytes, put back those of the record, or take the new ones with "
    "`chaninfra reindex`, and remove the patch then"
)
PUT_BACK = (
    "to remove the patch of a yanked package whose file is missing, put the file back, and remove the patch then; or "
    "delete the package for good with `chaninfra delete`"
)
RELEASE = "permit reading it, or put it again with the encryption and the owner of the others, or delete it"

STALE_READERS = "classic conda, older pixi"
"""Who reads index files that only other indexers write."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A package that was skipped because it cannot be indexed: `<subdir>/<file>`, and why."""

    package: str
    reason: str
    remedy: str = REPLACE
    """What to do before the next re-index."""

    @property
    def file(self) -> str:
        """Without the subdir."""
        return self.package.partition("/")[2]


@dataclass(frozen=True, kw_only=True)
class OddName:
    """A package in the index whose name CEP 26 does not allow: `<subdir>/<file>`, and the rule that it breaks."""

    package: str
    rule: str


@dataclass(frozen=True, kw_only=True)
class InvalidRecord:
    """A package whose record in the index of another tool clients cannot read, or no shard can hold: `<subdir>/<file>`,
    and why. It gets one that is made from the package, if the package can be read.
    """

    package: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class SubdirReport:
    """What happened to the index of one subdir. Packages are file names."""

    subdir: Subdir
    before: int | None
    """Number of packages in the index before; None: there was no index."""
    after: int
    """Number of packages in the index now."""
    added: tuple[str, ...] = ()
    """Packages that got a record."""
    replaced: tuple[str, ...] = ()
    """Packages that have other bytes than their old record."""
    remade: tuple[str, ...] = ()
    """Packages of the same bytes as their old record, whose record was made again, or taken over from another tool."""
    dropped: tuple[str, ...] = ()
    """Packages whose record was removed."""
    yanked: tuple[str, ...] = ()
    """Packages that are not in the index because they are yanked."""
    yanks: frozenset[str] = frozenset()
    """All packages that a re-index knows to be yanked."""
    signed: tuple[str, ...] = ()
    """Packages whose attestations (CEP 50) their record, or a copy of their sidecar, did not show."""
    patched: tuple[str, ...] = ()
    """Packages whose record lacked their patch."""
    files: tuple[str, ...] = ()
    """Index files that were missing, or did not match the authoritative index."""
    left_out: tuple[LeftOut, ...] = ()
    """Packages that were skipped."""
    invalid: tuple[InvalidRecord, ...] = ()
    """Records of another tool that a re-index found, and did not take over."""
    stale: tuple[str, ...] = ()
    """Index files of an earlier indexer that clients read in place of ours, of those that a re-index found."""
    odd_names: tuple[OddName, ...] = ()
    """Packages that CEP 26 does not allow, of those that a re-index found in the folder."""
    many_streams: tuple[str, ...] = ()
    """Packages in several bzip2 streams, of those that were read."""
    notes: tuple[str, ...] = ()
    """What did not go as it should, and needs nothing."""

    @property
    def differed(self) -> bool:
        """Whether the index was not up to date."""
        by_package = self.added or self.replaced or self.remade or self.dropped or self.yanked or self.signed
        return bool(by_package or self.patched or self.invalid or self.files)

    def joined(self, before: SubdirReport | None) -> SubdirReport:
        """This report and the one of what was done before it, as one."""
        if before is None:
            return self
        both: dict[str, Any] = {
            each.name: tuple(dict.fromkeys((*getattr(before, each.name), *getattr(self, each.name))))
            for each in fields(self)
            if isinstance(getattr(self, each.name), tuple)
        }
        return replace(self, before=before.before, **both)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The reports of several subdirs; `left_out`, `odd_names`, `invalid`, `stale` and `many_streams` are those of all
    of them, as `<subdir>/<file>`.
    """

    subdirs: tuple[SubdirReport, ...]
    left_out: tuple[LeftOut, ...] = ()
    odd_names: tuple[OddName, ...] = ()
    invalid: tuple[InvalidRecord, ...] = ()
    stale: tuple[str, ...] = ()
    many_streams: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, subdirs: Iterable[SubdirReport]) -> Report:
        """Combine the reports of subdirs."""
        reports = tuple(subdirs)
        return cls(
            subdirs=reports,
            left_out=tuple(skipped for report in reports for skipped in report.left_out),
            odd_names=tuple(odd for report in reports for odd in report.odd_names),
            invalid=tuple(each for report in reports for each in report.invalid),
            stale=tuple(f"{report.subdir}/{name}" for report in reports for name in report.stale),
            many_streams=tuple(f"{report.subdir}/{name}" for report in reports for name in report.many_streams),
            notes=tuple(note for report in reports for note in report.notes),
        )
