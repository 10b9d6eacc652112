"""Pictures of screens in PNG (https://www.w3.org/TR/png-3/), made small: of at most 256 colours, since they lie in the
repository.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256
_CHANNELS = {2: 3, 6: 4}
"""Colour type → bytes of a pixel: RGB, and RGB with alpha. Pictures of screens are of these."""


def size(png: bytes) -> tuple[int, int]:
    """Its width and height."""
    assert png.startswith(_SIGNATURE)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def with_palette(png: bytes) -> bytes:
    """The picture with its most frequent colours; a pixel of another colour gets the nearest of them."""
    width, height = size(png)
    rows = [*_rows(png)]
    pixels = Counter(row[at : at + 3] for row in rows for at in range(0, 3 * width, 3))
    palette = [colour for colour, _ in pixels.most_common(_COLOURS)]
    places = {colour: bytes([place]) for place, colour in enumerate(palette)}
    for colour in pixels:
        if colour not in places:
            places[colour] = bytes([min(range(len(palette)), key=lambda each: _distance(palette[each], colour))])
    data = b"".join(b"\0" + b"".join(places[row[at : at + 3]] for at in range(0, 3 * width, 3)) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _rows(png: bytes) -> Iterator[bytes]:
    """The rows, three bytes a pixel."""
    width, height = size(png)
    assert png[24] == 8, "bits of a channel"
    channels = _CHANNELS[png[25]]
    data = zlib.decompress(b"".join(_data(png)))
    length = width * channels
    before = bytearray(length)
    for start in range(0, height * (length + 1), length + 1):
        row = _unfiltered(data[start], bytearray(data[start + 1 : start + 1 + length]), before, channels)
        yield bytes(row) if channels == 3 else bytes(byte for at, byte in enumerate(row) if at % 4 != 3)
        before = row


def _data(png: bytes) -> Iterator[bytes]:
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            yield png[at + 8 : at + 8 + length]
        at += 12 + length


def _unfiltered(kind: int, row: bytearray, above: bytearray, step: int) -> bytearray:
    for at in range(len(row)):
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        if kind == 1:
            row[at] = row[at] + left & 255
        elif kind == 2:
            row[at] = row[at] + above[at] & 255
        elif kind == 3:
            row[at] = row[at] + (left + above[at]) // 2 & 255
        elif kind == 4:
            row[at] = row[at] + _paeth(left, above[at], corner) & 255
    return row


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))
