"""Commits to an index that another tool wrote, or to a missing one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, compress, decompress
from chaninfra.channel.conda.skeleton import write_missing
from chaninfra.channel.errors import InvalidRepodataError, RefusedError
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.whole import check_writable
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package
from support.index_model.processes import file
from support.index_model.processes import package as real_package


def adopting(channel: MemoryChannel, *names: str) -> None:
    """Publish real packages, as `publish` does."""
    records = {}
    for name in names:
        packed = real_package(name)
        channel.put(file(name), packed.path.read_bytes())
        etag = channel.store.entry(f"c/noarch/{file(name)}").etag
        records[file(name)] = packed.package.index_record(file(name), "noarch", etag)
    commit_adopting(channel.subdir_index, lambda: Change(records=records))


def foreign_keys() -> MemoryChannel:
    """A channel in which another tool has written repodata.json, and has added to it."""
    channel = MemoryChannel().skeleton()
    adopting(channel, "a")
    document = channel.repodata()
    document["info"]["more"] = {"deep": [1.5]}
    document["top"] = [None]
    document["v3"] = {"whl": {"x-1.0-0": {"name": "x", "sha256": "00", "indexed_timestamp": 7}}}
    channel.put(REPODATA, document)
    return channel


def test_an_index_of_another_tool_needs_a_reindex_which_keeps_its_content() -> None:
    channel = foreign_keys()
    document = channel.repodata()
    before = dict(channel.store.objects)
    with pytest.raises(ForeignIndexError, match=r"repodata\.json was written by another tool"):
        commit(channel.subdir_index, lambda: Change(records=dict([package("b")])))
    assert {key: channel.store.objects[key] for key in (INDEX, JSON, ZST)} == {
        key: before[key] for key in (INDEX, JSON, ZST)
    }
    adopting(channel, "b")
    written = channel.repodata()
    assert written["v3"] == document["v3"]
    assert written["info"]["more"] == {"deep": [1.5]}
    assert written["top"] == [None]
    assert (channel.index().info["more"], [*channel.index().other]) == ({"deep": [1.5]}, ["top"])
    assert written["info"]["repodata_revisions"] == {"v3": {"n_packages": 1, "oldest": 7, "newest": 7}}
    assert list(written["packages.conda"]) == [file("a"), file("b")]
    assert not reindex_subdir(channel.subdir_index).differed
    assert written["packages.conda"][file("a")] == document["packages.conda"][file("a")]
    channel.check_formats_agree()


def test_the_keys_of_another_tool_are_kept_where_the_authoritative_index_is_not_ours() -> None:
    channel = foreign_keys()
    del channel.store.objects[INDEX]
    adopting(channel, "b")
    written = channel.repodata()
    assert written["info"]["more"] == {"deep": [1.5]}
    assert written["top"] == [None]
    assert channel.index().info["more"] == {"deep": [1.5]}
    adopting(channel, "c")
    assert (channel.repodata()["info"]["more"], channel.repodata()["top"]) == ({"deep": [1.5]}, [None])
    channel.check_formats_agree()


def test_a_missing_index_needs_a_reindex() -> None:
    channel = MemoryChannel()
    with pytest.raises(ForeignIndexError, match="there is no index"):
        commit(channel.subdir_index, lambda: Change(records=dict([package("a")])))
    adopting(channel, "a")
    assert channel.number() == 2
    channel.check_formats_agree()


@pytest.mark.parametrize("data", [b"", b"none", "linux-64"])
def test_a_damaged_index_and_that_of_another_subdir_need_a_reindex(data: bytes | str) -> None:
    channel = MemoryChannel().skeleton()
    adopting(channel, "a")
    record = channel.repodata()["packages.conda"]
    number = channel.number()
    if isinstance(data, str):
        data = replace(channel.index(), info={"subdir": data}).encode(1, 0)
    channel.put(FILE_NAMES["shards"], data)
    with pytest.raises(ForeignIndexError, match="the index is damaged"):
        commit(channel.subdir_index, lambda: Change(records=dict([package("b")])))
    channel.runtime.time += 1
    adopting(channel, "b")
    assert channel.repodata()["packages.conda"].items() >= record.items()
    # Numbers only grow.
    assert channel.number() > number
    channel.check_formats_agree()


def test_a_patched_index_is_not_written() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("b")
    channel.put(REPODATA, channel.repodata())
    document = channel.repodata()
    document["packages.conda"]["b-1.0-0.conda"]["depends"] = ["a"]
    channel.put("repodata_from_packages.json", document)
    before = dict(channel.store.objects)
    with pytest.raises(RefusedError):
        reindex_subdir(channel.subdir_index)
    with pytest.raises(RefusedError):
        check_writable(channel.subdir_index)
    with pytest.raises(RefusedError):
        adopting(channel, "a")
    assert {key: channel.store.objects[key] for key in before} == before


@pytest.mark.parametrize("kind", ["json", "shards", "both"])
def test_an_index_whose_packages_are_elsewhere_is_not_written(kind: str) -> None:
    channel = MemoryChannel().skeleton()
    if kind != "shards":
        channel.put(REPODATA, {"info": {"base_url": "https://x.org/noarch"}})
    if kind != "json":
        index = replace(channel.index(), info={"subdir": "noarch", "base_url": "https://x.org/noarch"}, stamp=None)
        channel.put(FILE_NAMES["shards"], index.encode(1, 0))
    before = dict(channel.store.objects)
    with pytest.raises(RefusedError, match="elsewhere"):
        reindex_subdir(channel.subdir_index)
    with pytest.raises(RefusedError, match="elsewhere"):
        adopting(channel, "a")
    assert {key: channel.store.objects[key] for key in before} == before


@pytest.mark.parametrize("base", ["", "./", "https://x.org/c/noarch/"])
def test_a_base_url_of_this_channel_is_kept(base: str) -> None:
    channel = MemoryChannel()
    channel.subdir_index = replace(channel.subdir_index, urls=("https://x.org/c",))
    channel.put(REPODATA, {"info": {"base_url": base}, "repodata_version": 2})
    adopting(channel, "a")
    assert channel.repodata()["info"].get("base_url", "") == base
    assert channel.repodata()["repodata_version"] == (2 if base else 1)
    assert shard_info(channel)["base_url"] == base
    adopting(channel, "b")
    assert channel.repodata()["info"].get("base_url", "") == base


@pytest.mark.parametrize("info", [{}, {"info": {}}, {"info": {"subdir": None}}])
def test_an_index_without_a_subdir_gets_one(info: dict[str, object]) -> None:
    channel = MemoryChannel()
    channel.put(REPODATA, info)
    write_missing(channel.store, channel.layout)
    assert shard_info(channel)["subdir"] == "noarch"
    adopting(channel, "a")
    assert channel.repodata()["info"]["subdir"] == "noarch"
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check_formats_agree()


def test_a_shard_index_without_a_subdir_is_repaired() -> None:
    channel = MemoryChannel().skeleton()
    adopting(channel, "a")
    stored = channel.store.objects[INDEX]
    index = msgspec.msgpack.decode(decompress(stored.data, 1 << 30) or b"")
    del index["info"]["subdir"]
    channel.store.objects[INDEX] = replace(stored, data=compress(msgspec.msgpack.encode(index), 1))
    reindex_subdir(channel.subdir_index)
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check_formats_agree()


def test_a_key_that_no_shard_index_can_have_is_an_error_that_names_it() -> None:
    channel = MemoryChannel()
    channel.put(REPODATA, {"info": {}, "more": 10**30})
    before = dict(channel.store.objects)
    with pytest.raises(InvalidRepodataError, match=r"c/noarch/repodata\.json: 'more' is not valid") as caught:
        reindex_subdir(channel.subdir_index)
    assert "--force" in str(caught.value.remedy)
    assert channel.store.objects == before
    reindex_subdir(channel.subdir_index, "all")
    assert "more" not in channel.repodata()
    channel.check_formats_agree()


def shard_info(channel: MemoryChannel) -> dict[str, Any]:
    index = msgspec.msgpack.decode(decompress(channel.store.objects[INDEX].data, 1 << 30) or b"")
    found: dict[str, Any] = index["info"]
    return found
