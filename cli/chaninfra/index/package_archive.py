"""A conda package, read once from front to back: its size, its hashes, and its record.

Two formats: `.conda`, a zip of stored members with the metadata in `info-*.tar.zst`, and `.tar.bz2`. The bytes may be
anybody's: what is no package is a PackageError and nothing else, and costs bounded memory and time.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import local
from typing import IO, Any, cast

import msgspec
import zstandard
from msgspec import Raw

from chaninfra.channel.structs import prepared
from chaninfra.index.change import Packaged
from chaninfra.index.record import (
    MAX_BYTES,
    IndexJson,
    Layout,
    PackageError,
    Suffix,
    parse_index,
    record_of,
    stem,
    suffix_of,
)
from chaninfra.index.tar_members import Stream, TarError, TarMembers

IN_MEMORY = 4 << 20
"""Of a larger `.conda` that comes as a stream a copy is put on disk, since its table of contents is at its end."""
_BLOCK = 1 << 20
_MAX_UNPACKED = 1 << 30
_MAX_MEMBERS = 100_000
_MAX_WINDOW = 128 << 20
_MAX_CONTENTS = 1 << 20
_INDEX = "info/index.json"
_RUN_EXPORTS = "info/run_exports.json"
_METADATA = "metadata.json"
_FORMAT_VERSION = 2
_ENCRYPTED = 0x1
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LOCAL_SIGNATURE = b"PK\x03\x04"

# What zipfile raises for what is no zip, and for a damaged one.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    ValueError,
    OSError,
    EOFError,
    OverflowError,
    IndexError,
    struct.error,
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """A conda package: what it says of itself, and of its bytes the size and hex digests."""

    index: IndexJson
    layout: Layout
    fields: dict[str, Any]
    size: int
    md5: str
    sha256: str

    def packaged(self, file: str, subdir: str, etag: str | None = None) -> Packaged:
        """The record that a file of this name should have in `subdir`; `etag` is that of the object that was read."""
        suffix = suffix_of(file) or ".conda"
        if self.layout == "v3":
            table, key = f"v3{suffix}", stem(file)
        else:
            table, key = "packages.conda" if suffix == ".conda" else "packages", file
        record = {**self.fields, "subdir": subdir, "size": self.size, "md5": self.md5, "sha256": self.sha256}
        # As bytes, since a re-index may hold a hundred thousand of them until it commits.
        return Packaged(
            name=self.index.name,
            table=table,
            key=key,
            sha256=self.sha256,
            record=partial(_record, msgspec.json.encode(record)),
            etag=etag,
        )


def _record(fields: bytes, indexed: int) -> Raw:
    """The record as JSON, keys sorted."""
    record = {**msgspec.json.decode(fields), "indexed_timestamp": indexed}
    return Raw(msgspec.json.encode(dict(sorted(record.items()))))


class UnreadablePackageError(PackageError):
    """What is there is no package that can be indexed; the hex digests are of all its bytes."""

    def __init__(self, text: str, md5: str, sha256: str) -> None:
        super().__init__(text)
        self.md5 = md5
        self.sha256 = sha256


def read_chunks(chunks: Iterable[bytes], suffix: Suffix) -> Package:
    """The package whose bytes these are; all of them are taken.

    Raises UnreadablePackageError, and what `chunks` raises.
    """
    source = _Hashing(chunks)
    if suffix == ".tar.bz2":
        return _package(source, lambda: _of_bz2(source))
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(IN_MEMORY) as spool:
        for chunk in source:
            spool.write(chunk)
        return _package(source, lambda: _of_zip(cast(IO[bytes], spool)))


def read_file(path: Path, suffix: Suffix) -> Package:
    """The package in a file. Raises UnreadablePackageError, and OSError where the file cannot be read."""
    with path.open("rb") as file:
        source = _Hashing(iter(lambda: file.read(_BLOCK), b""))
        if suffix == ".tar.bz2":
            return _package(source, lambda: _of_bz2(source))
        source.exhaust()
        return _package(source, lambda: _of_zip(file))


@dataclass(frozen=True, kw_only=True)
class _Metadata:
    index: bytes
    run_exports: bytes | None = None


class _Hashing:
    """Iterates over the chunks once, and knows size and hashes of those that were taken."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.size = 0
        # The name of objects' content in stores (ETag); it protects nothing here.
        self.md5 = hashlib.md5(usedforsecurity=False)
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


def _package(source: _Hashing, read: Callable[[], _Metadata]) -> Package:
    try:
        metadata = read()
        index = parse_index(metadata.index)
        layout, fields = record_of(index, metadata.run_exports)
    except (PackageError, TarError) as error:
        source.exhaust()
        text = f"is no conda package: {error}" if isinstance(error, TarError) else str(error)
        raise UnreadablePackageError(text, source.md5.hexdigest(), source.sha256.hexdigest()) from error
    source.exhaust()
    return Package(
        index=index,
        layout=layout,
        fields=fields,
        size=source.size,
        md5=source.md5.hexdigest(),
        sha256=source.sha256.hexdigest(),
    )


def _of_bz2(source: Iterator[bytes]) -> _Metadata:
    """The metadata; nothing behind it is unpacked. A `.tar.bz2`'s run_exports are not asked for by the indexer."""
    for name, content in _members(_Bz2Stream(source), {_INDEX}):
        if name == _INDEX:
            return _Metadata(index=content)
    raise PackageError(f"is no conda package: there is no {_INDEX} in it")


