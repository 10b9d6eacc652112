"""The settings of the index: when the monolithic files are written."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chaninfra.channel import patterns
from chaninfra.channel.conda.index_settings import FORMATS, AtMostEvery, IndexSettings, duration, seconds_in
from chaninfra.channel.config.schema import CHANNEL, NAMES, load

SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
SCHEMAS = [load(name)["$defs"]["AtMostEvery"] for name in NAMES if "AtMostEvery" in load(name)["$defs"]]


def read(value: Any) -> AtMostEvery | None:
    """What the settings read, if they and the schemas accept it; they must agree."""
    by_schema = {Draft202012Validator(schema).is_valid({"at-most-every": value}) for schema in SCHEMAS}
    try:
        settings = msgspec.convert({"monolith": {"at-most-every": value}}, IndexSettings)
    except msgspec.ValidationError:
        assert by_schema == {False}
        return None
    assert by_schema == {True}
    assert isinstance(settings.monolith, AtMostEvery)
    return settings.monolith


@given(st.integers(0, 10**7), st.sampled_from("smhd"))
@example(9, "s")
@example(10, "s")
@example(604_800, "s")
@example(604_801, "s")
@example(10_080, "m")
@example(10_081, "m")
@example(168, "h")
@example(169, "h")
@example(7, "d")
@example(8, "d")
def test_a_time_is_read_if_it_is_from_ten_seconds_to_seven_days(number: int, unit: str) -> None:
    seconds = number * SECONDS[unit]
    found = read(f"{number}{unit}")
    assert (found.seconds if found else None) == (seconds if 10 <= seconds <= 7 * SECONDS["d"] else None)


@pytest.mark.parametrize("unit", "smhd")
def test_every_time_that_is_accepted_is_within_the_bounds(unit: str) -> None:
    pattern = Draft202012Validator(SCHEMAS[0]["properties"]["at-most-every"])
    step = {"s": 7, "m": 1, "h": 1, "d": 1}[unit]
    for number in range(0, 700_000 // SECONDS[unit] + 20, step):
        assert pattern.is_valid(f"{number}{unit}") == (10 <= number * SECONDS[unit] <= 604_800), number


@given(st.text(max_size=8) | st.from_regex(r"\A[0-9smhd .+-]{1,8}\Z") | st.integers() | st.none() | st.floats())
@example("010s")
@example("0m")
@example("10")
@example("10M")
@example("10 m")
@example("1.5h")
@example("1h30m")
@example("-10m")
@example("10m\n")
@example("\u0661\u0660m")
@example("10ms")
def test_anything_else_is_no_time(value: Any) -> None:
    found = read(value)
    if found is not None:
        assert value == f"{int(value[:-1])}{value[-1]}"
        assert value.isascii()
        assert 10 <= found.seconds <= 604_800


@given(st.integers(10, 604_800))
@example(604_800)
@example(5400)
@example(61)
def test_a_number_of_seconds_is_written_as_a_time_that_is_accepted(seconds: int) -> None:
    text = duration(seconds)
    assert re.search(patterns.DURATION, text)
    assert seconds_in(text) == seconds
    assert (seconds % 86_400 == 0) == text.endswith("d")


def test_an_unknown_word_or_key_is_refused() -> None:
    for value in ("always", "", None, 600, True, ["never"], {}, {"at-most-every": "10m", "x": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"monolith": value}, IndexSettings)


def test_the_files_that_are_written() -> None:
    assert IndexSettings().monolith == "each-commit"
    assert IndexSettings().formats == FORMATS == ("json", "zst", "shards")
    assert IndexSettings(monolith=AtMostEvery(at_most_every="10m")).formats == FORMATS
    assert IndexSettings(monolith="never").formats == ("shards",)
    assert IndexSettings(run_exports=True).formats == (*FORMATS, "run_exports", "run_exports_zst")
    assert IndexSettings(run_exports=False).formats == FORMATS
    assert IndexSettings(monolith="never", run_exports=True).derived == ("run_exports", "run_exports_zst")
    # An earlier version reads what does not ask for it.
    assert b"run" not in msgspec.json.encode(IndexSettings())


def test_formats_cannot_be_set() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `formats`"):
        msgspec.convert({"formats": ["json"]}, IndexSettings)
    assert "formats" not in load(CHANNEL)["$defs"]["DescribedIndex"]["properties"]


@pytest.mark.parametrize("days", [1, 30, 3650])
def test_old_states_are_kept_for_one_day_to_ten_years(days: int) -> None:
    assert IndexSettings().history_days == 30
    assert msgspec.convert({"history-days": days}, IndexSettings).history_days == days


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "30", None])
def test_other_numbers_of_days_are_refused(days: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"history-days": days}, IndexSettings)
