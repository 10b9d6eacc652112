"""A shard index that names more shards than there are: whoever reads all of them asks for a bounded number, and says
what is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.commands.ls import _lost
from chaninfra.index.channel import Channel
from chaninfra.index.contents import contents_of
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex
from chaninfra.index.whole import read_whole
from chaninfra.index.yank import unyank, yank
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import MemoryChannel
from support.index_model.memory_subdir import package as made_up
from support.index_model.processes import FOLDER, INDEX, JSON, ZST, channel, channel_with

PROMISED = 8_000
MOST = 3_500
"""So many GETs and HEADs: each of at most three readings of all asks for a first part of the shards."""

COMMANDS: dict[str, Callable[[Channel], object]] = {
    "ls": contents_of,
    "yank": lambda on: yank(on, ["b"], "why"),
    "unyank": lambda on: unyank(on, ["a"]),
    "reindex --check": lambda on: reindex(on, ["noarch"], mode="check"),
    "reindex": lambda on: reindex(on, ["noarch"]),
    "reindex --force": lambda on: reindex(on, ["noarch"], "all"),
    "gc": lambda on: collect_subdir(on.subdir_index("noarch"), "write"),
}


def opened(store: MemoryStore) -> Channel:
    """The channel in this store, for reading too."""
    on = channel(store, SequentialRuntime("reader"))
    vars(on)["store"] = lambda: store
    return on


def forged(store: MemoryStore, names: dict[str, bytes], *, ours: bool, without: tuple[str, ...]) -> None:
    """Put a shard index that names these shards too, with our stamp or without one; and take other files away."""
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    more = msgspec.structs.replace(index.stamp, log=()) if ours and index.stamp else None
    document = ShardIndex(hashes={**index.hashes, **names}, stamp=more, info=index.info)
    store.objects[INDEX] = ObjectBody(data=document.encode(1, 0), content_type="")
    for key in without:
        del store.objects[key]


def absent(number: int = PROMISED) -> dict[str, bytes]:
    return {f"n{each:05}": hashlib.sha256(b"%d" % each).digest() for each in range(number)}


@pytest.fixture(scope="module")
def sound() -> dict[str, ObjectBody]:
    """The objects of a channel with the packages a and b, of which a is yanked."""
    store = channel_with("a", "b")
    yank(opened(store), ["a"], "why")
    return dict(store.objects)


def kept(store: MemoryStore) -> None:
    """Package b has its record, and a is still yanked."""
    found = contents_of(opened(store))
    assert {each.name: each.yanked for each in found.packages if each.name in "ab"} in (
        {"a": "why", "b": None},
        {"a": "why", "b": "why"},
        {"a": None, "b": None},
    )


@pytest.mark.parametrize("without", [(), (JSON, ZST)], ids=["beside repodata.json", "alone"])
@pytest.mark.parametrize("ours", [True, False], ids=["with our stamp", "of another tool"])
@pytest.mark.parametrize("shared", [False, True], ids=["absent", "one shard for all"])
@pytest.mark.parametrize("command", COMMANDS)
def test_shards_that_are_not_there_are_not_asked_for_one_by_one(
    command: str, shared: bool, ours: bool, without: tuple[str, ...], sound: dict[str, ObjectBody]
) -> None:
    store = MemoryStore()
    store.objects = dict(sound)
    names = absent()
    if shared:
        index = ShardIndex.parse(store.objects[INDEX].data)
        assert index is not None
        names = dict.fromkeys(names, index.hashes["b"])
    forged(store, names, ours=ours, without=without)
    store.requests.clear()
    COMMANDS[command](opened(store))
    assert store.requests["get"] + store.requests["head"] < MOST, store.requests
    assert store.requests["list"] < 20
    kept(store)


def test_a_reindex_leaves_none_of_them_in_the_index(sound: dict[str, ObjectBody]) -> None:
    store = MemoryStore()
    store.objects = dict(sound)
    forged(store, absent(), ours=True, without=(JSON, ZST))
    reindex(opened(store), ["noarch"])
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    assert {*index.hashes} == {"a", "b"}
    assert all(f"{FOLDER}/{shard_key(digest)}" in store.objects for digest in index.hashes.values())
    assert not contents_of(opened(store)).lost


def test_ls_says_that_shards_are_missing_and_lists_what_is_there(sound: dict[str, ObjectBody]) -> None:
    store = MemoryStore()
    store.objects = dict(sound)
    forged(store, absent(), ours=True, without=(JSON, ZST))
    found = contents_of(opened(store))
    assert {each.name for each in found.packages} == {"a", "b"}
    [lost] = found.lost
    assert (lost.subdir, lost.count, lost.names[:2]) == ("noarch", PROMISED, ("n00000", "n00001"))
    assert len(lost.names) <= 5
    error = _lost(found.lost, "chaninfra reindex x")
    assert error.exit_code == 3
    assert str(error) == (
        "8,000 shards that the index of noarch names are missing or damaged (n00000, n00001, n00002, n00003, n00004 "
        "and 7,995 more): clients do not find these packages, and this list may lack them\n"
        "  run `chaninfra reindex x`, which makes them again from the packages that are there"
    )


def test_many_real_shards_are_read_where_nothing_else_is_there() -> None:
    made = MemoryChannel(IndexSettings(monolith="never")).skeleton()
    names = [f"n{each:04}" for each in range(3_500)]
    made.publish(*names)
    made.store.requests.clear()
    whole = read_whole(made.subdir_index)
    assert {file for file, _, _ in whole.repodata.files()} == {made_up(name)[0] for name in names}
    assert whole.lost == set()
    assert made.store.requests["list"] == 1  # the history


def test_after_a_lost_shard_those_that_are_there_are_still_read() -> None:
    made = MemoryChannel(IndexSettings(monolith="never")).skeleton()
    names = [f"n{each:04}" for each in range(2_500)]
    made.publish(*names)
    index = made.index()
    gone = {"n0000", "n0001", "n2400"}
    for name in gone:
        del made.store.objects[f"c/noarch/{shard_key(index.hashes[name])}"]
    whole = read_whole(made.subdir_index)
    assert whole.lost == gone
    assert whole.repodata.count == 2_497
