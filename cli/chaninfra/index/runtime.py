"""What the index engine takes from the world beside the store: threads, time and chance."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")

_AT_ONCE = 32
_LONGEST_PAUSE = 2.0


class Runtime(Protocol):
    """What a test puts another in place of."""

    def go(self, call: Callable[[], T], /) -> Callable[[], T]:
        """Start the call beside others; what comes back waits for it, and returns or raises what it did."""

    def fresh(self) -> str:
        """A revision that nobody had before."""

    def now(self) -> int:
        """Milliseconds since 1970."""

    def pause(self, attempt: int) -> None:
        """Let other writers go first, longer from attempt to attempt."""


class Threads:
    """The means of a process: a pool of threads, the clock, and the system's randomness."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._pool = ThreadPoolExecutor(at_once)

    def go(self, call: Callable[[], T], /) -> Callable[[], T]:
        """See Means. Not to be called from within such a call: all threads could wait for one that is not free."""
        return self._pool.submit(call).result

    def fresh(self) -> str:
        """See Means."""
        return os.urandom(10).hex()

    def now(self) -> int:
        """See Means."""
        return time.time_ns() // 1_000_000

    def pause(self, attempt: int) -> None:
        """See Means."""
        # Chance keeps writers who lost together from meeting again.
        time.sleep(random.uniform(0, min(_LONGEST_PAUSE, 0.05 * 2**attempt)))  # noqa: S311 (no secret hangs on it)


def run_all(means: Runtime, calls: Iterable[Callable[[], T]]) -> list[T]:
    """What all the calls return, made beside each other. Once all have ended, raises what the first to fail raised."""
    started = [means.go(call) for call in calls]
    failed: BaseException | None = None
    done: list[T] = []
    for result in started:
        try:
            done.append(result())
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return done
