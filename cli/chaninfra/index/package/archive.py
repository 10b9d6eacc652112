"""Reads a conda package once from front to back: its size, its hashes, and the fields of its repodata record.

Formats (CEP 35): `.conda`, a zip of stored members with the metadata in `info-*.tar.zst`; and `.tar.bz2`. The bytes may
come from anybody: for a file that is not a package PackageError is raised and no other error, in bounded memory and
time.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import Suffix, table_and_key
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.package.about import MAX_ABOUT, NOTHING, About, parse_about
from chaninfra.index.package.broken import BrokenFileError
from chaninfra.index.package.bz2_stream import Bz2Stream, CountingStreams, Limited
from chaninfra.index.package.conda_zip import check_path, info_stream
from chaninfra.index.package.index_json import MAX_BYTES, IndexJson, PackageError, parse_index
from chaninfra.index.package.record import RecordLayout, record_of
from chaninfra.index.package.reread import Again, Reread
from chaninfra.index.package.tar import Stream, TarError, TarMembers

_BLOCK = 1 << 20
_MAX_UNPACKED = 1 << 30
_MAX_MEMBERS = 100_000
_INDEX = "info/index.json"
_RUN_EXPORTS = "info/run_exports.json"
_ABOUT = "info/about.json"
_READ_ON = 256 << 10
"""So many bytes of the tar in a `.tar.bz2` are read behind its index.json, for its about.json. conda-build sorts the
files in `info/` by size, and puts them first."""


@dataclass(frozen=True, kw_only=True)
class IndexedPackage:
    """A conda package that was read: its metadata, and size (bytes) and hex digests of the file."""

    index: IndexJson
    layout: RecordLayout
    fields: dict[str, Any]
    """Record field → value, without subdir, size, md5, sha256 and indexed_timestamp."""
    size: int
    md5: str
    sha256: str
    streams: int = 1
    """The number of bzip2 streams of a `.tar.bz2`; conda unpacks one of several, rattler's clients do not."""
    about: About = NOTHING
    """What it says of itself in its about.json."""

    def index_record(self, file: str, subdir: str, etag: str | None = None) -> IndexRecord:
        """The record for a file of this name in `subdir`; `etag` is that of the object that was read."""
        table, key = table_and_key(file, v3=self.layout == "v3")
        record = {**self.fields, "subdir": subdir, "size": self.size, "md5": self.md5, "sha256": self.sha256}
        # Kept as bytes, since a re-index may hold a hundred thousand records until it commits.
        return IndexRecord(
            name=client_name(self.index.name),
            table=table,
            key=key,
            sha256=self.sha256,
            encode=partial(_encoded, msgspec.json.encode(record)),
            etag=etag,
        )


def _encoded(fields: bytes, indexed: int) -> Raw:
    """The record as JSON with sorted keys."""
    record = {**msgspec.json.decode(fields), "indexed_timestamp": indexed}
    return Raw(msgspec.json.encode(dict(sorted(record.items()))))


class UnreadablePackageError(PackageError):
    """The file is not a package that can be indexed; hex digests of all its bytes."""

    def __init__(self, text: str, md5: str, sha256: str) -> None:
        super().__init__(text)
        self.md5 = md5
        self.sha256 = sha256


def read_chunks(chunks: Iterable[bytes], suffix: Suffix, again: Again) -> IndexedPackage:
    """Read a package from a stream, to its end; `again` reads some of it once more, see `reread`.

    Raises UnreadablePackageError, and what `chunks` and `again` raise.
    """
    if suffix == ".tar.bz2":
        return _bz2_package(chunks)
    source, file = _Hashing(chunks), Reread(again)
    for chunk in source:
        file.take(chunk)
    return _package(source, lambda: _of_zip(cast(IO[bytes], file)))


def read_data(data: bytes, suffix: Suffix, md5: str | None = None) -> IndexedPackage:
    """Read a package from memory. `md5`: what is taken for its md5, for whoever compares it in another way: to compute
    it takes more than twice as long as the sha256. Raises UnreadablePackageError.
    """
    if suffix == ".tar.bz2":
        return _bz2_package((data,), md5)
    source = _Hashing((data,), md5)
    source.exhaust()
    return _package(source, lambda: _of_zip(BytesIO(data)))


