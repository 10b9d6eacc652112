"""Re-indexes that share the packages: each reads and drops its own, and together they do what one does."""

from __future__ import annotations

import dataclasses
import json

import msgspec
import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.objects import ObjectBody
from chaninfra.index import batches
from chaninfra.index.etag_cache import read_etag_cache
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.whole import read_whole
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import INDEX, MemoryChannel
from support.index_model.parts import (
    NAMES,
    ORDERS,
    full,
    of,
    of_another_tool,
    own,
    part,
    put,
    read,
    said,
)
from support.index_model.processes import file, package


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
        made.add(file("a"), record, None, lambda files: set())
        if not made.records:
            commits.append(second)
    assert commits == [first_ms, first_ms + every_ms, first_ms + 2 * every_ms]
