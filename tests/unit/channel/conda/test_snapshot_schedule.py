"""Periods of automatic snapshots, and their names."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest

from chaninfra.channel import patterns
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule, automatic_name, begin_of
from chaninfra.channel.conda.snapshots import is_snapshot_name


@pytest.mark.parametrize(
    ("every", "begin"),
    [
        ("1h", "2026-11-27T17:00:00Z"),
        ("6h", "2026-11-27T12:00:00Z"),
        ("12h", "2026-11-27T12:00:00Z"),
        ("24h", "2026-11-27T00:00:00Z"),
        ("1d", "2026-11-27T00:00:00Z"),
        # A Friday; its week began on Monday.
        ("7d", "2026-11-23T00:00:00Z"),
        ("168h", "2026-11-23T00:00:00Z"),
    ],
)
def test_a_period_begins_with_the_hour_the_day_or_the_week(every: str, begin: str) -> None:
    schedule = SnapshotSchedule(every=every, keep=1)
    wanted = datetime.fromisoformat(begin)
    last = datetime.fromisoformat("2026-11-27T17:59:59Z")
    for now in (wanted, last):
        assert schedule.begin(int(now.timestamp() * 1000)) == wanted
    assert schedule.begin(int(wanted.timestamp() * 1000) - 1) < wanted


def test_a_name_says_when_its_period_began() -> None:
    begin = datetime(2026, 11, 27, 6, tzinfo=UTC)
    assert automatic_name(begin) == "auto-20261127T0600Z"
    assert is_snapshot_name(automatic_name(begin))
    assert begin_of(automatic_name(begin)) == begin


@pytest.mark.parametrize(
    "name",
    [
        "2026-11",
        "auto",
        "auto-",
        "auto-20261127",
        "AUTO-20261127T0600Z",
        "auto-20261127t0600z",
        "auto-20261127T0600Z-2",
        "auto-20261127T0600Z\n",
        "auto-20261327T0600Z",
        "auto-20261127T2560Z",
        "auto-00000000T0000Z",
        "auto-\u0662\u0660\u0662\u0666\u0661\u0661\u0662\u0667T0600Z",
        "my-auto-20261127T0600Z",
    ],
)
def test_every_other_name_was_given_by_hand(name: str) -> None:
    assert begin_of(name) is None


@pytest.mark.parametrize(("text", "seconds"), [("1h", 3600), ("720h", 2_592_000), ("1d", 86_400), ("30d", 2_592_000)])
def test_the_longest_and_the_shortest(text: str, seconds: int) -> None:
    assert msgspec.convert({"every": text, "keep": 900}, SnapshotSchedule).seconds == seconds


def test_each_whole_number_of_hours_and_days() -> None:
    taken = {text for unit in "hd" for n in range(1000) if re.search(patterns.HOURS_OR_DAYS, text := f"{n}{unit}")}
    assert taken == {*(f"{n}h" for n in range(1, 721)), *(f"{n}d" for n in range(1, 31))}


@pytest.mark.parametrize("wrong", ["", "0h", "0d", "721h", "31d", "30m", "1w", "1", "d", "1 d", "1D", "01d", "1d\n"])
def test_other_times_are_refused(wrong: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"every": wrong, "keep": 60}, SnapshotSchedule)


@pytest.mark.parametrize("wrong", [0, -1, 901, "60", None, 1.5])
def test_other_numbers_are_refused(wrong: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"every": "1d", "keep": wrong}, SnapshotSchedule)
