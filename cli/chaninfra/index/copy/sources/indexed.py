"""A source whose files are got by their place: what sources of every kind have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from typing import Protocol

import msgspec

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.summary import MAX_SUMMARY, Summary, parse, summary_key
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError, CredentialsError, DeniedError
from chaninfra.channel.text import shown
from chaninfra.index.copy.source import S3Object, SourcePackage
from chaninfra.index.copy.sources.index_reader import IndexReader
from chaninfra.index.copy.sources.passed_over import PassedOver
from chaninfra.index.copy.sources.reference import beside
from chaninfra.index.copy.sources.source_errors import naming_it
from chaninfra.index.package.sidecars import immutable_name, sidecar_name
from chaninfra.index.runtime import Runtime, Threads, run_all

PIECE = 8 << 20
"""Most bytes of a piece of a package."""
GONE = "its index is out of date: index the source again, or leave the package out by `--exclude`"
"""What to do about a package that is listed, and whose file is not there."""


MAX_DESCRIPTOR = 1 << 20
"""Most bytes of the channel.json of a source."""


@prepared
class _Subdirs(msgspec.Struct):
    """What is read of the channel.json of a source: it is a stranger's, and may be of a later version."""

    subdirs: list[str]


def subdirs_in(descriptor: bytes) -> list[Subdir]:
    """The subdirs that a channel.json names; none where it cannot be read."""
    try:
        said = msgspec.json.decode(descriptor, type=_Subdirs).subdirs
    except MALFORMED:
        return []
    return [subdir for subdir in KNOWN_SUBDIRS if subdir in said]


@dataclass(frozen=True, kw_only=True)
class Likely:
    """The subdirs that may have an index. `certain`: the channel says so; else nobody tells, and whoever may not list
    cannot tell one that is missing from one that is denied.
    """

    subdirs: Sequence[Subdir]
    certain: bool


class Files(Protocol):
    """The files of a source. A reference is relative to the folder of a subdir, or a URL that an index says.

    All methods raise StorageError; several threads may call them.
    """

    @property
    def url(self) -> str:
        """See Source.url."""

    @property
    def can_tell_patches(self) -> bool:
        """Whether the folder `.chaninfra` of a channel of chaninfra can be read, by those who may."""

    def likely(self) -> Likely:
        """The subdirs that may have an index."""

    def get(self, subdir: Subdir, reference: str, most: int) -> bytes | None:
        """See `index_reader.Get`."""

    def has(self, subdir: Subdir, name: str) -> bool:
        """Whether there is a file of this name beside the index, or where patches are told at this reference."""

    def chunks(self, subdir: Subdir, reference: str) -> Iterator[bytes]:
        """The bytes of a file, in pieces of PIECE at most. Raises SkippedError as Source.chunks."""

    def s3_object(self, subdir: Subdir, reference: str) -> S3Object | None:
        """Where the file is in S3. None: it is not there, or must not be read."""


class IndexedSource:
    """A Source of these files."""

    def __init__(self, files: Files, runtime: Runtime | None = None) -> None:
        self._files = files
        self._runtime = runtime or Threads()
        self._passed_over = PassedOver()
        self._readers: dict[Subdir, IndexReader] = {}
        self._lock = Lock()

    @property
    def url(self) -> str:
        """See Source."""
        return self._files.url

    @cached_property
    def tells_patches(self) -> bool:
        """See Source."""
        return self._files.can_tell_patches and all(self._reader(each).tells_patches() for each in self.subdirs())

    def subdirs(self) -> Sequence[Subdir]:
        """See Source. A subdir that is not named may be one that these credentials cannot see; `refused` tells that."""
        return self._subdirs

    @cached_property
    def _subdirs(self) -> tuple[Subdir, ...]:
        with naming_it():
            likely = self._files.likely()
            asked = [subdir for subdir in KNOWN_SUBDIRS if subdir in likely.subdirs]
            answers = run_all(self._runtime, [partial(self._has_index, subdir, likely.certain) for subdir in asked])
        found = tuple(subdir for subdir, answer in zip(asked, answers, strict=True) if answer is True)
        denied = [answer for answer in answers if isinstance(answer, DeniedError)]
        if not found and denied:
            raise denied[0]
        if not found:
            raise ConfigurationError(
                "there is no channel: no subdir has an index",
                where=self.url,
                remedy="check its name: it is that of the folder in which noarch/ or linux-64/ is. Packages without an "
                "index have to be indexed first, by chaninfra or rattler-index",
            )
        if denied:
            for subdir, answer in zip(asked, answers, strict=True):
                if isinstance(answer, DeniedError):
                    self._passed_over.add(subdir, "cannot be read, or is not there: who may not list is not told")
        return found

    def _has_index(self, subdir: Subdir, certain: bool) -> bool | DeniedError:
        try:
            return self._reader(subdir).has_shards() or any(
                self._files.has(subdir, FILE_NAMES[kind]) for kind in ("zst", "json")
            )
        except CredentialsError:
            raise
        except DeniedError as error:
            if certain:
                raise
            return error

    def names(self, subdir: Subdir) -> Collection[str]:
        """See Source."""
        return self._reader(subdir).names()

    def packages(self, subdir: Subdir, names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """See Source."""
        return self._reader(subdir).packages(names)

    def refused(self) -> Sequence[str]:
        """See Source."""
        return self._passed_over.messages()

    def passes_over(self, subdir: Subdir, file: str) -> bool:
        """See Source."""
        return self._passed_over.has(f"{subdir}/{file}")

    def chunks(self, package: SourcePackage) -> Iterator[bytes]:
        """See Source."""
        return self._files.chunks(package.subdir, beside(package.base_url, package.file))

    def sidecar(self, package: SourcePackage, most: int) -> bytes | None:
        """See Source. It is looked for where the record says that there is one (CEP 50), and is that which it names if
        that is still there.
        """
        digest = package.facts.attestations_sha256
        if digest is None:
            return None
        named = beside(package.base_url, immutable_name(package.file, digest))
        data = self._files.get(package.subdir, named, most)
        if data is not None and hashlib.sha256(data).hexdigest() == digest:
            return data
        return self._files.get(package.subdir, beside(package.base_url, sidecar_name(package.file)), most)

    def summary(self, package: SourcePackage) -> Summary | None:
        """See Source."""
        key = summary_key(package_name(package.file))
        data = self._files.get(package.subdir, key, MAX_SUMMARY) if key is not None else None
        summary = parse(data) if data is not None else None
        return summary if summary is not None and summary.file == package.file else None

    def s3_object(self, package: SourcePackage) -> S3Object | None:
        """See Source."""
        return self._files.s3_object(package.subdir, beside(package.base_url, package.file))

    def _reader(self, subdir: Subdir) -> IndexReader:
        with self._lock:
            if subdir not in self._readers:
                self._readers[subdir] = IndexReader(
                    subdir,
                    partial(self._files.get, subdir),
                    self._runtime,
                    url=f"{self.url}/{subdir}",
                    passed_over=self._passed_over,
                    exists=partial(self._files.has, subdir) if self._files.can_tell_patches else None,
                )
            return self._readers[subdir]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shown(self.url)})"
