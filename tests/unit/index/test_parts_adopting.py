"""Re-indexes that share the packages of an index that another tool has written."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of
from support.channels.archives import conda, index_json
from support.index_model.adopted import MIXTURES, Adopted, mixed
from support.index_model.memory_subdir import INDEX, MemoryChannel
from support.index_model.parts import (
    NAMES,
    PAIRS,
    full,
    of,
    of_another_tool,
    own,
    read,
    said,
    theirs,
)
from support.index_model.processes import file


@pytest.mark.parametrize("scope", ["changed", "all"])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_parts_adopt_what_one_run_adopts(mixture: str, scope: Any) -> None:
    for order in PAIRS:
        channel, one = mixed(mixture), mixed(mixture)
        for number in order:
            of(channel, number, 2, scope=scope)
        reindex_subdir(one.subdir_index, scope)
        assert said(channel) == said(one)
        channel.check_formats_agree()
        target = channel.subdir_index
        assert (
            yanks_of(target, read_whole(target)).joined()
            == yanks_of(one.subdir_index, read_whole(one.subdir_index)).joined()
        )
        assert not reindex_subdir(target).differed


@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_part_alone_loses_nothing(mixture: str) -> None:
    for number in (1, 2):
        channel = mixed(mixture)
        of(channel, number, 2)
        before = channel.before["packages.conda"]
        after = channel.repodata()["packages.conda"]
        assert {name: record for name, record in after.items() if record == before[name]}.keys() == before.keys()
        assert channel.repodata()["removed"] == [file("y")]
        channel.check_formats_agree()


def test_a_part_alone_keeps_the_records_of_others_in_an_index_of_another_tool() -> None:
    names = NAMES[:12]
    channel = of_another_tool(*names, bare=NAMES[12:20])
    for name in names:
        # Nobody has the packages: that is for their own parts to find.
        del channel.store.objects[f"c/noarch/{file(name)}"]
    of(channel, 2)
    kept = [*own(1, names), *own(3, names)]
    assert sorted(channel.repodata()["packages.conda"]) == sorted([*kept, *own(2, NAMES[12:20])])
    channel.check_formats_agree()
    of(channel, 3)
    of(channel, 1)
    assert sorted(channel.repodata()["packages.conda"]) == [file(name) for name in NAMES[12:20]]


def test_who_takes_over_reads_no_package_before_that() -> None:
    """Readers see a part of what they saw before for no moment, and no part reads its packages in vain."""
    channel = of_another_tool(*NAMES[:12], bare=NAMES[12:])
    of(channel, 1)
    log = [
        key
        for kind, key in channel.store.log
        if (key == INDEX and kind == "put") or (kind == "get" and key.endswith(".conda"))
    ]
    assert log.count(INDEX) == 2
    assert log[0] == INDEX
    assert read(channel) == own(1, NAMES[12:])


def test_a_takeover_that_lost_to_another_part_begins_again() -> None:
    """The other one has dropped the record of a package that is missing: it must not come back."""
    names = NAMES[:12]
    channel = of_another_tool(*names)
    gone = own(1, names)[0]
    del channel.store.objects[f"c/noarch/{gone}"]
    other = channel.other()
    raced: list[str] = []

    def before(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not raced:
            raced.append(key)
            of(other, 1)
            assert gone not in channel.repodata()["packages.conda"]

    channel.store.before = before
    of(channel, 2)
    assert raced
    of(channel, 3)
    assert sorted(channel.repodata()["packages.conda"]) == sorted({*map(file, names)} - {gone})
    channel.check_formats_agree()
    assert not reindex_subdir(channel.subdir_index).differed


def test_the_others_give_part_1_time_to_take_over() -> None:
    """So that not each of them makes the shards of all packages."""
    channel = of_another_tool(*NAMES[:12])
    other, paused = channel.other(), list[int]()

    def pause(attempt: int) -> None:
        paused.append(attempt)
        if len(paused) == 1:
            of(other, 1)
            channel.store.log.clear()

    channel.runtime.pause = pause  # type: ignore[method-assign]
    of(channel, 2)
    assert paused
    assert [key for kind, key in channel.store.log if kind == "put"] == []
    assert sorted(channel.repodata()["packages.conda"]) == [file(name) for name in NAMES[:12]]


def test_records_without_packages_in_an_old_repodata_json_stay_out() -> None:
    """Where nobody writes repodata.json, the one of another tool stays and each run sees it."""
    channel = full(IndexSettings(monolith="never"))
    reindex_subdir(channel.subdir_index)
    channel.put("repodata.json", theirs([*NAMES[:3], "gone1", "gone2", "gone3", "gone4"]))
    for number in (1, 2, 3):
        of(channel, number)
        assert sorted(channel.sharded()) == [file(name) for name in NAMES]


@pytest.mark.parametrize("order", PAIRS)
def test_what_another_tool_says_else_of_a_package_is_decided_as_by_one_run(order: tuple[int, ...]) -> None:
    def patched() -> Adopted:
        channel = Adopted()
        document = channel.read_anew()
        for record in document["packages.conda"].values():
            record["depends"] = ["patched"]
        channel.put("repodata.json", document)
        return channel

    channel, one = patched(), patched()
    for number in order:
        of(channel, number, 2)
    reindex_subdir(one.subdir_index)
    assert said(channel) == said(one)
    assert all(each["depends"] == ["patched"] for each in one.repodata()["packages.conda"].values())


@pytest.mark.parametrize("order", PAIRS)
def test_times_that_only_another_tool_knows_are_kept(order: tuple[int, ...]) -> None:
    """Of the bytes that a package has, where our last record is of others."""

    def replaced() -> Adopted:
        channel = Adopted()
        document = channel.read_anew()
        for name in ("a", "b", "f"):
            data = conda(index_json(name, "1", noarch="generic"), payload=b"replaced")
            channel.put(file(name), data)
            again = MemoryChannel()
            again.put(file(name), data)
            reindex_subdir(again.subdir_index)
            document["packages.conda"][file(name)] = {
                **again.repodata()["packages.conda"][file(name)],
                "indexed_timestamp": 1_500_000_000_000,
            }
        channel.put("repodata.json", document)
        channel.put(FILE_NAMES["shards"], b"none")
        return channel

    channel, one = replaced(), replaced()
    for number in order:
        of(channel, number, 2)
    reindex_subdir(one.subdir_index)
    assert said(channel) == said(one)
    assert {each["indexed_timestamp"] for each in one.repodata()["packages.conda"].values()} == {1_500_000_000_000}


def test_who_takes_over_leaves_what_cannot_be_read_to_its_own_part() -> None:
    """It reads a package of another part, of which another tool says something else, and the bytes are no package."""
    channel = Adopted()
    document = channel.read_anew()
    (theirs,) = own(1, ["b"], 2)
    channel.put(theirs, b"none")
    document["packages.conda"][theirs]["depends"] = ["patched"]
    channel.put("repodata.json", document)
    first = of(channel, 2, 2)
    assert (first.left_out, first.dropped) == ((), ())
    assert theirs in channel.repodata()["packages.conda"]
    own_part = of(channel, 1, 2)
    assert [each.package for each in own_part.left_out] == [f"noarch/{theirs}"]
    assert [*own_part.dropped] == [theirs]
