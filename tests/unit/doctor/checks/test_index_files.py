"""What the doctor says of the index files: which agree, which is behind, which another tool wrote."""

from __future__ import annotations

import hashlib
import json
import re
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor import traces
from chaninfra.doctor.checks import index_files, pixi_client
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex_subdir
from support.channels.examination import examination_in_memory
from support.index_model.memory_store import etag
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, commit, package

REINDEX = "chaninfra reindex s3://b/c"
GC = "chaninfra gc s3://b/c"
TEN_MINUTES = IndexSettings(monolith=AtMostEvery(at_most_every="10m"))
NEVER = IndexSettings(monolith="never")


def channel(settings: IndexSettings | None = None) -> MemoryChannel:
    made = MemoryChannel(settings).skeleton()
    made.store.now = datetime.fromtimestamp(made.runtime.time / 1000, UTC)
    made.publish("a")
    return made


def later(of: MemoryChannel, **time: float) -> None:
    of.runtime.time += timedelta(**time) // timedelta(milliseconds=1)
    of.store.now = datetime.fromtimestamp(of.runtime.time / 1000, UTC)


def crashed(of: MemoryChannel, *names: str) -> None:
    """Commit packages by writers that end before they bring repodata.json and its zst forward."""
    from chaninfra.index.commit.change import Change

    for name in names:
        file, record = package(name)
        of.put(file, b"1")
        records = {file: record}
        commit(of.subdir_index, lambda records=records: Change(records=records), derive="later")  # type: ignore[misc]


def found(of: MemoryChannel) -> list[Finding]:
    return [*index_files.index(examination_in_memory(of))]


def only(of: MemoryChannel) -> Finding:
    [finding] = found(of)
    return finding


def without_stamp(data: bytes, **changed: Any) -> bytes:
    """The shard index without what chaninfra has added, as another tool writes it."""
    document = msgspec.msgpack.decode(decompress(data, 1 << 20) or b"")
    document = {"info": {**document["info"], **changed}, "shards": document["shards"]}
    return compress(msgspec.msgpack.encode(document), 1)


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


def test_a_repodata_json_of_another_tool_that_no_commit_reads() -> None:
    """With `never`: a re-index takes over what it has, and gc deletes it only then."""
    it = channel(NEVER)
    it.put("b-1.0-0.conda", b"1")
    # Of this size and md5, so that the package need not be read.
    record = json.loads(bytes(package("b")[1].encode(0))) | {"size": 1, "md5": etag(b"1").strip('"')}
    it.put("repodata.json", {"info": {"subdir": "noarch"}, "packages.conda": {"b-1.0-0.conda": record}})
    warning = only(it)
    assert warning.state == "warning"
    assert "no commit reads that, `reindex` takes over its records" in warning.found
    collect_subdir(it.subdir_index, "write")
    assert JSON in it.store.objects, "it has a package that the shards do not have"
    reindex_subdir(it.subdir_index)
    assert "b-1.0-0.conda" in it.sharded()
    collect_subdir(it.subdir_index, "write")
    assert JSON not in it.store.objects
    assert only(it).state == "ok"


@pytest.mark.parametrize(
    ("json_", "tool"),
    [
        (
            b'{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"repodata_version":1,"v3":{}}',
            "rattler-index",
        ),
        (b'{\n  "info": {\n    "subdir": "noarch"\n  }\n}\n', "conda-index"),
        (
            b'{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"removed":[],"repodata_version":1}',
            "conda-index",
        ),
        (b'{"info":{"chaninfra":{"revision":"r"},"subdir":"noarch"}}', traces.OLDER),
        (b'{"packages":{}}', traces.ANOTHER),
    ],
)
def test_a_repodata_json_of_another_tool_is_named(json_: bytes, tool: str) -> None:
    it = channel()
    it.put("repodata.json", json_)
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert f"repodata.json was written by {tool}. The next commit, or `reindex`, takes over its records" in wrong.found


def test_a_repodata_json_that_was_copied_without_its_metadata() -> None:
    it = channel()
    it.put("repodata.json", it.store.objects[JSON].data)
    assert "was written by chaninfra, but lost its object metadata" in only(it).found


@pytest.mark.parametrize(
    ("data", "tool"),
    [
        (without_stamp, "rattler-index"),
        (lambda data: without_stamp(data, shards_base_url="", base_url=""), traces.ANOTHER),
        (lambda data: without_stamp(data, chaninfra={"revision": "r"}), traces.OLDER),
    ],
)
def test_a_shard_index_of_another_tool_is_named(data: Callable[[bytes], bytes], tool: str) -> None:
    it = channel()
    it.put("repodata_shards.msgpack.zst", data(it.store.objects[INDEX].data))
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert f"was written by {tool}. The next commit re-indexes first" in wrong.found


def test_a_shard_index_that_is_missing() -> None:
    it = channel()
    del it.store.objects[INDEX]
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert "repodata_shards.msgpack.zst is missing. The next commit re-indexes first" in wrong.found


def test_a_shard_index_that_was_restored_from_a_copy() -> None:
    it = channel()
    old = it.store.objects[INDEX]
    it.publish("b")
    it.store.objects[INDEX] = old
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    newer = (
        "repodata.json and repodata.json.zst are newer than repodata_shards.msgpack.zst, which therefore was restored"
    )
    assert newer in wrong.found


def test_an_index_that_another_tool_patches_promises_no_re_index() -> None:
    it = channel()
    it.put("repodata_from_packages.json", b"{}")
    it.put("repodata.json", b'{\n  "info": {}\n}')
    wrong = only(it)
    assert "another tool patches this index" in wrong.found
    assert wrong.found.endswith("; repodata.json was written by conda-index")
    assert "delete repodata_from_packages.json" in (wrong.remedy or "")


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
    assert pixi_client._wanted(exam) == []
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
