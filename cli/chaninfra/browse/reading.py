"""Reads objects of the channel in threads, a few at once, since each may be large and the store slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from chaninfra.channel.errors import CredentialsError, UnreachableError
from chaninfra.channel.objects import ObjectMeta, ObjectStore, StoredObject

T = TypeVar("T")
_AT_ONCE = 8
"""So many objects are read at once: as many shards of the largest size take half a GB. A browser asks for six."""
_LONGEST_S = 120.0
"""Longest time in seconds that a request waits for an object."""
_AGAIN_S = 30.0
"""After so many seconds the credentials may be looked for again."""


class Reading:
    """`open_store` opens the store of the channel, also again: credentials expire."""

    def __init__(self, open_store: Callable[[], ObjectStore]) -> None:
        """Raises what `open_store` does."""
        self._open_store = open_store
        self._store = open_store()
        self._opened = time.monotonic()
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reading")

    async def get(self, key: str, most: int) -> StoredObject | None:
        """As ObjectStore. Raises UnreachableError where it takes too long."""
        return await self._in_thread(lambda store: store.get(key, most))

    async def head(self, key: str) -> ObjectMeta | None:
        """As ObjectStore, and `get`."""
        return await self._in_thread(lambda store: store.head(key))

    async def _in_thread(self, call: Callable[[ObjectStore], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_LONGEST_S):
                return await loop.run_in_executor(self._threads, self._call, call)
        except TimeoutError:
            raise UnreachableError(
                f"the store did not answer within {_LONGEST_S:.0f} s", remedy="reload the page to try again"
            ) from None

    def _call(self, call: Callable[[ObjectStore], T]) -> T:
        store = self._store
        try:
            return call(store)
        except CredentialsError:
            if (other := self._newer_than(store)) is store:
                raise
            return call(other)

    def _newer_than(self, store: ObjectStore) -> ObjectStore:
        """A store that was opened after this one; this one, where it was opened just now."""
        with self._opening:
            if self._store is store and time.monotonic() - self._opened > _AGAIN_S:
                self._opened = time.monotonic()
                self._store = self._open_store()
            return self._store
