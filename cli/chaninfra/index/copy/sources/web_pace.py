"""How fast servers are asked: so many bytes a second, so many requests at once, and not before the time they named."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import BoundedSemaphore, Lock, get_ident

from chaninfra.index.copy.sources.web_origin import Origin

_PIECES_A_SECOND = 10
"""A limited rate is kept over pieces of a tenth of a second."""


class Pace:
    """For all threads that read a source."""

    def __init__(self, rate: int | None, at_once: int) -> None:
        """`rate` in bytes a second; None: as fast as it goes."""
        self._rate = rate
        self._slots = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._free_at = 0.0
        self._held_until: dict[Origin, float] = {}
        self._holders: Counter[int] = Counter()

    def piece(self, most: int) -> int:
        """How many bytes to read at once, at most `most`."""
        return most if self._rate is None else max(1, min(most, self._rate // _PIECES_A_SECOND))

    def took(self, size: int) -> None:
        """Wait until the time that so many bytes may take is over."""
        if self._rate is None:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._rate
            wait = self._free_at - now
        time.sleep(wait)

    def hold(self, origin: Origin, seconds: float) -> bool:
        """Ask nothing more of this server for so long; whether it was not being held already."""
        now = time.monotonic()
        with self._lock:
            before = self._held_until.get(origin, 0.0)
            self._held_until[origin] = max(before, now + seconds)
        return before <= now

    def wait(self, origin: Origin) -> None:
        """Wait until the server may be asked."""
        while True:
            with self._lock:
                left = self._held_until.get(origin, 0.0) - time.monotonic()
            if left <= 0:
                return
            time.sleep(left)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """One of the requests at once. A thread that has one gets a second one at any time, else it would wait for
        itself.
        """
        thread = get_ident()
        with self._lock:
            is_first = not self._holders[thread]
            self._holders[thread] += 1
        if is_first:
            self._slots.acquire()
        try:
            yield
        finally:
            # Perhaps in another thread: whoever reads a body may hand it on.
            with self._lock:
                self._holders[thread] -= 1
            if is_first:
                self._slots.release()


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a header Retry-After asks to wait (RFC 9110); None: it says nothing that can be understood.

    `now` is the time in seconds since 1970.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
