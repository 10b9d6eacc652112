"""Runtime services of the index engine besides the store: thread pool, clock, random ids, back-off."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")

ATTEMPTS = 100
"""Attempts before a writer gives up. An attempt is lost only when another writer's PUT succeeds."""

_THREADS = 32
_LONGEST_PAUSE_S = 2.0
_WAITS = 8


class Runtime(Protocol):
    """A Protocol, so that tests inject a deterministic runtime."""

    waits: int
    """How many times a writer pauses for another one to write a small file that both need, before it does so itself."""

    def submit(self, call: Callable[[], T], /) -> Callable[[], T]:
        """Start the call in the background. The function that is returned waits for it, and returns or raises what it
        did.
        """

    def new_revision(self) -> str:
        """A random id that was never used before."""

    def now_ms(self) -> int:
        """The time in ms since 1970."""

    def pause(self, attempt: int) -> None:
        """Wait after a lost attempt (numbered from 0), longer from attempt to attempt, so that other writers finish."""


class Threads:
    """The runtime of a process: a thread pool, the system's clock and randomness."""

    waits = _WAITS

    def __init__(self, threads: int = _THREADS) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(threads)

    def submit(self, call: Callable[[], T], /) -> Callable[[], T]:
        """See Runtime. A submitted call must not submit others: all threads could end up waiting for a free thread."""
        return self._pool.submit(call).result

    def new_revision(self) -> str:
        """See Runtime: 20 hex digits."""
        return os.urandom(10).hex()

    def now_ms(self) -> int:
        """See Runtime."""
        return time.time_ns() // 1_000_000

    def pause(self, attempt: int) -> None:
        """See Runtime."""
        # Random, so that writers who lost at the same time do not try again at the same time.
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.05 * 2**attempt)))  # noqa: S311 (not used for security)


def run_all(runtime: Runtime, calls: Iterable[Callable[[], T]]) -> list[T]:
    """Run the calls concurrently and return their results in order. Waits for all; then raises the first error."""
    started = [runtime.submit(call) for call in calls]
    first_error: BaseException | None = None
    results: list[T] = []
    for result in started:
        try:
            results.append(result())
        except Exception as error:
            first_error = first_error or error
    if first_error is not None:
        raise first_error
    return results
