"""The keys that wait."""

from __future__ import annotations

import threading
import time

from chaninfra.follow.pending import MOST, Batch, Pending


def test_a_key_waits_once_and_the_oldest_come_first() -> None:
    pending = Pending()
    assert pending.add(["b", "a"])
    assert pending.add(["a", "c"])
    assert [*pending.take(2).keys] == ["b", "a"]
    assert [*pending.take(2).keys] == ["c"]
    assert len(pending) == 0


def receipts(pending: Pending, batch: Batch, *again: str) -> str:
    """What is called when the batch is done, in order."""
    called: list[str] = []
    for receipt in pending.done(batch, again):
        called.append(str(receipt()))
    return " ".join(called)


def test_a_receipt_comes_with_its_last_key() -> None:
    pending = Pending()
    pending.add(["a", "b"], lambda: "ab")
    pending.add(["c"], lambda: "c")
    first, second = pending.take(1), pending.take(1)
    assert receipts(pending, first) == ""
    assert receipts(pending, second) == "ab"
    assert receipts(pending, pending.take(1)) == "c"


def test_what_failed_comes_again_with_its_receipt() -> None:
    pending = Pending()
    pending.add(["a", "b"], lambda: "ab")
    failed = pending.take(5)
    pending.put_back(failed)
    pending.add(["c"], lambda: "c")
    again = pending.take(5)
    assert [*again.keys] == ["a", "b", "c"]
    assert again.keys["b"] == failed.keys["b"]
    assert receipts(pending, again, "b") == "c"
    pending.add(["b"])
    assert receipts(pending, pending.take(5)) == "ab"


def test_a_receipt_that_came_while_its_key_was_followed_comes_with_the_next_look() -> None:
    pending = Pending()
    pending.add(["a"], lambda: "first")
    batch = pending.take(5)
    pending.add(["a"], lambda: "second")
    assert receipts(pending, batch) == "first"
    assert receipts(pending, pending.take(5)) == "second"


def test_receipts_that_are_too_many_are_refused() -> None:
    """A queue delivers a message again and again while the store cannot be used."""
    pending = Pending()
    for _ in range(MOST):
        assert pending.add(["a"], lambda: None)
    assert not pending.add(["a"], lambda: None)
    assert len(pending) == 1
    # A name without a receipt, as of a webhook, is taken.
    assert pending.add(["b"])


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
