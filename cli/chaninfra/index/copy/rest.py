"""What is read once more of a file that comes from front to back alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator


class Rest:
    """Cuts pieces out of the file. Those that follow each other take one passage, and one that is further in front
    begins another: for each of them alone it would be read from its start, which takes the square of the time.
    """

    def __init__(self, chunks: Callable[[], Iterator[bytes]]) -> None:
        """`chunks` begins a passage."""
        self._begin = chunks
        self._chunks: Iterator[bytes] = iter(())
        self._chunk, self._start = b"", 0
        """The chunk that came last, and where it starts."""
        self._has_begun = False

    def cut(self, start: int, length: int) -> bytes:
        """So many bytes from `start` on, or up to the end. Raises what the chunks do."""
        if not self._has_begun or start < self._start:
            self.close()
            self._has_begun = True
            self._chunks, self._chunk, self._start = self._begin(), b"", 0
        found = bytearray(self._piece(start, length))
        while self._start + len(self._chunk) < start + length and (chunk := next(self._chunks, b"")):
            self._start += len(self._chunk)
            self._chunk = chunk
            found += self._piece(start, length)
        return bytes(found)

    def close(self) -> None:
        """End the passage, and the connection that it has."""
        end = getattr(self._chunks, "close", None)
        if end is not None:
            end()

    def _piece(self, start: int, length: int) -> bytes:
        """What the chunk has of these bytes."""
        return self._chunk[max(0, start - self._start) : max(0, start + length - self._start)]
