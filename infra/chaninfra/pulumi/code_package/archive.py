"""Writes a zip file whose bytes depend on its content alone.

Nothing is compressed here, since each version of zlib does that in its own way: what comes from a wheel, which has a
hash, is taken over as it is compressed there, and the rest is stored. Times, modes and order are always the same.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_VERSION = 20
_UNIX = 3
_UTF_8 = 0x800
_DATE = (1 << 5) | 1
"""1980-01-01, the first day that the format has."""
_MODE = 0o100644
"""A file that everybody may read, as Lambda wants it."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of a zip: `data` as it lies there, compressed by `method`; `size` and `crc` are those of its content."""

    name: str
    data: bytes
    method: int
    size: int
    crc: int


def stored(name: str, data: bytes) -> Entry:
    """A file that is not compressed."""
    return Entry(name=name, data=data, method=ZIP_STORED, size=len(data), crc=zlib.crc32(data))


def entries(path: Path) -> Iterator[Entry]:
    """The files of a zip, compressed as they are there."""
    with path.open("rb") as file, ZipFile(file) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                file.seek(info.header_offset)
                header = file.read(30)
                file.seek(sum(struct.unpack("<HH", header[26:30])), 1)
                yield _entry(info, file.read(info.compress_size))


def _entry(info: ZipInfo, data: bytes) -> Entry:
    return Entry(name=info.filename, data=data, method=info.compress_type, size=info.file_size, crc=info.CRC)


def write_archive(path: Path, content: Iterable[Entry]) -> None:
    """Write the zip file. Raises ValueError where two files have the same name."""
    directory, offset, last = [], 0, ""
    with path.open("wb") as file:
        for entry in sorted(content, key=lambda entry: entry.name):
            if entry.name == last:
                raise ValueError(f"two files are named {last}")
            last = entry.name
            name = entry.name.encode()
            facts = (entry.method, 0, _DATE, entry.crc, len(entry.data), entry.size, len(name), 0)
            flags = 0 if entry.name.isascii() else _UTF_8
            file.write(struct.pack("<4s3H2H3I2H", b"PK\3\4", _VERSION, flags, *facts) + name)
            file.write(entry.data)
            made = struct.pack("<4s4H2H3I2H", b"PK\1\2", _UNIX << 8 | _VERSION, _VERSION, flags, *facts)
            directory.append(made + struct.pack("<3H2I", 0, 0, 0, _MODE << 16, offset) + name)
            offset = file.tell()
        size = file.write(b"".join(directory))
        number = len(directory)
        file.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, number, number, size, offset, 0))
