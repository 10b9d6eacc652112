"""What is asked of a side is compared run by run with the reference, and by the medians with the baseline."""

from __future__ import annotations

import pytest

from bench.costs import Bar, Cost, Crowd, Measured, Row, Side, Together
from bench.generator import Shape


def _measured(*seconds: float, requests: float = 10, peak: float = 100e6, up: float = 1e6) -> Measured:
    return Measured(tuple(Cost(each, each / 2, requests, up, 1e6, peak) for each in seconds))


def _missed(bar: Bar, ours: Measured, **others: Measured) -> list[str]:
    measured: dict[Side, Measured] = {"each-commit": ours, **others}  # type: ignore[dict-item]
    row = Row("minio", Shape(10, 5), 0, "first index", measured, {"each-commit": bar})
    missed = [asked.text for asked in row.asked("each-commit") if not asked.met]
    assert row.missed == bool(missed)
    return missed


def test_a_part_of_the_reference_must_hold_in_every_run() -> None:
    bar = Bar(reference=1 / 2)
    assert not _missed(bar, _measured(1, 2, 1), reference=_measured(2, 4, 3))
    assert _missed(bar, _measured(1, 2, 1), reference=_measured(2, 3.9, 30))


def test_the_time_of_the_baseline_is_compared_by_the_medians() -> None:
    bar = Bar(baseline=1)
    assert not _missed(bar, _measured(1, 1, 9), baseline=_measured(1, 1, 1))
    assert _missed(bar, _measured(1, 1.1, 9), baseline=_measured(1, 1, 20))


def test_nothing_is_asked_against_a_side_that_was_not_measured() -> None:
    row = Row("minio", Shape(10, 5), 0, "first index", {"never": _measured(1)}, {"never": Bar(reference=1, baseline=1)})
    assert row.asked("never") == []


@pytest.mark.parametrize(
    ("bar", "text"),
    [
        (Bar(requests=9), "≤ 9 requests"),
        (Bar(memory=99e6), "≤ 99 MB of memory"),
        (Bar(traffic=1.9e6), "≤ 2 MB both ways"),
    ],
    ids=["requests", "memory", "traffic"],
)
def test_too_much_in_one_run_is_missed(bar: Bar, text: str) -> None:
    assert _missed(bar, _measured(1, 1)) == [text]
    more = Bar(requests=10, memory=100e6, traffic=2e6)
    assert not _missed(more, _measured(1, 1))


def _together(
    side: Side, published: int, *, way: str = "library", gave_up: tuple[str, ...] = (), reindex: float | None = 1
) -> Together:
    return Together(way, side, 2, published, 10, 5, 1e6, (1.0,) * published, gave_up, reindex)


@pytest.mark.parametrize(
    ("ours", "missed"),
    [
        (_together("each-commit", 50), False),
        (_together("each-commit", 49), True),
        (_together("each-commit", 50, gave_up=("ConflictError",)), True),
        (_together("each-commit", 50, reindex=None), True),
    ],
    ids=["met", "slow", "gave up", "the re-index failed"],
)
def test_writers_are_compared_with_those_of_the_baseline_that_write_in_the_same_way(
    ours: Together, missed: bool
) -> None:
    others = (_together("baseline", 10), _together("baseline", 1000, way="command line"))
    crowd = Crowd("versitygw", Shape(10, 5), 2, (ours, *others), {"each-commit": 5})
    assert crowd.missed == missed
    assert crowd.asked(others[0]) == []
