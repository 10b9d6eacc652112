"""The keys that wait."""

from __future__ import annotations

import threading
import time

from chaninfra.follow.pending import MOST, Pending


def test_a_key_waits_once_and_the_oldest_come_first() -> None:
    pending = Pending()
    assert pending.add(["b", "a"])
    assert pending.add(["a", "c"])
    assert [*pending.take(2).keys] == ["b", "a"]
    assert [*pending.take(2).keys] == ["c"]
    assert len(pending) == 0


def test_receipts_come_with_the_last_key() -> None:
    pending = Pending()
    called: list[str] = []
    pending.add(["a", "b"], lambda: called.append("1"))
    assert pending.take(1).receipts == ()
    batch = pending.take(1)
    assert len(batch.receipts) == 1
    # What failed comes again, with its receipt.
    pending.put_back(batch)
    pending.add(["c"], lambda: called.append("2"))
    again = pending.take(5)
    assert [*again.keys] == ["b", "c"]
    assert again.keys["b"] == batch.keys["b"]
    for receipt in again.receipts:
        receipt()
    assert called == ["1", "2"]


def test_too_many_keys_are_refused_and_told() -> None:
    pending = Pending()
    assert pending.add(map(str, range(MOST)))
    assert pending.add(["1", "2"])
    assert not pending.overflowed()
    assert not pending.add(["new"])
    assert len(pending) == MOST
    assert pending.overflowed()
    assert not pending.overflowed()


def test_waiting_ends_with_a_key_or_a_stop() -> None:
    pending = Pending()
    for wakes in (lambda: pending.add(["a"]), pending.stop):
        start = time.monotonic()
        timer = threading.Timer(0.05, wakes)
        timer.start()
        pending.wait(30)
        timer.join()
        assert time.monotonic() - start < 10
        pending.take(1)
    start = time.monotonic()
    other = Pending()
    other.add(["a"])
    other.wait(0.05, number=2)
    assert 0.04 < time.monotonic() - start < 10


def test_a_pause_ends_by_a_stop_alone() -> None:
    pending = Pending()
    pending.add(["a"])
    pending.overflow()
    start = time.monotonic()
    pending.pause(0.05)
    assert time.monotonic() - start > 0.04
    timer = threading.Timer(0.05, pending.stop)
    timer.start()
    pending.pause(30)
    timer.join()
    assert time.monotonic() - start < 10
