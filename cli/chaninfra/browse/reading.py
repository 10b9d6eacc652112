"""Reads objects of the channel in threads, a few at once, and part by part: they may be large, and the store slow."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from chaninfra.channel.errors import CredentialsError, UnreachableError
from chaninfra.channel.objects import ObjectMeta

T = TypeVar("T")
_AT_ONCE = 8
"""So many objects are read at once; a browser asks for six."""
_LONGEST_S = 25.0
"""Longest time in seconds that a request waits for the store: for its turn and the answer, then for each part. The page
waits a bit longer."""
_AGAIN_S = 30.0
"""After so many seconds the credentials may be looked for again."""


class Store(Protocol):
    """What is needed of a store; see S3Store."""

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""

    def stream(self, key: str, most: int) -> tuple[ObjectMeta, Iterator[bytes]] | None:
        """See S3Store."""


@dataclass(frozen=True)
class Streamed:
    """An object whose bytes are still to come."""

    size: int
    parts: AsyncIterator[bytes]
    """Raises ChaninfraError."""


class Reading:
    """`open_store` opens the store of the channel, also again: credentials expire."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """Raises what `open_store` does."""
        self._open_store = open_store
        self._store = open_store()
        self._opened = time.monotonic()
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="reading")
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A block in which an object is read and passed on. Raises UnreachableError where all others take too long."""
        try:
            async with asyncio.timeout(_LONGEST_S):
                await self._turns.acquire()
        except TimeoutError:
            raise _late() from None
        try:
            yield
        finally:
            self._turns.release()

    async def get(self, key: str, most: int) -> Streamed | None:
        """The object, or None if it does not exist. Raises ChaninfraError, and that before its bytes are read where it
        has more than `most`.
        """
        found = await self._in_thread(lambda: self._call(lambda store: store.stream(key, most)))
        return found and Streamed(found[0].size, self._parts(found[1]))

    async def head(self, key: str) -> ObjectMeta | None:
        """The object without its bytes, or None if it does not exist. Raises ChaninfraError."""
        return await self._in_thread(lambda: self._call(lambda store: store.head(key)))

    async def _parts(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (part := await self._in_thread(lambda: next(parts, None))) is not None:
            yield part

    async def _in_thread(self, call: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(_LONGEST_S):
                return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except TimeoutError:
            raise _late() from None

    def _call(self, call: Callable[[Store], T]) -> T:
        store = self._store
        try:
            return call(store)
        except CredentialsError:
            if (other := self._newer_than(store)) is store:
                raise
            return call(other)

    def _newer_than(self, store: Store) -> Store:
        """A store that was opened after this one; this one, where it was opened just now."""
        with self._opening:
            if self._store is store and time.monotonic() - self._opened > _AGAIN_S:
                self._opened = time.monotonic()
                self._store = self._open_store()
            return self._store


def _late() -> UnreachableError:
    return UnreachableError(
        f"the store did not answer within {_LONGEST_S:.0f} s", remedy="load the page again, or try later"
    )
