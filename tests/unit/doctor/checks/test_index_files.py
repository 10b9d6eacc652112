"""What the doctor says of the index files: which agree, which is behind, which is missing."""

from __future__ import annotations

import hashlib
import re
import time
import tracemalloc
from dataclasses import replace

import msgspec
import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks import index_files, pixi_client
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex_subdir
from support.channels.examination import examination_in_memory
from support.channels.examined_index import GC, NEVER, REINDEX, TEN_MINUTES, channel, crashed, later, only
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel


def test_files_that_agree() -> None:
    assert only(channel()) == Finding(
        state="ok", found="noarch: repodata_shards.msgpack.zst, repodata.json and repodata.json.zst agree (commit 2)"
    )


def test_a_channel_of_shards_alone() -> None:
    finding = only(channel(NEVER))
    assert (finding.state, finding.found) == ("ok", "noarch: repodata_shards.msgpack.zst is valid (commit 2)")


def test_files_behind_each_commit_fail_with_the_number_and_the_time() -> None:
    it = channel()
    later(it, hours=1)
    crashed(it, "b")
    later(it, hours=1)
    crashed(it, "c")
    assert only(it) == Finding(
        state="failed",
        found="noarch: repodata.json and repodata.json.zst are 2 commits behind since 2026-01-01 01:00 UTC; clients "
        "that do not read shards do not see what they changed",
        remedy=REINDEX,
    )
    reindex_subdir(it.subdir_index)
    assert only(it).state == "ok"


def test_a_writer_that_is_about_to_write_the_files_is_waited_for() -> None:
    it = channel()
    crashed(it, "b")
    it.runtime.pause = lambda attempt: reindex_subdir(it.subdir_index) and None  # type: ignore[method-assign, assignment]
    assert only(it).state == "ok"


def test_at_most_every_may_be_behind_for_twice_the_time() -> None:
    it = channel(TEN_MINUTES)
    later(it, minutes=1)
    crashed(it, "b")
    later(it, minutes=19)
    assert only(it) == Finding(
        state="ok",
        found="noarch: repodata_shards.msgpack.zst is valid (commit 3); repodata.json and repodata.json.zst are 2 "
        "commits behind since 2026-01-01 00:00 UTC",
    )
    later(it, minutes=2)
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("warning", REINDEX)
    assert "more than twice the time of `at-most-every: 10m`: no schedule writes them" in wrong.found


def test_monolithic_files_that_nobody_writes_any_more() -> None:
    it = channel()
    moved = MemoryChannel(NEVER)
    moved.store, moved.subdir_index = it.store, replace(moved.subdir_index, store=it.store)
    crashed(moved, "b")
    wrong = only(moved)
    assert (wrong.state, wrong.remedy) == ("warning", GC)
    still = "noarch: repodata.json and repodata.json.zst are still there, and nothing updates them any more (1 commit"
    assert wrong.found.startswith(still)
    collect_subdir(moved.subdir_index, "write")
    assert only(moved).state == "ok"
    assert JSON not in it.store.objects
    assert ZST not in it.store.objects


def test_a_shard_index_that_is_missing() -> None:
    it = channel()
    del it.store.objects[INDEX]
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert "repodata_shards.msgpack.zst is missing. The next commit re-indexes first" in wrong.found


def test_a_shard_that_is_not_there() -> None:
    it = channel()
    [shard] = [key for key in it.store.objects if "/shards/" in key]
    del it.store.objects[shard]
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert wrong.found == "noarch: repodata_shards.msgpack.zst names 1 shard that the store does not have: a"
    reindex_subdir(it.subdir_index)


def test_one_shard_for_several_packages() -> None:
    it = channel()
    index = ShardIndex.parse(it.store.objects[INDEX].data)
    assert index is not None
    shared = replace(index, hashes={**index.hashes, **dict.fromkeys(["b", "c"], index.hashes["a"])})
    it.put("repodata_shards.msgpack.zst", shared.encode(1, 0))
    wrong = only(it)
    assert "names 2 shards that the store does not have: b, c" in wrong.found


FORGED = 200_000


@pytest.mark.parametrize(("stamped", "shared"), [(True, False), (False, True)])
def test_a_forged_shard_index_costs_few_requests_and_little_memory(stamped: bool, shared: bool) -> None:
    it = channel()
    old = ShardIndex.parse(it.store.objects[INDEX].data)
    assert old is not None
    there = old.hashes["a"]
    hashes = {f"{i:x}": there if shared else hashlib.sha256(str(i).encode()).digest() for i in range(FORGED)}
    # A number that no derived file is near to.
    stamp = msgspec.structs.replace(old.stamp, number=500, log=()) if stamped and old.stamp else None
    it.put("repodata_shards.msgpack.zst", replace(old, hashes=hashes, stamp=stamp).encode(1, 0))
    del hashes
    it.store.requests.clear()
    it.store.log.clear()
    exam = examination_in_memory(it)
    tracemalloc.start()
    began = time.monotonic()
    wrong = [*index_files.index(exam)]
    assert pixi_client.wanted(exam) == []
    seconds, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert wrong[0].state == "failed"
    assert re.search(
        r" names (199,999|200,000) shards that the store does not have: 0?,? ?1, 10, 100, 1000", wrong[0].found
    )
    assert len(wrong[0].found) < 200
    assert it.store.requests.total() < 100, it.store.requests
    # The index itself, and little more.
    assert peak < FORGED * 600
    assert seconds < 60


def test_old_states_and_garbage_are_counted() -> None:
    it = channel()
    exam = examination_in_memory(it)
    [ok] = index_files.garbage(exam)
    assert (ok.state, ok.found) == ("ok", "nothing is overdue for deletion; 2 states of the index (0.0 MB) kept")
    it.publish("a", content=b"2")
    it.publish("a", content=b"3")
    collect_subdir(it.subdir_index, "write")
    [ok] = index_files.garbage(exam)
    assert "4 states of the index" in ok.found
    later(it, days=7)
    [ok] = index_files.garbage(exam)
    assert ok.state == "ok"
    later(it, days=31)
    [warning] = index_files.garbage(exam)
    assert (warning.state, warning.remedy) == ("warning", GC)
    assert "4 states of the index (0.0 MB) are kept; `gc` would have deleted 3 of them more than" in warning.found
    collect_subdir(it.subdir_index, "write")
    assert [each.state for each in index_files.garbage(exam)] == ["ok"]
    later(it, days=8)
    [overdue] = index_files.garbage(exam)
    assert (overdue.state, overdue.remedy) == ("failed", GC)
    assert "2 objects overdue for deletion" in overdue.found