def read_file(path: Path, suffix: Suffix, advance: Callable[[int], None] = lambda _: None) -> IndexedPackage:
    """Read a package from a file; `advance` is called with the numbers of bytes that were read.

    Raises UnreadablePackageError, and OSError where the file cannot be read.
    """
    with path.open("rb") as file:
        if suffix == ".tar.bz2":
            return _bz2_package(_blocks(file, advance))
        source = _Hashing(_blocks(file, advance))
        source.exhaust()
        return _package(source, lambda: _of_zip(file))


def _blocks(file: IO[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        advance(len(block))
        yield block


@dataclass(frozen=True, kw_only=True)
class _Metadata:
    index: bytes
    run_exports: bytes | None = None
    about: bytes | None = None


class _Told:
    """A digest that is not computed."""

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def update(self, _: bytes) -> None:
        """Nothing."""

    def hexdigest(self) -> str:
        return self._digest


class _Hashing:
    """Iterates over the chunks once; has the size and the hashes of the chunks that were taken so far."""

    def __init__(self, chunks: Iterable[bytes], md5: str | None = None) -> None:
        self._chunks = iter(chunks)
        self.size = 0
        # Compared with ETags; not used for security.
        self.md5 = hashlib.md5(usedforsecurity=False) if md5 is None else _Told(md5)
        self.sha256 = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = next(self._chunks)
        self.size += len(chunk)
        self.md5.update(chunk)
        self.sha256.update(chunk)
        return chunk

    def exhaust(self) -> None:
        for _ in self:
            pass


def _package(source: _Hashing, read: Callable[[], _Metadata]) -> IndexedPackage:
    try:
        metadata = read()
        index = parse_index(metadata.index)
        layout, fields = record_of(index, metadata.run_exports)
    except (PackageError, TarError) as error:
        source.exhaust()
        text = f"is not a conda package: {error}" if isinstance(error, TarError) else str(error)
        if isinstance(error, BrokenFileError | TarError):
            text += f" ({source.size:,} bytes)"
        raise UnreadablePackageError(text, source.md5.hexdigest(), source.sha256.hexdigest()) from error
    source.exhaust()
    return IndexedPackage(
        index=index,
        layout=layout,
        fields=fields,
        size=source.size,
        md5=source.md5.hexdigest(),
        sha256=source.sha256.hexdigest(),
        about=parse_about(metadata.about),
    )


def _bz2_package(chunks: Iterable[bytes], md5: str | None = None) -> IndexedPackage:
    counting = CountingStreams(chunks)
    source = _Hashing(counting, md5)
    package = _package(source, lambda: _of_bz2(source))
    return dataclasses.replace(package, streams=counting.streams)


def _of_bz2(source: Iterator[bytes]) -> _Metadata:
    """The metadata; decompression stops after it. rattler's indexer also ignores run_exports of a `.tar.bz2`."""
    stream = Limited(Bz2Stream(source))
    members = _tar(stream)
    about: bytes | None = None
    for name, content in _wanted(members, {_INDEX}):
        if name == _INDEX:
            return _Metadata(index=content, about=_about_behind(members, stream) if about is None else about)
        about = content
    raise PackageError(f"is not a conda package: it has no {_INDEX}")


def _about_behind(members: TarMembers, stream: Limited) -> bytes | None:
    """The about.json behind an index.json, if only other members of `info/`, and few bytes, are between them. What is
    wrong there was never a reason to refuse a package.
    """
    stream.left = _READ_ON
    try:
        for member in members:
            if not member.name.startswith("info/"):
                break
            if member.name == _ABOUT:
                return members.content(_READ_ON) if member.regular else None
    except (PackageError, TarError):
        pass
    return None


def _of_zip(file: IO[bytes]) -> _Metadata:
    members = dict(_wanted(_tar(info_stream(file)), {_INDEX, _RUN_EXPORTS}))
    if _INDEX not in members:
        raise PackageError(f"is not a conda package: it has no {_INDEX}")
    return _Metadata(index=members[_INDEX], run_exports=members.get(_RUN_EXPORTS), about=members.get(_ABOUT))


def _tar(stream: Stream) -> TarMembers:
    return TarMembers(stream, max_bytes=_MAX_UNPACKED, max_members=_MAX_MEMBERS)


def _wanted(members: TarMembers, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """(name, content) of the wanted members, and of a readable about.json. Raises PackageError and TarError."""
    for member in members:
        check_path(member.name)
        if member.name == _ABOUT:
            if member.regular and member.size <= MAX_ABOUT:
                yield member.name, members.content(MAX_ABOUT)
        elif member.name in wanted:
            if not member.regular:
                raise PackageError(f"is not a conda package: {member.name} is not a regular file")
            yield member.name, members.content(MAX_BYTES)
