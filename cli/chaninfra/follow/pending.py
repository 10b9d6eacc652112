"""The keys that wait to be followed. A key that waits already is not taken again, so that a burst of events of one
object costs one look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MOST = 20_000
"""Most keys, and most receipts, that wait. If more come, a listing finds them."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Keys to follow at once: key → when it was first named, by the monotonic clock."""

    keys: dict[str, float] = field(default_factory=dict)
    number: int = 0
    """How many batches were taken before and with this one."""


@dataclass(kw_only=True)
class _Receipt:
    """What is called when these keys are in line, by batches that were taken after it came."""

    call: Callable[[], None]
    keys: set[str]
    after: int


class Pending:
    """Keys that wait, for several threads."""

    def __init__(self) -> None:
        self._keys: dict[str, float] = {}
        self._receipts: list[_Receipt] = []
        self._taken = 0
        self._changed = threading.Condition()
        self._overflowed = False
        self._stopping = False

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def since(self) -> float:
        """When the key was named that has waited longest, by the monotonic clock; now, if none waits."""
        with self._changed:
            return next(iter(self._keys.values()), time.monotonic())

    def add(self, keys: Iterable[str], receipt: Callable[[], None] | None = None) -> bool:
        """Add keys. Returns False, and takes none, where too many wait: see `overflowed`."""
        now = time.monotonic()
        named = dict.fromkeys(keys)
        with self._changed:
            many = receipt is not None and len(self._receipts) >= MOST
            if many or len(self._keys) + sum(key not in self._keys for key in named) > MOST:
                self._overflowed = True
                self._changed.notify_all()
                return False
            for key in named:
                # One that waits already keeps its place.
                self._keys.setdefault(key, now)
            if receipt is not None:
                self._receipts.append(_Receipt(call=receipt, keys={*named}, after=self._taken))
            self._changed.notify_all()
        return True

    def put_back(self, batch: Batch) -> None:
        """Add the keys of a batch that failed, as old as they are."""
        with self._changed:
            self._keys = {**batch.keys, **self._keys}

    def take(self, most: int) -> Batch:
        """The keys that have waited longest, at most so many."""
        with self._changed:
            taken = dict([*self._keys.items()][:most])
            for key in taken:
                del self._keys[key]
            self._taken += 1
            return Batch(keys=taken, number=self._taken)

    def done(self, batch: Batch, again: Iterable[str] = ()) -> list[Callable[[], None]]:
        """The receipts of which the last key is in line now; `again`: keys of the batch that are not yet."""
        followed = batch.keys.keys() - {*again}
        with self._changed:
            for receipt in self._receipts:
                if receipt.after < batch.number:
                    receipt.keys -= followed
            ready = [receipt.call for receipt in self._receipts if not receipt.keys]
            self._receipts = [receipt for receipt in self._receipts if receipt.keys]
        return ready

    def overflow(self) -> None:
        """Take it that keys were refused."""
        with self._changed:
            self._overflowed = True
            self._changed.notify_all()

    def overflowed(self) -> bool:
        """Whether keys were refused since the last call."""
        with self._changed:
            before, self._overflowed = self._overflowed, False
            return before

    def stop(self) -> None:
        """Wake who waits, now and later."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def pause(self, seconds: float) -> None:
        """Wait some seconds, or until `stop` is called: however many keys come meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping, max(0.0, seconds))

    def wait(self, seconds: float, number: int = 1) -> None:
        """Wait until so many keys are there, keys were refused, or `stop` is called; for some seconds at most."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._overflowed or len(self._keys) >= number, max(0.0, seconds)
            )
