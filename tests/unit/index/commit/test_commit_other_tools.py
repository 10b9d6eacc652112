"""Commits to an index that another tool wrote, or to a missing one."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, compress, decompress
from chaninfra.channel.conda.skeleton import write_missing
from chaninfra.channel.errors import RefusedError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import ForeignIndexError, commit, repair_derived
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.memory_subdir import INDEX, MemoryChannel, package


def test_an_index_of_another_tool_needs_a_reindex_which_keeps_its_content() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    document = channel.repodata()
    document["info"]["more"] = {"deep": [1.5]}
    document["top"] = [None]
    document["v3"] = {"conda": {"x-1.0-0": {"name": "x", "sha256": "00", "indexed_timestamp": 7}}}
    channel.put(REPODATA, document)
    with pytest.raises(ForeignIndexError):
        commit(channel.subdir_index, lambda: Change(records=dict([package("b")])))
    channel.publish("b")
    written = channel.repodata()
    assert written["info"]["more"] == {"deep": [1.5]}
    assert (written["top"], written["v3"]) == ([None], document["v3"])
    assert written["info"]["repodata_revisions"] == {"v3": {"n_packages": 1, "oldest": 7, "newest": 7}}
    assert list(written["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check_formats_agree()


def test_a_missing_index_needs_a_reindex() -> None:
    channel = MemoryChannel()
    with pytest.raises(ForeignIndexError):
        commit(channel.subdir_index, lambda: Change(records=dict([package("a")])))
    channel.publish("a")
    channel.check_formats_agree()


def test_an_index_with_patches_or_packages_elsewhere_is_not_written() -> None:
    for name, data in (("repodata_from_packages.json", {}), (REPODATA, {"info": {"base_url": "https://x.org/noarch"}})):
        channel = MemoryChannel().skeleton()
        channel.put(name, data)
        before = dict(channel.store.objects)
        with pytest.raises(RefusedError):
            channel.publish("a")
        assert {key: channel.store.objects[key] for key in before} == before


@pytest.mark.parametrize("base", ["", "./", "https://x.org/c/noarch/"])
def test_a_base_url_of_this_channel_is_kept(base: str) -> None:
    channel = MemoryChannel()
    channel.subdir_index = SubdirIndex(
        store=channel.store, layout=channel.layout, subdir="noarch", runtime=channel.runtime, urls=("https://x.org/c",)
    )
    channel.put(REPODATA, {"info": {"base_url": base}, "repodata_version": 2})
    channel.publish("a")
    assert channel.repodata()["info"]["base_url"] == base
    assert channel.repodata()["repodata_version"] == 2


def test_derived_files_of_another_tools_index_are_not_repaired() -> None:
    channel = MemoryChannel().skeleton()
    channel.put(REPODATA, {"info": {}})
    assert repair_derived(channel.subdir_index) == ()


@pytest.mark.parametrize("info", [{}, {"info": {}}, {"info": {"subdir": None}}])
def test_an_index_without_a_subdir_gets_one(info: dict[str, object]) -> None:
    channel = MemoryChannel()
    channel.put(REPODATA, info)
    write_missing(channel.store, channel.layout)
    assert shard_info(channel)["subdir"] == "noarch"
    channel.publish("a")
    assert channel.repodata()["info"]["subdir"] == "noarch"
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check_formats_agree()


def test_a_shard_index_without_a_subdir_is_repaired() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    stored = channel.store.objects[INDEX]
    index = msgspec.msgpack.decode(decompress(stored.data, 1 << 30) or b"")
    del index["info"]["subdir"]
    channel.store.objects[INDEX] = replace(stored, data=compress(msgspec.msgpack.encode(index), 1))
    assert repair_derived(channel.subdir_index) == (FILE_NAMES["shards"],)
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check_formats_agree()


def shard_info(channel: MemoryChannel) -> dict[str, object]:
    index = msgspec.msgpack.decode(decompress(channel.store.objects[INDEX].data, 1 << 30) or b"")
    found: dict[str, object] = index["info"]
    return found
