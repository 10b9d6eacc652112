"""The skeleton of a channel: which index files are written where some of them, or all, are missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import FORMATS, Format, IndexSettings, Monolith
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.skeleton import existing_index_keys, write_missing
from chaninfra.index.commit.history import history_key
from chaninfra.index.reindex import reindex_subdir
from support.channels.skeletons import LAYOUT, SETTINGS, Memory, indexed, plain, records_of
from support.index_model.memory_subdir import MemoryChannel


def test_an_empty_bucket_gets_every_index_file_once() -> None:
    store = Memory({})
    written = write_missing(store, LAYOUT)
    assert set(written.keys) == set(index_keys(LAYOUT)) == set(store.objects)
    assert existing_index_keys(store, LAYOUT) == index_keys(LAYOUT)
    assert write_missing(store, LAYOUT).keys == ()
    # The authoritative index is written last: with it the subdir is indexed.
    for subdir in LAYOUT.subdirs:
        own = [key for key in store.puts if f"/{subdir}/" in key]
        assert own[-1].endswith("/repodata_shards.msgpack.zst")


def test_an_empty_index_is_the_first_commit() -> None:
    store = Memory({})
    write_missing(store, LAYOUT)
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert index.stamp is not None
    assert (index.stamp.number, index.stamp.count, index.hashes) == (1, 0, {})
    data = store.objects["team/main/noarch/repodata.json"].data
    for name in ("repodata.json", "repodata.json.zst"):
        assert store.objects[f"team/main/noarch/{name}"].metadata == Origin.of(1, data).metadata()


def test_a_channel_of_shards_alone() -> None:
    layout = ChannelLayout("team/main", ("noarch",), IndexSettings(monolith="never"))
    store = Memory({})
    assert write_missing(store, layout).keys == ("team/main/noarch/repodata_shards.msgpack.zst",)
    assert write_missing(store, layout).keys == ()
    assert [*store.objects] == ["team/main/noarch/repodata_shards.msgpack.zst"]


@pytest.mark.parametrize("lost", [["json"], ["zst"]])
def test_missing_derived_files_are_made_from_what_is_there(lost: list[Format]) -> None:
    whole = indexed("noarch")
    missing = {f"team/main/noarch/{FILE_NAMES[kind]}" for kind in lost}
    store = Memory({key: stored for key, stored in whole.items() if key not in missing})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert (set(written.keys), written.to_reindex) == (missing, ())
    assert {key: (stored.data, stored.metadata) for key, stored in store.objects.items()} == {
        key: (stored.data, stored.metadata) for key, stored in whole.items()
    }


@pytest.mark.parametrize("there", [["json"], ["zst"], ["json", "zst"]])
def test_a_missing_shard_index_is_made_from_repodata_json_and_is_none_of_ours(there: list[Format]) -> None:
    whole = indexed("noarch")
    keys = {f"team/main/noarch/{FILE_NAMES[kind]}" for kind in there}
    store = Memory({key: stored for key, stored in whole.items() if key in keys})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert written.to_reindex == ()
    assert records_of(store, "noarch") == {key: {"hello-1.0-0.conda"} for key in FORMATS}
    # The next commit looks at the packages first: repodata.json may be behind.
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert index.stamp is None
    # Shards come before the index that names them.
    assert "/shards/" in store.puts[0]


def test_a_repodata_json_of_another_tool_stays_another_tools() -> None:
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}, "more": {"x": [1.5]}}
    store = Memory({"team/main/noarch/repodata.json": plain(msgspec.json.encode(document))})
    write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert Origin.read(store.objects["team/main/noarch/repodata.json.zst"].metadata) is None
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert (index.stamp, {key: msgspec.msgpack.decode(raw) for key, raw in index.other.items()}) == (
        None,
        {"more": {"x": [1.5]}},
    )


@pytest.mark.parametrize("tool", ["ours", "another"])
def test_where_only_shards_are_there_a_reindex_makes_the_other_files_and_keeps_what_they_are_made_from(
    tool: str,
) -> None:
    """A derived file of a state that is not in the history would hide from the next commit that it must keep it."""
    channel = MemoryChannel().skeleton()
    channel.publish("hello")
    index = channel.index()
    if tool == "another":
        channel.put(FILE_NAMES["shards"], replace(index, stamp=None).encode(1, 0))
    for key in [key for key in channel.store.objects if key.endswith((".json", ".json.zst")) or "/history/" in key]:
        del channel.store.objects[key]
    before = dict(channel.store.objects)
    written = write_missing(channel.store, channel.layout)
    assert (written.keys, written.to_reindex) == ((), ("noarch",))
    assert channel.store.objects == before
    reindex_subdir(channel.subdir_index)
    channel.check_formats_agree()
    assert history_key(channel.subdir_index, channel.number()) in channel.store.objects


@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_a_channel_that_asks_for_run_exports_later(monolith: Monolith) -> None:
    channel = MemoryChannel(IndexSettings(monolith=monolith)).skeleton()
    asking = ChannelLayout("c", ("noarch",), IndexSettings(monolith=monolith, run_exports=True))
    store = Memory(channel.store.objects)
    keys = {"c/noarch/run_exports.json", "c/noarch/run_exports.json.zst"}
    written = write_missing(store, asking)
    assert (set(written.keys), written.to_reindex) == (keys, ())
    assert {Origin.read(store.objects[key].metadata) for key in keys} == {Origin.of(1, store.objects[min(keys)].data)}
    # Only the next commit, or a re-index, knows what to write where there are packages.
    channel.publish("hello")
    written = write_missing(Memory(channel.store.objects), asking)
    assert (written.keys, written.to_reindex) == ((), ("noarch",))


@pytest.mark.parametrize("lost", [["json"], ["zst"], ["json", "zst"]])
def test_the_files_of_a_subdir_without_packages_are_made_again(lost: list[Format]) -> None:
    """As when `index.monolith` is no longer `never`."""
    whole = Memory({})
    write_missing(whole, LAYOUT)
    missing = {LAYOUT.key(subdir, FILE_NAMES[kind]) for kind in lost for subdir in LAYOUT.subdirs}
    store = Memory({key: stored for key, stored in whole.objects.items() if key not in missing})
    written = write_missing(store, LAYOUT)
    assert (set(written.keys), written.to_reindex) == (missing, ())
    assert {key: (made.data, made.metadata) for key, made in store.objects.items() if key in missing} == {
        key: (made.data, made.metadata) for key, made in whole.objects.items() if key in missing
    }


@pytest.mark.parametrize(
    "key",
    [
        "team/main/noarch/hello-1.0-0.conda",
        "team/main/noarch/hello-1.0-0.tar.bz2",
        f"team/main/noarch/shards/{'0' * 64}.msgpack.zst",
        "team/main/noarch/repodata_from_packages.json",
        "team/main/noarch/repodata.json.bz2",
        "team/main/.chaninfra/history/noarch/3",
    ],
)
@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_a_subdir_with_packages_or_a_trace_of_an_index_needs_reindex(key: str, monolith: Any) -> None:
    """An authoritative index that was deleted while others lie there is never taken for an empty channel."""
    store = Memory({key: plain(b"a package")})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), IndexSettings(monolith=monolith)))
    assert (written.keys, written.to_reindex) == ((), ("noarch",))
    assert [*store.objects] == [key]


@pytest.mark.parametrize("key", ["team/main/noarch/README.md", "team/main/.chaninfra/history/linux-64/3"])
def test_other_files_are_no_trace_of_an_index(key: str) -> None:
    store = Memory({key: plain(b"text")})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert (len(written.keys), written.to_reindex) == (3, ())
