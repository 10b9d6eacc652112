"""A package on its way from one thread, which reads it, to another, which uploads it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition, Thread
from types import TracebackType
from typing import Literal, Self

from chaninfra.channel.errors import ChaninfraError, StorageError

_AT_ONCE = 1
"""So many chunks wait to be uploaded."""


class StoppedUploadError(Exception):
    """Nobody reads what is put any more."""


class Pipe:
    """A stream for `large_upload.put_large`. One thread puts chunks and then ends it, or fails; another one reads."""

    def __init__(self) -> None:
        self.error: ChaninfraError | None = None
        """Why the stream ends before its end; who reads on gets it."""
        self._changed = Condition()
        self._chunks: deque[bytes | memoryview] = deque()
        self._ended = False
        self._stopped = False

    def put(self, chunk: bytes) -> None:
        """The next bytes; waits while enough are there. Raises StoppedUploadError."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._chunks) < _AT_ONCE)
            if self._stopped:
                raise StoppedUploadError
            self._chunks.append(chunk)
            self._changed.notify_all()

    def end(self, error: ChaninfraError | None = None) -> None:
        """There are no more bytes; `error`: and those that were there must not be uploaded."""
        with self._changed:
            self.error = error
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Nobody reads any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def seekable(self) -> bool:
        """See io."""
        return False

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes, less only at the end: boto3 makes a part of what it gets. Raises `error`."""
        found: list[bytes | memoryview] = []
        missing = size
        while missing:
            chunk = self._next(missing)
            if not chunk:
                break
            found.append(chunk)
            missing -= len(chunk)
        if len(found) == 1 and isinstance(found[0], bytes):
            # Without a copy, as there may be little memory.
            return found[0]
        return b"".join(found)

    def _next(self, most: int) -> bytes | memoryview:
        """Some of the next bytes; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._chunks)
            if self.error is not None:
                raise self.error
            if not self._chunks:
                return b""
            chunk = self._chunks.popleft()
            if len(chunk) > most:
                self._chunks.appendleft(memoryview(chunk)[most:])
                return memoryview(chunk)[:most]
            self._changed.notify_all()
            return chunk


class Uploading:
    """An upload in another thread, a context manager: what is not finished is stopped at its end."""

    def __init__(self, upload: Callable[[Pipe], str]) -> None:
        """`upload` reads the pipe, and returns an ETag."""
        self.pipe = Pipe()
        self._upload = upload
        self._etag = ""
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._etag = self._upload(self.pipe)
        except BaseException as error:
            self._error = error
        finally:
            self.pipe.stop()

    def finish(self, last: bytes) -> str:
        """Put the last bytes, and return the ETag. Raises what the upload did."""
        self.pipe.put(last)
        self.pipe.end()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._etag

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        if error is not None:
            self.pipe.end(error if isinstance(error, ChaninfraError) else StorageError("the upload was stopped"))
            self._thread.join()
            if isinstance(error, StoppedUploadError) and self._error is not None:
                raise self._error
        return False
