"""Re-indexes that share the packages: each reads and drops its own, and together they do what one does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.objects import ObjectBody
from chaninfra.index import batches
from chaninfra.index.etag_cache import read_etag_cache
from chaninfra.index.part import Part
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.report import SubdirReport
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of
from support.channels.archives import conda, index_json
from support.index_model.adopted import MIXTURES, Adopted, mixed
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import INDEX, MemoryChannel
from support.index_model.processes import file, package

NAMES = [f"p{number:02}" for number in range(40)]
ORDERS = [(1, 2, 3), (3, 1, 2), (2, 3, 1)]
PAIRS = [(1, 2), (2, 1)]
"""Orders of two parts: both have some of the packages of `Adopted`."""


def part(number: int, count: int = 3) -> Part:
    return Part(number=number, count=count)


def of(channel: MemoryChannel, number: int, count: int = 3, **how: Any) -> SubdirReport:
    return reindex_subdir(channel.subdir_index, part=part(number, count), **how)


def put(channel: MemoryChannel, name: str, payload: bytes = b"") -> None:
    channel.put(f"{name}-1-0.conda", conda(index_json(name), payload=payload))


def full(settings: IndexSettings | None = None) -> MemoryChannel:
    """A channel of packages without an index."""
    channel = MemoryChannel(settings)
    for name in NAMES:
        put(channel, name)
    return channel


def own(number: int, names: Sequence[str] = NAMES, count: int = 3) -> list[str]:
    """The file names of the packages of this part."""
    return [f"{name}-1-0.conda" for name in names if part(number, count).has(f"noarch/{name}-1-0.conda")]


def read(channel: MemoryChannel) -> list[str]:
    return sorted(key.rpartition("/")[2] for kind, key in channel.store.log if kind == "get" and key.endswith(".conda"))


def said(channel: MemoryChannel) -> dict[str, Any]:
    """repodata.json without what the commit says of itself."""
    document = channel.repodata()
    del document["chaninfra"]
    return document


def theirs(names: Sequence[str], **more: Any) -> dict[str, Any]:
    """repodata.json of another tool, with records that say what the packages of these names say."""
    records = {}
    for name in names:
        packed = package(name)
        record = json.loads(bytes(packed.package.index_record(file(name), "noarch", "").encode(0)))
        del record["indexed_timestamp"]
        records[file(name)] = {**record, **more}
    return {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records, "repodata_version": 1}


def of_another_tool(*names: str, bare: Sequence[str] = (), **more: Any) -> MemoryChannel:
    """A channel with an index of another tool; the packages `bare` are missing in it."""
    channel = MemoryChannel()
    for name in (*names, *bare):
        channel.put(file(name), package(name).path.read_bytes())
    channel.put("repodata.json", theirs(names, **more))
    return channel


@pytest.mark.parametrize("order", ORDERS)
def test_a_first_index_by_parts_is_that_of_one_run(order: tuple[int, ...]) -> None:
    channel, one = full(), full()
    for number in order:
        channel.store.log.clear()
        report = of(channel, number)
        assert read(channel) == own(number)
        assert [*report.added] == own(number)
    reindex_subdir(one.subdir_index)
    assert said(channel) == said(one)
    channel.check_formats_agree()
    assert not reindex_subdir(channel.subdir_index).differed


def test_what_a_part_that_never_runs_leaves_the_next_reindex_finds() -> None:
    channel = full()
    of(channel, 1)
    of(channel, 3)
    assert sorted(channel.repodata()["packages.conda"]) == sorted([*own(1), *own(3)])
    channel.check_formats_agree()
    assert [*reindex_subdir(channel.subdir_index).added] == own(2)


def test_a_part_drops_the_records_of_its_own_missing_packages_only() -> None:
    channel = full()
    reindex_subdir(channel.subdir_index)
    for name in NAMES:
        del channel.store.objects[f"c/noarch/{name}-1-0.conda"]
    report = of(channel, 2)
    assert [*report.dropped] == own(2)
    assert sorted(channel.repodata()["packages.conda"]) == sorted([*own(1), *own(3)])
    of(channel, 1)
    of(channel, 3)
    assert channel.repodata()["packages.conda"] == {}


def test_a_part_replaces_the_records_of_its_own_packages_only() -> None:
    channel = full()
    reindex_subdir(channel.subdir_index)
    before = channel.repodata()["packages.conda"]
    for name in NAMES:
        put(channel, name, b"other")
    assert [*of(channel, 2).replaced] == own(2)
    after = channel.repodata()["packages.conda"]
    assert {name for name in before if after[name] != before[name]} == {*own(2)}


def test_a_part_names_what_is_wrong_with_its_own_packages_only() -> None:
    channel = MemoryChannel()
    for name in NAMES:
        channel.put(f"{name}-1-0.conda", b"none")
        channel.put(f"{name}- -0.conda", b"named so that no client reads it")
    found: list[str] = []
    for number in (1, 2, 3):
        found += [each.package for each in of(channel, number).left_out]
    assert sorted(found) == sorted([each.package for each in reindex_subdir(channel.subdir_index).left_out])
    assert len(found) == 2 * len(NAMES)


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


def test_a_part_lays_the_patches_of_its_own_packages_only() -> None:
    channel = full()
    reindex_subdir(channel.subdir_index)
    before = channel.repodata()["packages.conda"]
    patches = {
        name: {"sha256": each["sha256"], "changes": {"license": "MIT"}, "when": "2026-01-01T00:00:00Z"}
        for name, each in before.items()
    }
    channel.store.objects["c/.chaninfra/patches/noarch.json"] = ObjectBody(
        data=json.dumps({"version": 1, "files": patches}).encode(), content_type=""
    )
    report = of(channel, 2)
    assert [*report.patched] == own(2)
    changed = {name for name, each in channel.repodata()["packages.conda"].items() if each != before[name]}
    assert changed == {*own(2)}


def test_one_part_corrects_a_wrong_number_of_records() -> None:
    channel = full()
    for name in NAMES[:20]:
        del channel.store.objects[f"c/noarch/{name}-1-0.conda"]
    reindex_subdir(channel.subdir_index)
    index = channel.index()
    assert index.stamp is not None
    stamp = msgspec.structs.replace(index.stamp, count=7)
    channel.put(FILE_NAMES["shards"], dataclasses.replace(index, stamp=stamp).encode(1, 0))
    for name in NAMES[:20]:
        put(channel, name)
    other, raced = channel.other(), list[str]()

    def before(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not raced:
            raced.append(key)
            of(other, 2)

    channel.store.before = before
    of(channel, 1)
    assert raced
    channel.check_formats_agree()


def test_the_etag_cache_has_what_all_parts_found() -> None:
    """Also where another part has written it since this one has read it."""
    channel = full()
    for name in NAMES:
        channel.store.etags[f"c/noarch/{name}-1-0.conda"] = f'"{name}-2"'
    other = channel.other()
    other.store.etags = channel.store.etags
    raced: list[str] = []

    def before(kind: str, key: str) -> None:
        if kind == "put" and "/seen/" in key and not raced:
            raced.append(key)
            of(other, 3)

    channel.store.before = before
    of(channel, 1)
    assert raced
    of(channel, 2)
    assert sorted(read_etag_cache(channel.subdir_index)) == [f"{name}-1-0.conda" for name in NAMES]
    channel.store.log.clear()
    assert not reindex_subdir(channel.subdir_index).differed
    assert read(channel) == []


def test_lost_shards_are_counted_once() -> None:
    channel = full()
    reindex_subdir(channel.subdir_index)
    lost = [key for key in channel.store.objects if "/shards/" in key][:20]
    for key in lost:
        del channel.store.objects[key]
    other, raced = channel.other(), list[str]()

    def before(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not raced:
            raced.append(key)
            of(other, 2)

    channel.store.before = before
    of(channel, 1)
    of(channel, 3)
    assert raced
    # Asserts that the commit stamp has the right number of records.
    channel.check_formats_agree()
    assert len(channel.repodata()["packages.conda"]) == len(NAMES)


def test_a_check_of_a_part_writes_nothing_and_names_its_packages() -> None:
    channel = of_another_tool(*NAMES[:12], bare=NAMES[12:20])
    before = dict(channel.store.objects)
    report = of(channel, 2, mode="check")
    assert [*report.added] == own(2, NAMES[12:20])
    assert report.dropped == ()
    assert channel.store.objects == before


@pytest.mark.parametrize(
    ("number", "count", "first_ms", "every_ms"),
    [(1, 1, 60_000, 60_000), (8, 8, 7_500, 60_000), (1, 64, 480_000, 480_000)],
)
def test_parts_commit_in_turn_and_not_more_often_the_more_there_are(
    number: int, count: int, first_ms: int, every_ms: int
) -> None:
    channel = MemoryChannel()
    whole = read_whole(channel.subdir_index)
    made = batches.Batches(channel.subdir_index, whole, {}, part(number, count))
    runtime: SequentialRuntime = channel.runtime
    start = runtime.time
    commits: list[int] = []
    record = package("a").package.index_record(file("a"), "noarch", "")
    for second in range(0, first_ms + 2 * every_ms + 1, 500):
        runtime.time = start + second
        made.add(file("a"), record, lambda files: set())
        if not made.records:
            commits.append(second)
    assert commits == [first_ms, first_ms + every_ms, first_ms + 2 * every_ms]
