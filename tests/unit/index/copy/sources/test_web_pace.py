"""How fast servers are asked."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chaninfra.index.copy.sources.web_origin import Origin
from chaninfra.index.copy.sources.web_pace import Pace, retry_after

NOW = 1_795_000_000.0
HERE, THERE = Origin("https", "a.example", 443), Origin("https", "b.example", 443)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("9" * 400, 9_999_999_999),
        ("Wed, 18 Nov 2026 11:06:50 GMT", 10),
        ("Wed, 18 Nov 2026 11:06:50", 10),
        ("Wed, 18 Nov 2026 11:06:30 GMT", 0),
        ("-5", None),
        ("1.5", None),
        ("\u0663", None),
        ("soon", None),
        ("Wed, 99 Nov 2026 99:99:99 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_a_server_asks_to_wait(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def test_a_rate_holds_for_all_threads_together() -> None:
    pace = Pace(100_000, 4)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(pace.took, [5_000] * 8))
    assert 0.39 <= time.monotonic() - began < 2
    assert (pace.piece(1 << 20), Pace(5, 1).piece(1 << 20), Pace(None, 1).piece(1 << 20)) == (10_000, 1, 1 << 20)
    began = time.monotonic()
    Pace(None, 1).took(1 << 40)
    assert time.monotonic() - began < 0.1


def test_only_so_many_have_a_slot_at_once() -> None:
    pace = Pace(None, 2)
    lock, now, most = threading.Lock(), 0, 0

    def use(_: int) -> None:
        nonlocal now, most
        with pace.slot():
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.02)
            with lock:
                now -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert most == 2


def test_a_thread_does_not_wait_for_itself() -> None:
    pace = Pace(None, 1)
    with pace.slot(), pace.slot():
        pass
    with pace.slot():
        pass


def test_a_server_is_not_asked_before_its_time_and_others_are() -> None:
    pace = Pace(None, 1)
    pace.hold(HERE, 0.2)
    pace.hold(HERE, 0.1)
    began = time.monotonic()
    pace.wait(THERE)
    assert time.monotonic() - began < 0.1
    pace.wait(HERE)
    assert time.monotonic() - began >= 0.19
