"""Bounds what the packages that are on their way take of the memory."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Lock

_M_ARENA_MAX = -8
"""Of glibc's malloc.h."""


class Memory:
    """So many bytes, which threads share; each waits for its turn."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._changed = Condition()
        # Who waits lets nobody pass: small ones would keep a large one waiting for ever.
        self._turn = Lock()

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """Within, this many bytes are taken, at most all."""
        size = min(size, self._size)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            with self._changed:
                self._free += size
                self._changed.notify_all()


def share_what_is_freed() -> None:
    """Let the threads that begin from now on take from one heap. glibc gives each its own, and keeps there what it has
    freed: of eight that one after the other had a large package, that would be a quarter of a gigabyte.
    """
    # Other C libraries have no such call.
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
