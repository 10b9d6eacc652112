"""The members of a tar, read forwards once, in little memory whatever it says.

For archives of unknown origin. `tarfile` keeps every header, and reads what a header calls a name or a map of holes
into memory, however long; it also takes ten times as long, which counts where ten thousand packages are read.
Formats: POSIX ustar and pax, GNU.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from zlib import adler32

_BLOCK = 512
_HALF = 256
_MAX_HEADER = 64 << 10
"""No name is longer, nor the pax header that it is in."""
_SKIPPED_AT_ONCE = 256 << 10
_REGULAR = frozenset(b"0\x007")
_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK, _GNU_SPARSE = b"xgLKS"
_BINARY_SIZE = 0x80


class Stream(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""


class TarError(Exception):
    """This is no tar, or one beyond the limits; the text says why."""


@dataclass(frozen=True)
class Member:
    """A member: `size` in bytes."""

    name: str
    size: int
    regular: bool


class TarMembers:
    """Iterates over the members; `content()` is that of the one that was given last."""

    def __init__(self, stream: Stream, *, max_bytes: int, max_members: int) -> None:
        """More than `max_bytes` bytes or `max_members` members are an error."""
        self._stream = stream
        self._left = max_bytes
        self._members_left = max_members
        self._unread = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        """Raises TarError, and what the stream raises."""
        name: str | None = None
        size: int | None = None
        while True:
            self._skip(self._unread + self._padding)
            self._unread = self._padding = 0
            header = self._read(_BLOCK)
            # The end is two blocks of zeros; some writers leave them out.
            if not header.strip(b"\0"):
                return
            if len(header) < _BLOCK:
                raise TarError("it ends too early")
            self._members_left -= 1
            if self._members_left < 0:
                raise TarError("it has too many members")
            _check(header)
            own_size = _number(header[124:136])
            kind = header[156]
            if kind in (_PAX, _PAX_GLOBAL, _GNU_NAME, _GNU_LINK):
                self._expect(own_size)
                data = self.content(_MAX_HEADER)
                if kind == _GNU_NAME:
                    name = _text(data)
                elif kind == _PAX:
                    pax = dict(_pax_records(data))
                    name = pax.get("path", name)
                    size = _decimal(pax["size"]) if "size" in pax else size
                continue
            if kind == _GNU_SPARSE:
                raise TarError("it has a file with holes")
            self._expect(own_size if size is None else size)
            yield Member(_name(header) if name is None else name, self._unread, kind in _REGULAR)
            name = size = None

    def content(self, limit: int) -> bytes:
        """The bytes of the member. Raises TarError where there are more than `limit`."""
        size = self._unread
        if size > limit:
            raise TarError(f"a member of it is larger than {limit:,} bytes")
        data = self._read(size)
        if len(data) < size:
            raise TarError("it ends too early")
        self._unread = 0
        return data

    def _expect(self, size: int) -> None:
        self._unread = size
        self._padding = -size % _BLOCK

    def _read(self, size: int) -> bytes:
        """So many bytes, fewer at the end."""
        self._left -= size
        if self._left < 0:
            raise TarError("it is too large")
        data = self._stream.read(size)
        if len(data) == size or not data:
            return data
        parts = [data]
        missing = size - len(data)
        while missing and (data := self._stream.read(missing)):
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _skip(self, size: int) -> None:
        if size > self._left:
            raise TarError("it is too large")
        while size:
            step = min(size, _SKIPPED_AT_ONCE)
            if len(self._read(step)) < step:
                raise TarError("it ends too early")
            size -= step


def _check(header: bytes) -> None:
    # The sum of all bytes, its own eight taken for spaces.
    total = _sum(header[:_HALF]) + _sum(header[_HALF:]) - sum(header[148:156]) + 8 * 0x20
    if total != _number(header[148:156]):
        raise TarError("a header of it has another checksum than it says")


def _sum(data: bytes) -> int:
    """The sum of at most `_HALF` bytes: an Adler-32 has it modulo 65,521, and takes a tenth of the time."""
    return (adler32(data) & 0xFFFF) - 1


def _number(field: bytes) -> int:
    if field[0] & _BINARY_SIZE:
        if field[0] != _BINARY_SIZE:
            raise TarError("a number in it is negative")
        return int.from_bytes(field[1:], "big")
    text = field.split(b"\0", 1)[0].strip()
    if not text:
        return 0
    if text.strip(b"01234567"):
        raise TarError("a number in it is none")
    return int(text, 8)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise TarError("a number in it is none")
    return int(text)


def _name(header: bytes) -> str:
    name = _text(header[:100])
    # POSIX says "ustar\0" and has the first part of a long name; GNU says "ustar  ", and has times in that place.
    if header[257:263] == b"ustar\0" and (prefix := _text(header[345:500])):
        return f"{prefix}/{name}"
    return name


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    """`<length> <key>=<value>\\n`, one after the other; the length is that of all of it."""
    at = 0
    while at < len(data) and data[at]:
        digits, space, _ = data[at : at + 8].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        key, equals, value = data[at + len(digits) + 1 : at + length - 1].partition(b"=")
        if not equals or data[at + length - 1 : at + length] != b"\n":
            raise TarError("a header of it is not valid")
        yield _text(key), _text(value)
        at += length
