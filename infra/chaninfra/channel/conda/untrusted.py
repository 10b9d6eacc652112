"""Bounds for documents that anybody with a key for the bucket may have written.

How many bytes of an object are read is said where it is read (`ObjectStore.get`), how many it may have unpacked in
`index_files.decompress`. Here: what a decoder raises for bytes that are no such document, which values chaninfra writes
again, and which texts are names of files.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection

MALFORMED = (ValueError, RecursionError)
"""What the decoders raise: msgspec's errors and UnicodeDecodeError are ValueErrors; RecursionError is for brackets that
are nested too deep."""

_GZIP = b"\x1f\x8b"
"""How what is compressed with gzip begins."""

UNWRITABLE = (*MALFORMED, OverflowError)
"""What the encoders raise for a decoded document; OverflowError is msgpack's for integers of more than 64 bits."""

MAX_NAME_BYTES = 255
"""Longest name of a file that clients can unpack or cache: the limit of the usual file systems."""

_MAX_NESTING = 64
_LEAVES = frozenset({str, float, bytes, bool, type(None)})
_INTEGERS = range(-(1 << 63), 1 << 64)
_NOT_IN_NAMES = re.compile(r"[/\x00-\x1f\x7f]")
_FILE_NAME = re.compile(rf"(?!\.{{1,2}}\Z)[^/\x00-\x1f\x7f]{{1,{MAX_NAME_BYTES}}}")


def is_file_name(name: str) -> bool:
    """Whether the text is the name of one file: not a path, not `..`, and without control characters."""
    return _FILE_NAME.fullmatch(name) is not None and (name.isascii() or len(name.encode()) <= MAX_NAME_BYTES)


def bad_file_name(names: Collection[str]) -> str | None:
    """The first of the names that `is_file_name` refuses; None if there is none. Faster than to ask for each."""
    joined = "".join(names)
    usual = joined.isascii() and not _NOT_IN_NAMES.search(joined)
    if usual and min(map(len, names), default=3) > 2 and max(map(len, names), default=3) <= MAX_NAME_BYTES:
        return None
    return next((name for name in names if not is_file_name(name)), None)


def check_plain(value: object) -> None:
    """Raise ValueError for a decoded document that could not be written again, or not be read by clients: nested more
    than 64 deep (rattler's JSON parser stops at 128), with an integer of more than 64 bits (msgpack has none), or with
    what msgpack has and JSON has not: extension types, and keys that are not text.
    """
    level = [value]
    for _ in range(_MAX_NESTING):
        below: list[object] = []
        for item in level:
            if type(item) in _LEAVES:
                continue
            if isinstance(item, dict):
                if not all(isinstance(key, str) for key in item):
                    raise ValueError("it has a key that is not text")
                below += item.values()
            elif isinstance(item, list | tuple):
                below += item
            elif isinstance(item, int):
                if item not in _INTEGERS:
                    raise ValueError("it has an integer of more than 64 bits")
            else:
                raise ValueError(f"it has a value of the type {type(item).__name__}")
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {_MAX_NESTING} deep")


def check_utf8(data: bytes | bytearray) -> None:
    """Raise ValueError. Values that are not decoded would be written again, and no client could read them."""
    if data.isascii():
        return
    if data.startswith(_GZIP):
        raise ValueError("it is compressed with gzip (Content-Encoding), which is not read here")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), 1 << 20):
            decoder.decode(data[start : start + (1 << 20)])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
