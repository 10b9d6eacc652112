"""The history of an index: how gc thins it, and that it keeps what the history names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.objects import ObjectBody
from chaninfra.index import gc
from chaninfra.index.commit.history import history_key, kept_index, kept_numbers
from chaninfra.index.gc import KEPT, Unknown, collect_subdir
from chaninfra.index.thinning import thinned
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel

NOW = datetime(2026, 11, 26, 12, 34, 56, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY = timedelta(days=1)


def kept(states: dict[int, datetime], days: int = 30) -> set[int]:
    return states.keys() - set(thinned(states, NOW_MS, days))


def expected(states: dict[int, datetime], days: int) -> set[int]:
    """All of the last day, then the last of each hour for a week, then the last of each day; and the newest."""
    slots: dict[Any, int] = {}
    for number, when in sorted(states.items()):
        age = NOW - when
        if age <= DAY:
            slots[number] = number
        if age <= timedelta(days=min(days, 7)):
            # The newest of an hour that is only partly in the last day stands for it.
            slots[when.strftime("%Y-%m-%d %H")] = number
        elif age <= timedelta(days=days):
            slots[when.strftime("%Y-%m-%d")] = number
    return {*slots.values(), *([max(states)] if states else [])}


minutes = st.integers(0, 60 * 24 * 60) | st.builds(
    lambda days, more: days * 24 * 60 + more, st.sampled_from([0, 1, 6, 7, 8, 30]), st.integers(0, 90)
)
"""Ages, also such that several states are of the same hour."""


@settings(deadline=None, max_examples=300)
@given(st.lists(minutes, max_size=60), st.sampled_from([1, 2, 7, 8, 30, 45]))
def test_what_is_kept_of_the_history(ages: list[int], days: int) -> None:
    times = sorted(NOW - timedelta(minutes=age) for age in ages)
    states = dict(enumerate(times, start=1))
    assert kept(states, days) == expected(states, days)


@settings(deadline=None, max_examples=100)
@given(st.lists(minutes, max_size=60))
def test_thinning_twice_takes_no_more(ages: list[int]) -> None:
    states = {number: NOW - timedelta(minutes=age) for number, age in enumerate(sorted(ages, reverse=True), start=1)}
    once = {number: when for number, when in states.items() if number in kept(states)}
    assert thinned(once, NOW_MS, 30) == []


def test_the_newest_state_is_kept_however_old_it_is() -> None:
    assert kept({1: NOW - timedelta(days=900), 2: NOW - timedelta(days=400)}) == {2}
    assert kept({}) == set()


def test_states_of_a_busy_channel_are_bounded() -> None:
    """A commit a minute for forty days, and a run of gc each hour."""
    states: dict[int, datetime] = {}
    start = NOW - timedelta(days=40)
    for hour in range(24 * 40):
        at = start + timedelta(hours=hour)
        states |= {hour * 60 + minute: at + timedelta(minutes=minute) for minute in range(60)}
        swept = thinned(states, int((at + timedelta(hours=1)).timestamp() * 1000), 30)
        states = {number: when for number, when in states.items() if number not in swept}
    assert len(states) <= 24 * 60 + 6 * 24 + 25 + 30
    days = {when.date() for when in states.values()}
    assert {(NOW - timedelta(days=age)).date() for age in range(1, 29)} <= days


@pytest.fixture
def channel() -> MemoryChannel:
    """A channel in which one package has been published again and again, a commit a day, for 40 days."""
    channel = MemoryChannel().skeleton()
    start = channel.store.now
    for day in range(40):
        channel.store.now = start + timedelta(days=day)
        channel.runtime.time = int(channel.store.now.timestamp() * 1000)
        channel.publish("a", content=b"%d" % day)
    return channel


def later(channel: MemoryChannel, by: timedelta) -> None:
    channel.store.now += by
    channel.runtime.time = int(channel.store.now.timestamp() * 1000)


def numbers(channel: MemoryChannel) -> set[int]:
    return {number for number, _ in kept_numbers(channel.subdir_index)}


def shards(channel: MemoryChannel) -> set[str]:
    return {key.removeprefix("c/noarch/") for key in channel.store.objects if "/shards/" in key}


def test_shards_of_the_kept_history_are_kept_and_others_go_after_a_week(channel: MemoryChannel) -> None:
    assert numbers(channel) == {*range(1, 42)}
    before = shards(channel)
    assert len(before) == 40
    collect_subdir(channel.subdir_index, "write")
    left = numbers(channel)
    assert max(left) == 41
    assert 30 <= len(left) <= 32
    # Marked now, and not yet deleted: readers with an older index find them.
    assert shards(channel) == before
    later(channel, KEPT)
    collect_subdir(channel.subdir_index, "write")
    assert len(shards(channel)) == len(left)
    later(channel, KEPT + DAY)
    collect_subdir(channel.subdir_index, "write")
    for number in numbers(channel):
        index = kept_index(channel.subdir_index, number)
        assert index is not None
        assert index.keys() <= shards(channel)
    assert channel.index().keys() <= shards(channel)
    channel.check_formats_agree()


@pytest.mark.parametrize("data", [b"", b"none"])
def test_of_a_damaged_state_nothing_is_known_so_no_shard_is_deleted(channel: MemoryChannel, data: bytes) -> None:
    channel.store.objects[history_key(channel.subdir_index, 41)] = ObjectBody(data=data, content_type="")
    before = shards(channel)
    damaged = Unknown(subdir="noarch", key="c/.chaninfra/history/noarch/41", of="state")
    for _ in range(3):
        assert collect_subdir(channel.subdir_index, "write").unknown == (damaged,)
        later(channel, KEPT)
    assert shards(channel) == before
    # As the remedy says.
    del channel.store.objects[damaged.key]
    assert collect_subdir(channel.subdir_index, "write").unknown == ()
    later(channel, KEPT)
    collect_subdir(channel.subdir_index, "write")
    assert channel.index().keys() <= shards(channel) < before
    channel.check_formats_agree()


def test_of_what_a_state_names_only_shards_that_are_there_are_remembered(channel: MemoryChannel) -> None:
    """It may name half a million that are not."""
    index = channel.index()
    hashes = {**index.hashes, **{f"n{each}": each.to_bytes(32) for each in range(3000)}}
    forged = replace(index, hashes=hashes)
    key = history_key(channel.subdir_index, 41)
    channel.store.objects[key] = ObjectBody(data=forged.encode(1, 0), content_type="")
    kept, damaged = gc._referenced_by_history(channel.subdir_index, [41, 40], shards(channel))
    assert damaged == ()
    assert kept <= shards(channel)
    assert len(kept) == 2


@pytest.mark.parametrize("data", [None, b"", b"none"])
def test_without_an_authoritative_index_no_shard_is_deleted(channel: MemoryChannel, data: bytes | None) -> None:
    if data is None:
        del channel.store.objects[INDEX]
    else:
        channel.put(FILE_NAMES["shards"], data)
    before = shards(channel)
    for _ in range(3):
        [unknown] = collect_subdir(channel.subdir_index, "write").unknown
        assert (unknown.key, unknown.of) == (INDEX, "index")
        later(channel, KEPT)
    assert shards(channel) == before


@pytest.mark.parametrize("name", ["README", "01", "0", "-1", "1.5", "1/2", "7\n", "9" * 17])
def test_other_files_in_the_folder_of_the_history_stay(channel: MemoryChannel, name: str) -> None:
    key = f"c/.chaninfra/history/noarch/{name}"
    channel.store.objects[key] = ObjectBody(data=b"", content_type="")
    channel.store.modified[key] = channel.store.now - timedelta(days=900)
    collect_subdir(channel.subdir_index, "write")
    assert key in channel.store.objects


def test_the_history_of_other_subdirs_stays(channel: MemoryChannel) -> None:
    key = "c/.chaninfra/history/noarch2/1"
    channel.store.objects[key] = ObjectBody(data=b"", content_type="")
    channel.store.modified[key] = channel.store.now - timedelta(days=900)
    collect_subdir(channel.subdir_index, "write")
    assert key in channel.store.objects


def test_check_deletes_nothing(channel: MemoryChannel) -> None:
    before = dict(channel.store.objects)
    found = collect_subdir(channel.subdir_index, "check")
    assert {each.why for each in found.garbage} == {"old state of the index"}
    assert channel.store.objects == before


RECORD = {"name": "b", "version": "1", "build": "0"}


@pytest.mark.parametrize(
    ("document", "stays"),
    [
        ({}, False),
        ({"packages.conda": {"gone-1.0-0.conda": RECORD}}, False),
        ({"packages.conda": {"b-1.0-0.conda": RECORD}}, True),
        ({"v3": {"whl": {"b-1-py3-none-any": {"name": "b", "url": "https://x.org/b.whl"}}}}, True),
        ({"removed": ["b-2.0-0.conda"]}, True),
        ({"info": {"subdir": "noarch", "more": 1}}, True),
        ({"more": 1}, True),
    ],
    ids=str,
)
def test_files_that_are_not_written_any_more_go_unless_another_tool_has_put_something_there(
    channel: MemoryChannel, document: dict[str, Any], *, stays: bool
) -> None:
    never = MemoryChannel(IndexSettings(monolith="never"))
    never.store.objects, never.store.modified = channel.store.objects, channel.store.modified
    channel.put("repodata.json", {"info": {}, "packages": {}, **document})
    channel.put("b-1.0-0.conda", b"a package of the other tool")
    channel.put("repodata_from_packages.json", {})
    channel.put("current_repodata.json", {})
    before = dict(channel.store.objects)
    found = collect_subdir(never.subdir_index, "write")
    assert [each.key for each in found.garbage if each.why == "not declared"] == ([ZST] if stays else [JSON, ZST])
    gone = before.keys() - channel.store.objects.keys()
    assert {key for key in gone if "/history/" not in key} == ({ZST} if stays else {JSON, ZST})


def test_a_shard_index_of_another_tool_keeps_its_shards(channel: MemoryChannel) -> None:
    """The kept history names ours, and it names its own."""
    theirs = {"x": b"x" * 32}
    channel.put(shard_key(theirs["x"]), b"theirs")
    index = channel.index()
    channel.put(FILE_NAMES["shards"], type(index)(hashes=theirs, stamp=None, info=index.info).encode(1, 0))
    for _ in range(3):
        collect_subdir(channel.subdir_index, "write")
        later(channel, KEPT)
    newest = kept_index(channel.subdir_index, 41)
    assert newest is not None
    assert newest.keys() | {shard_key(theirs["x"])} <= shards(channel)
