"""Bounds what the packages that are on their way take of the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Lock


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
