"""A channel that packages are copied from: any channel of conda, on S3, by https, or in a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from msgspec import Raw

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.summary import Summary
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials


@dataclass(frozen=True, kw_only=True)
class SourcePackage:
    """A package of the source, as its index has it. What it says is input, and may be a lie."""

    subdir: Subdir
    file: str
    """The file name, which is checked: it is one that a channel may have."""
    table: str
    key: str
    """Where its record is in repodata.json, see `conda.filenames`."""
    record: Raw
    """The record (JSON) as the source has it, with its patches; of a yanked package the one that its yank keeps."""
    yank: Yank | None = None
    """Set: the source has yanked it."""
    patch: Patch | None = None
    """The patch that the source keeps for these bytes. Only a source with `tells_patches` has it."""
    base_url: str | None = None
    """`info.base_url` (CEP 15) of the index that it is from: where its file is, if not beside that index."""

    @property
    def path_in_channel(self) -> str:
        """`<subdir>/<file>`."""
        return f"{self.subdir}/{self.file}"

    @cached_property
    def facts(self) -> RecordFacts:
        """The facts in its record. Raises one of MALFORMED."""
        return read_facts(self.record, *RecordFacts.__struct_fields__)


@dataclass(frozen=True, kw_only=True)
class S3Object:
    """An object that a store can copy itself."""

    location: Location
    credentials: Credentials | None
    """Those that the source is read with."""
    key: str


class Source(Protocol):
    """What is read of a source. All methods raise StorageError and its subclasses, for a source by https too; several
    threads may call them.
    """

    @property
    def url(self) -> str:
        """For messages and reasons: without user, password, token or query."""

    @property
    def tells_patches(self) -> bool:
        """Whether it is a channel of chaninfra, which keeps patches and yanks apart: then a record without a `patch`
        says what its package says. Else a record may have been changed after the build, and nobody tells.
        """

    def subdirs(self) -> Sequence[Subdir]:
        """The subdirs that have an index, in the order of KNOWN_SUBDIRS. Raises ConfigurationError where there is no
        channel.
        """

    def names(self, subdir: Subdir) -> Collection[str]:
        """The names of all its packages, as clients look them up: cheap where the index is in shards."""

    def packages(self, subdir: Subdir, names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """The packages of the subdir, with those that are yanked; of these names (as clients look them up, see
        `filenames.package_name`), or of all. Each is read at most once; it may be of one moment or of several.

        Raises InvalidRepodataError for an index that is damaged. Records whose file name a channel must not have are
        passed over; `refused` tells them.
        """

    def refused(self) -> Sequence[str]:
        """What was passed over until now, and why, for a message each."""

    def passes_over(self, subdir: Subdir, file: str) -> bool:
        """Whether a record of this file was passed over until now, or may have been: then the source has the package,
        and nobody can tell what it says of it.
        """

    def chunks(self, package: SourcePackage) -> Iterator[bytes]:
        """The bytes of the package's file, in pieces of 8 MiB at most.

        Raises SkippedError where the file is not there, or is at a place that must not be read.
        """

    def sidecar(self, package: SourcePackage, most: int) -> bytes | None:
        """The attestations of the package (CEP 50: `<file>.sigs`), at most `most` bytes; None: it has none."""

    def summary(self, package: SourcePackage) -> Summary | None:
        """What the source has as the summary of the package's name, if that is of this package; None: it has none. What
        it says is input.
        """

    def s3_object(self, package: SourcePackage) -> S3Object | None:
        """Where the file is in S3, so that its store can copy it; None: it is not in S3."""
