"""A shard that the store has, and that is damaged: whoever comes upon it makes it again from the packages."""

from __future__ import annotations

from functools import cache

import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.reindex import Scope, reindex
from chaninfra.index.yank import yank
from support.cases.index_damage import shard_of_a, truncate
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, INDEX, channel, channel_with, file, publishing


@cache
def sound() -> dict[str, ObjectBody]:
    return dict(channel_with("a", "a-2", "b").objects)


@pytest.fixture
def store() -> MemoryStore:
    """A channel with a-1, a-2 and b, in which the shard of a is cut off."""
    store = MemoryStore()
    store.objects = dict(sound())
    truncate(store, shard_of_a(store))
    return store


def files(store: MemoryStore) -> set[str]:
    """The files in the shards, all of which must be sound."""
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    found: set[str] = set()
    for name, digest in index.hashes.items():
        shard = parse_shard(store.objects[f"{FOLDER}/{shard_key(digest)}"].data, name, digest)
        assert shard is not None, name
        found.update(shard.records["packages.conda"])
    return found


def again(store: MemoryStore, scope: Scope) -> None:
    opened = channel(store, SequentialRuntime("again"))
    vars(opened)["store"] = lambda: store
    reindex(opened, ["noarch"], scope)


def test_force_makes_it_again(store: MemoryStore) -> None:
    again(store, "all")
    assert files(store) == {file("a"), file("a-2"), file("b")}


def test_a_publish_makes_it_again(store: MemoryStore) -> None:
    publishing("a-3").run(store, SequentialRuntime("publish"))
    assert files(store) == {file("a"), file("a-2"), file("a-3"), file("b")}


def test_a_yank_makes_it_again(store: MemoryStore) -> None:
    yank(channel(store, SequentialRuntime("yank")), [file("a")], None)
    assert files(store) == {file("a-2"), file("b")}


def test_a_reindex_that_must_change_it_makes_it_again(store: MemoryStore) -> None:
    del store.objects[f"{FOLDER}/{file('a-2')}"]
    again(store, "changed")
    assert files(store) == {file("a"), file("b")}
