"""A package that came as a stream, as a file that can be read anywhere, without holding it in memory or on disk.

The table of contents of a `.conda` is at its end, so what it says of the beginning is only known when that has gone by.
What came first and last is kept, which is all that is needed of most packages; the rest is asked for once more.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable

FIRST = 64 << 10
"""So many bytes of the beginning are kept: `metadata.json` comes first."""
LAST = 4 << 20
"""So many bytes of the end are kept: the metadata come last, then the table of contents."""
_BLOCK = 1 << 20
"""So many bytes are asked for at a time."""

Again = Callable[[int, int], bytes]
"""The bytes from `start` on, `length` of them or up to the end."""


class Reread:
    """The file: first `take` its chunks in order, then read."""

    def __init__(self, again: Again) -> None:
        self._again = again
        self._first = b""
        self._chunks: deque[bytes] = deque()
        self._kept = 0
        self._last = b""
        self._size = 0
        self._at = 0
        self._block = (0, b"")

    def take(self, chunk: bytes) -> None:
        """The next bytes have come."""
        self._size += len(chunk)
        if len(self._first) < FIRST:
            self._first += chunk[: FIRST - len(self._first)]
        self._chunks.append(chunk[-LAST:])
        self._kept += len(self._chunks[-1])
        while self._kept - len(self._chunks[0]) >= LAST:
            self._kept -= len(self._chunks.popleft())

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See io. Raises ValueError for a place before the beginning."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError(f"negative seek value {at}")
        self._at = at
        return at

    def tell(self) -> int:
        """See io."""
        return self._at

    def seekable(self) -> bool:
        """See io."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """See io. Raises what `again` does."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        found = []
        while self._at < end:
            start, data = self._around(self._at)
            part = data[self._at - start : end - start]
            if not part:
                # It is shorter than it was.
                break
            found.append(part)
            self._at += len(part)
        return b"".join(found)

    def _around(self, at: int) -> tuple[int, bytes]:
        """Some bytes that have this place, and where they start."""
        if self._chunks:
            self._last = b"".join(self._chunks)[-LAST:]
            self._chunks.clear()
        if at >= self._size - len(self._last):
            return self._size - len(self._last), self._last
        if at < len(self._first):
            return 0, self._first
        start, block = self._block
        if not start <= at < start + len(block):
            start = at - at % _BLOCK
            self._block = start, self._again(start, min(_BLOCK, self._size - start))
        return self._block
