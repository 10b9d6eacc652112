"""Commits with faults: a crash, a lost answer, another writer in between. Nothing is lost or written twice."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ConflictError, StorageError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.runtime import ATTEMPTS
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package


def shards(channel: MemoryChannel) -> set[str]:
    """The keys of all shards in the store."""
    return {key for key in channel.store.objects if "/shards/" in key}


@pytest.mark.parametrize("at", ["/shards/", "/history/", INDEX, JSON, ZST])
def test_the_commit_after_a_crash_makes_the_files_agree_and_only_its_own_shard(at: str) -> None:
    channel = MemoryChannel().skeleton()
    channel.publish(*"abcdefgh")

    def crash(kind: str, key: str) -> None:
        if kind == "put" and at in key:
            raise KeyboardInterrupt

    channel.store.before = crash
    with pytest.raises(KeyboardInterrupt):
        channel.publish("a", content=b"2")
    channel.store.before = lambda kind, key: None
    before = shards(channel)
    channel.publish("b", content=b"2")
    assert len(shards(channel) - before) == 1
    # The record of a was committed or not, and its old one is not lost. What was committed is kept later.
    sha256 = channel.sharded()["a-1.0-0.conda"]["sha256"]
    assert sha256 == (b"1" if at in ("/shards/", INDEX) else b"2").hex().zfill(64)
    kept = [int(key.rsplit("/", 1)[1]) for key in channel.store.objects if "/history/" in key]
    assert sorted(kept) == [*range(1, channel.number() + 1)]
    channel.check_formats_agree()


@pytest.mark.parametrize("error", [ConflictError("412"), StorageError("500"), UnreachableError("reset")])
def test_a_lost_answer_to_the_commit_is_recognized(error: Exception) -> None:
    channel = MemoryChannel().skeleton()
    put = channel.store.put
    failed = []

    def lost(key: str, body: ObjectBody, condition: Any = None) -> str:
        done = put(key, body, condition)
        if key == INDEX and not failed:
            failed.append(key)
            raise error
        return done

    channel.store.put = lost  # type: ignore[method-assign]
    channel.publish("a")
    assert channel.store.log.count(("put", INDEX)) == 1
    assert channel.number() == 2
    channel.check_formats_agree()


@pytest.mark.parametrize("key", [ZST, JSON])
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


@pytest.mark.parametrize("at", ["/shards/", "/history/", INDEX])
def test_an_error_of_the_store_is_raised_without_another_attempt(at: str) -> None:
    channel = MemoryChannel().skeleton()
    before = channel.store.objects[INDEX]

    def fail(kind: str, key: str) -> None:
        if kind == "put" and at in key:
            raise StorageError("500")

    channel.store.before = fail
    with pytest.raises(StorageError, match="500"):
        channel.publish("a")
    assert len([key for kind, key in channel.store.log if kind == "put" and at in key]) == 1
    assert channel.store.objects[INDEX] == before


@pytest.mark.parametrize("key", [INDEX, ZST, JSON])
def test_an_error_of_the_store_at_reading_stops_before_the_index_is_written(key: str) -> None:
    """Only "not found" means absent."""
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = {name: channel.store.objects[name] for name in (INDEX, JSON, ZST)}

    def fail(kind: str, asked: str) -> None:
        if kind in ("get", "head") and asked == key:
            raise StorageError("403")

    channel.store.before = fail
    with pytest.raises(StorageError, match="403"):
        channel.publish("b")
    assert {name: channel.store.objects[name] for name in before} == before


def test_shards_older_than_a_day_are_uploaded_again() -> None:
    """A gc may have marked them, and delete them a week later."""
    channel = MemoryChannel().skeleton()
    made: list[str] = []

    def sleep(kind: str, key: str) -> None:
        if kind == "put" and "/shards/" in key:
            made.append(key)
            if len(made) == 1:
                channel.runtime.time += 2 * 24 * 60 * 60 * 1000

    channel.store.before = sleep
    channel.publish("a")
    index = read_our_authority(channel.subdir_index).index
    assert index is not None
    assert [f"c/noarch/{key}" for key in index.keys()] == made[1:]  # noqa: SIM118 (no dict)
    channel.check_formats_agree()


def test_a_commit_whose_connection_closed_because_it_lost_is_repeated() -> None:
    channel = MemoryChannel().skeleton()
    theirs = channel.other()
    cut: list[str] = []

    def overtake(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not cut:
            cut.append(key)
            theirs.publish("b")
            raise StorageError("connection closed")

    channel.store.before = overtake
    channel.publish("a")
    assert list(channel.repodata()["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check_formats_agree()


class Overtaken:
    """A hook for MemoryStore: before each of the first PUTs of the authoritative index another writer commits one of
    these changes.
    """

    def __init__(self, channel: MemoryChannel, *theirs: dict[str, bytes]) -> None:
        """Each of `theirs`: package name → content."""
        self._other = channel.other()
        self._left = [*theirs]

    def __call__(self, kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and self._left:
            for name, content in self._left.pop(0).items():
                self._other.publish(name, content=content)


def drop(channel: MemoryChannel, *names: str) -> None:
    """Commit that these packages are missing, by a listing."""
    commit(channel.subdir_index, lambda: Change(missing=[package(name)[0] for name in names]), when="changed")


def test_after_a_lost_attempt_only_the_packages_that_changed_meanwhile_are_looked_at_again() -> None:
    """So a re-index of many drops ends beside busy publishers."""
    channel = MemoryChannel().skeleton()
    names = [f"p{number}" for number in range(40)]
    channel.publish(*names)
    for name in names[:30]:
        del channel.store.objects[f"c/noarch/{name}-1.0-0.conda"]
    channel.store.before = Overtaken(channel, {"p39": b"2"}, {"more": b"1"}, {"p5": b"2"})
    channel.store.requests.clear()
    channel.store.log.clear()
    drop(channel, *names[:35])
    heads = [key for kind, key in channel.store.log if kind == "head" and key.endswith(".conda")]
    # p5 is back: it alone is looked at again.
    assert sorted(heads) == sorted(
        [*(f"c/noarch/{name}-1.0-0.conda" for name in names[:35]), "c/noarch/p5-1.0-0.conda"]
    )
    gets = [key for kind, key in channel.store.log if kind == "get" and "/shards/" in key]
    assert len(gets) == len(set(gets))
    puts = [key for kind, key in channel.store.log if kind == "put" and "/shards/" in key]
    # No record is left of the others, so they have no shard.
    assert puts == []
    assert {*channel.index().hashes} == {*names[30:], "p5", "more"}
    assert channel.sharded()["p5-1.0-0.conda"]["sha256"] == b"2".hex().zfill(64)
    channel.check_formats_agree()


def test_new_shards_that_still_hold_are_not_put_again() -> None:
    channel = MemoryChannel().skeleton()
    channel.store.before = Overtaken(channel, {"x": b"1"}, {"y": b"1"}, {"b": b"1"})
    channel.store.log.clear()
    channel.publish(*"abc")
    puts = [key for kind, key in channel.store.log if kind == "put" and "/shards/" in key]
    # Those of a, b and c, and of b once more: the other writer's shard of it is another one.
    assert len(puts) == 4
    assert {*channel.index().hashes} == {*"abcxy"}
    assert {f"c/noarch/{shard_key(digest)}" for digest in channel.index().hashes.values()} <= shards(channel)
    channel.check_formats_agree()


def test_a_yank_that_is_committed_meanwhile_is_applied() -> None:
    channel = MemoryChannel().skeleton()
    other = channel.other()
    done: list[str] = []

    def yank(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not done:
            done.append(key)
            commit(other.subdir_index, lambda: Change(yanks={"a-1.0-0.conda": Yank(when="x")}))

    channel.store.before = yank
    channel.publish("a")
    assert channel.sharded() == {}
    assert channel.repodata()["removed"] == ["a-1.0-0.conda"]
    channel.check_formats_agree()


def test_a_writer_that_always_loses_gives_up_with_an_error() -> None:
    channel = MemoryChannel().skeleton()
    channel.store.before = Overtaken(channel, *({f"x{number}": b"1"} for number in range(ATTEMPTS)))
    with pytest.raises(ConflictError, match="other writers committed first") as caught:
        channel.publish("a")
    assert caught.value.where == INDEX
    assert caught.value.remedy
    assert len(channel.index().hashes) == ATTEMPTS
    assert FILE_NAMES["shards"] in INDEX
    channel.check_formats_agree()
