"""The zip that a `.conda` is: stored members, and among them `info-*.tar.zst` with the metadata.

Of a zip little is read: its table of contents, bounded, and the one member, by its place.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from threading import local
from typing import IO, NamedTuple, Protocol, cast
from zipfile import ZIP_STORED

import msgspec
import zstandard

from chaninfra.channel.conda.structs import prepared
from chaninfra.index.package.index_json import PackageError
from chaninfra.index.package.tar import Stream

_MAX_WINDOW = 128 << 20

_MAX_CONTENTS = 1 << 20

_READ_AHEAD = 64 << 10

_METADATA = "metadata.json"

_FORMAT_VERSION = 2

_ENCRYPTED = 0x1

_LOCAL_HEADER = struct.Struct("<4s22xHH")

_LOCAL_SIGNATURE = b"PK\x03\x04"


def info_stream(file: IO[bytes]) -> Stream:
    """The tar of the metadata in a `.conda`, unpacked while it is read. Raises PackageError, and so do its reads."""
    bounded = _Bounded(file)
    try:
        entries = contents(cast(IO[bytes], bounded))
    except NotAZipError as error:
        raise PackageError(f"is no conda package: {error}") from error
    for entry in entries:
        check_path(entry.filename)
        if entry.filename == _METADATA:
            _check_format(_stored(bounded, entry).read(_MAX_CONTENTS))
    infos = [one for one in entries if one.filename.startswith("info-") and one.filename.endswith(".tar.zst")]
    if len(infos) != 1:
        raise PackageError(f"is no conda package: there are {len(infos) or 'no'} info-*.tar.zst in it")
    part = _stored(bounded, infos[0])
    return _ZstdStream(_decompressor().stream_reader(cast(IO[bytes], part), read_across_frames=True))


def check_path(name: str) -> None:
    """Raises PackageError where who unpacks the package would write outside of it."""
    if name.startswith("/") or (".." in name and ".." in name.replace("\\", "/").split("/")):
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


def _stored(file: _Bounded, entry: ZipEntry) -> _Part:
    """The bytes of a member that is stored as it is, as the format demands."""
    if entry.flag_bits & _ENCRYPTED:
        raise PackageError(f"is no conda package: {entry.filename} in it is encrypted")
    if entry.compress_type != ZIP_STORED:
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
        # Each read of the decompressor lets other threads go first, and a tar is read by blocks of 512 bytes.
        self._reader = io.BufferedReader(cast(io.RawIOBase, reader), _READ_AHEAD)

    def read(self, size: int, /) -> bytes:
        try:
            return self._reader.read(size)
        except zstandard.ZstdError as error:
            raise PackageError(f"is no conda package: {error}") from error


# PKWARE's APPNOTE, 4.3.16 and 4.3.12: what is at the end of a zip, and an entry of its table.
_END = struct.Struct("<4s4H2LH")

_ENTRY = struct.Struct("<4s2xHHH8xLLHHH8xL")

_END_SIGNATURE, _ENTRY_SIGNATURE, _LOCATOR_64 = b"PK\5\6", b"PK\1\2", b"PK\6\7"

_IN_64_BITS = 0xFFFFFFFF

_NEWEST = 45

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


class NotAZipError(Exception):
    """The text says why."""


class ZipEntry(NamedTuple):
    """A member as the table has it: its uncompressed size, and where its own header begins."""

    filename: str
    flag_bits: int
    compress_type: int
    file_size: int
    header_offset: int


class ZipSource(Protocol):
    """What is read from."""

    def seek(self, target: int, whence: int = 0, /) -> int:
        """See io."""

    def read(self, size: int = -1, /) -> bytes:
        """See io."""


def contents(file: IO[bytes]) -> Sequence[ZipEntry]:
    """The entries in order, as zipfile has them. Raises NotAZipError, and what the file's `read` does."""
    try:
        found = plain_contents(file)
        if found is not None:
            return found
        with zipfile.ZipFile(file) as archive:
            return [ZipEntry(*(getattr(entry, name) for name in ZipEntry._fields)) for entry in archive.infolist()]
    except _ZIP_ERRORS as error:
        raise NotAZipError(str(error) or "it is no zip") from error


def plain_contents(file: ZipSource) -> Sequence[ZipEntry] | None:
    """The same in a quarter of the time, which counts where ten thousand packages are read; None where the zip is not
    in the simple form that nearly all packages have: nothing around it, 32 bits, plain names."""
    size = file.seek(0, io.SEEK_END)
    if size < _END.size:
        return None
    file.seek(size - _END.size)
    signature, disk, first_disk, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if signature != _END_SIGNATURE or disk or first_disk or comment or start + length + _END.size != size:
        return None
    file.seek(start)
    table = file.read(length)
    if _LOCATOR_64 in table:
        return None
    found: list[ZipEntry] = []
    at = 0
    while at + _ENTRY.size <= length:
        signature, needed, flags, method, packed, unpacked, name_size, more, also, offset = _ENTRY.unpack_from(
            table, at
        )
        at += _ENTRY.size + name_size
        name = table[at - name_size : at]
        if signature != _ENTRY_SIGNATURE or more or also or needed > _NEWEST:
            return None
        if _IN_64_BITS in (packed, unpacked, offset) or not name.isascii() or b"\0" in name:
            return None
        found.append(ZipEntry(name.decode("ascii"), flags, method, unpacked, offset))
    return found if at == length and here == count == len(found) else None
