"""Commits with faults: a crash, a lost answer, another writer in between. Nothing is lost or written twice."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.shards import ShardIndex, shard_key
from chaninfra.channel.errors import ConflictError, StorageError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel


def test_the_commit_after_a_crash_writes_only_the_missing_shards() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish(*"abcdefgh")

    def crash(kind: str, key: str) -> None:
        if kind == "put" and key in (ZST, INDEX):
            raise KeyboardInterrupt

    channel.store.before = crash
    with pytest.raises(KeyboardInterrupt):
        channel.publish("a", content=b"2")
    channel.store.before = lambda kind, key: None
    before = set(channel.store.objects)
    channel.publish("b", content=b"2")
    assert len(set(channel.store.objects) - before) == 2
    channel.check_formats_agree()


@pytest.mark.parametrize("error", [ConflictError("412"), StorageError("500")])
def test_a_lost_answer_to_the_commit_is_recognized(error: Exception) -> None:
    channel = MemoryChannel().skeleton()
    put = channel.store.put
    failed = []

    def lost(key: str, body: ObjectBody, condition: Any = None) -> str:
        done = put(key, body, condition)
        if key == JSON and not failed:
            failed.append(key)
            raise error
        return done

    channel.store.put = lost  # type: ignore[method-assign]
    channel.publish("a")
    assert channel.store.log.count(("put", JSON)) == 1
    channel.check_formats_agree()


@pytest.mark.parametrize("key", [ZST, INDEX])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_to_a_derived_file_leads_to_a_repair(key: str, when: str) -> None:
    channel = MemoryChannel().skeleton()
    put = channel.store.put
    failed = []

    def lost(put_key: str, body: ObjectBody, condition: Any = None) -> str:
        hit = put_key == key and not failed
        if hit:
            failed.append(key)
        if not hit or when == "after":
            done = put(put_key, body, condition)
        if hit:
            raise UnreachableError("no answer")
        return done

    channel.store.put = lost  # type: ignore[method-assign]
    channel.publish("a")
    assert failed
    channel.check_formats_agree()


def test_an_error_of_the_store_is_raised_without_another_attempt() -> None:
    channel = MemoryChannel().skeleton()

    def fail(kind: str, key: str) -> None:
        if (kind, key) == ("put", JSON):
            raise StorageError("500")

    channel.store.before = fail
    with pytest.raises(StorageError, match="500"):
        channel.publish("a")
    assert channel.store.log.count(("put", JSON)) == 1


def test_shards_older_than_a_day_are_uploaded_again() -> None:
    # A gc may have marked them, and delete them a week later.
    channel = MemoryChannel().skeleton()
    made: list[str] = []

    def sleep(kind: str, key: str) -> None:
        if kind == "put" and "/shards/" in key:
            made.append(key)
            if len(made) == 1:
                channel.runtime.time += 2 * 24 * 60 * 60 * 1000

    channel.store.before = sleep
    channel.publish("a")
    index = ShardIndex.parse(channel.store.objects[INDEX].data)
    assert index is not None
    assert [f"c/noarch/{shard_key(digest)}" for digest in index.hashes.values()] == made[1:]
    channel.check_formats_agree()


def test_a_commit_whose_connection_closed_because_it_lost_is_repeated() -> None:
    channel = MemoryChannel().skeleton()
    theirs = MemoryChannel().skeleton()
    cut: list[str] = []

    def overtake(kind: str, key: str) -> None:
        if (kind, key) == ("put", JSON) and not cut:
            cut.append(key)
            theirs.store.objects = channel.store.objects
            theirs.publish("b")
            raise StorageError("connection closed")

    channel.store.before = overtake
    theirs.runtime = SequentialRuntime("other")
    theirs.subdir_index = SubdirIndex(store=theirs.store, layout=theirs.layout, subdir="noarch", runtime=theirs.runtime)
    channel.publish("a")
    assert list(channel.repodata()["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check_formats_agree()
