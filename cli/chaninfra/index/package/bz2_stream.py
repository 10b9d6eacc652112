"""The bytes of a `.tar.bz2`: decompressed while they are read, and its streams counted."""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterable, Iterator

from chaninfra.index.package.broken import broken
from chaninfra.index.package.tar import Stream

_BZ2_STREAM = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
"""How a bzip2 stream begins: its header, and that of its first block or of its end."""
_BZ2_HEADER = 10
"""So many bytes of it."""


class CountingStreams:
    """Iterates over the chunks of a bzip2 file once, and counts the streams in those that were taken so far."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.streams = 0

    def __iter__(self) -> Iterator[bytes]:
        end = b""
        for chunk in self._chunks:
            # One may begin in the chunk before.
            self.streams += len(_BZ2_STREAM.findall(end + chunk[: _BZ2_HEADER - 1]))
            self.streams += len(_BZ2_STREAM.findall(chunk))
            end = (end + chunk[1 - _BZ2_HEADER :])[1 - _BZ2_HEADER :]
            yield chunk


class Limited:
    """A stream that ends after `left` bytes, once that is set."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.left: int | None = None

    def read(self, size: int, /) -> bytes:
        """See Stream."""
        if self.left is None:
            return self._stream.read(size)
        data = self._stream.read(min(size, self.left))
        self.left -= len(data)
        return data


class Bz2Stream:
    """The decompressed bytes."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._decompressor = bz2.BZ2Decompressor()
        self._input = b""
        self._first: bytes | None = None

    def read(self, size: int, /) -> bytes:
        """See Stream. Raises BrokenFileError, and what the source raises."""
        while size:
            if self._decompressor.eof:
                # A bz2 file may consist of several streams.
                self._input = self._decompressor.unused_data or next(self._source, b"")
                if not self._input:
                    return b""
                self._decompressor = bz2.BZ2Decompressor()
            elif self._decompressor.needs_input and not self._input:
                self._input = next(self._source, b"")
                if not self._input:
                    raise broken(self._first or b"", ".tar.bz2", at_end=True, why="it ends too early")
            if self._first is None:
                self._first = self._input
            try:
                data = self._decompressor.decompress(self._input, size)
            except OSError as error:
                raise broken(self._first, ".tar.bz2", at_end=False, why=str(error)) from error
            self._input = b""
            if data:
                return data
        return b""