def _of_zip(file: IO[bytes]) -> _Metadata:
    bounded = _Bounded(file)
    try:
        # Opened only for its table of contents; a member is read by its place, as it is stored.
        with zipfile.ZipFile(cast(IO[bytes], bounded)) as archive:
            entries = archive.infolist()
    except _ZIP_ERRORS as error:
        raise PackageError(f"is no conda package: {error or 'it is no zip'}") from error
    for entry in entries:
        _check_path(entry.filename)
        if entry.filename == _METADATA:
            _check_format(_stored(bounded, entry).read(_BLOCK))
    infos = [one for one in entries if one.filename.startswith("info-") and one.filename.endswith(".tar.zst")]
    if len(infos) != 1:
        raise PackageError(f"is no conda package: there are {len(infos) or 'no'} info-*.tar.zst in it")
    part = _stored(bounded, infos[0])
    stream = _ZstdStream(_decompressor().stream_reader(cast(IO[bytes], part), read_across_frames=True))
    found = dict(_members(stream, {_INDEX, _RUN_EXPORTS}))
    if _INDEX not in found:
        raise PackageError(f"is no conda package: there is no {_INDEX} in it")
    return _Metadata(index=found[_INDEX], run_exports=found.get(_RUN_EXPORTS))


def _members(stream: Stream, wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the wanted files. Raises PackageError and TarError."""
    members = TarMembers(stream, max_bytes=_MAX_UNPACKED, max_members=_MAX_MEMBERS)
    for member in members:
        _check_path(member.name)
        if member.name in wanted:
            if not member.regular:
                raise PackageError(f"is no conda package: {member.name} in it is no file")
            yield member.name, members.content(MAX_BYTES)


def _check_path(name: str) -> None:
    """Who unpacks the package writes there."""
    if name.startswith("/") or ".." in name.replace("\\", "/").split("/"):
        raise PackageError(f"is no conda package: the path {name!r} leads out of it")


def _check_format(metadata: bytes) -> None:
    try:
        version = msgspec.json.decode(metadata, type=_Format).conda_pkg_format_version
    except (ValueError, RecursionError) as error:
        raise PackageError(f"is no conda package: {_METADATA} in it is not valid: {error}") from error
    if version != _FORMAT_VERSION:
        raise PackageError(f"has format version {version}, and {_FORMAT_VERSION} is the one that is known")


@prepared
class _Format(msgspec.Struct):
    conda_pkg_format_version: int


def _stored(file: _Bounded, entry: zipfile.ZipInfo) -> _Part:
    """The bytes of a member that is stored as it is, as the format demands."""
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(f"is no conda package: {entry.filename} in it is encrypted")
    if entry.compress_type != zipfile.ZIP_STORED:
        raise PackageError(f"is no conda package: {entry.filename} in it is compressed once more")
    header = b""
    if entry.header_offset >= 0:
        file.seek(entry.header_offset)
        header = file.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise PackageError(f"is no conda package: {entry.filename} is not in it")
    signature, name, extra = _LOCAL_HEADER.unpack(header)
    if signature != _LOCAL_SIGNATURE:
        raise PackageError(f"is no conda package: {entry.filename} is not in it")
    return _Part(file, entry.header_offset + _LOCAL_HEADER.size + name + extra, entry.file_size)


class _Bounded:
    """A file of which only little is read at a time, as is enough for a zip with three members."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = file.seek(0, io.SEEK_END)
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            size = self._size - self._file.tell()
        if size > _MAX_CONTENTS:
            raise PackageError("is no conda package: its table of contents is too large")
        return self._file.read(size)


class _Part:
    """A part of a file as a stream."""

    def __init__(self, file: _Bounded, start: int, size: int) -> None:
        self._file = file
        self._at = start
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size if size >= 0 else self._left, self._left, _MAX_CONTENTS))
        self._at += len(data)
        self._left -= len(data)
        return data


_own = local()


def _decompressor() -> zstandard.ZstdDecompressor:
    """This thread's; to make one takes as long as to unpack a small package."""
    if not hasattr(_own, "decompressor"):
        _own.decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    found: zstandard.ZstdDecompressor = _own.decompressor
    return found


class _ZstdStream:
    def __init__(self, reader: zstandard.ZstdDecompressionReader) -> None:
        self._reader = reader

    def read(self, size: int, /) -> bytes:
        try:
            return self._reader.read(size)
        except zstandard.ZstdError as error:
            raise PackageError(f"is no conda package: {error}") from error


class _Bz2Stream:
    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._decompressor = bz2.BZ2Decompressor()
        self._input = b""

    def read(self, size: int, /) -> bytes:
        while size:
            if self._decompressor.eof:
                # Streams may follow one another.
                self._input = self._decompressor.unused_data or next(self._source, b"")
                if not self._input:
                    return b""
                self._decompressor = bz2.BZ2Decompressor()
            elif self._decompressor.needs_input and not self._input:
                self._input = next(self._source, b"")
                if not self._input:
                    raise PackageError("is no conda package: it ends too early")
            try:
                data = self._decompressor.decompress(self._input, size)
            except OSError as error:
                raise PackageError(f"is no conda package: {error}") from error
            self._input = b""
            if data:
                return data
        return b""
