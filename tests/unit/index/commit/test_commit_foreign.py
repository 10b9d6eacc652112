"""A commit to an index that another tool wrote, or that is not there."""

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
from support.index_model.memory_subdir import INDEX, Channel, package


def test_what_another_tool_wrote_is_kept_and_not_built_on() -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    document = channel.truth()
    document["info"]["more"] = {"deep": [1.5]}
    document["top"] = [None]
    document["v3"] = {"conda": {"x-1.0-0": {"name": "x", "sha256": "00", "indexed_timestamp": 7}}}
    channel.put(REPODATA, document)
    with pytest.raises(ForeignIndexError):
        commit(channel.target, lambda: Change(records=dict([package("b")])))
    channel.publish("b")
    written = channel.truth()
    assert written["info"]["more"] == {"deep": [1.5]}
    assert (written["top"], written["v3"]) == ([None], document["v3"])
    assert written["info"]["repodata_revisions"] == {"v3": {"n_packages": 1, "oldest": 7, "newest": 7}}
    assert list(written["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check()


def test_no_index_at_all_is_not_taken_for_an_empty_one() -> None:
    channel = Channel()
    with pytest.raises(ForeignIndexError):
        commit(channel.target, lambda: Change(records=dict([package("a")])))
    channel.publish("a")
    channel.check()


def test_an_index_that_is_patched_or_whose_packages_lie_elsewhere_is_left_alone() -> None:
    for name, data in (("repodata_from_packages.json", {}), (REPODATA, {"info": {"base_url": "https://x.org/noarch"}})):
        channel = Channel().skeleton()
        channel.put(name, data)
        before = dict(channel.store.objects)
        with pytest.raises(RefusedError):
            channel.publish("a")
        assert {key: channel.store.objects[key] for key in before} == before


@pytest.mark.parametrize("base", ["", "./", "https://x.org/c/noarch/"])
def test_a_base_url_of_its_own_is_kept(base: str) -> None:
    channel = Channel()
    channel.target = SubdirIndex(
        store=channel.store, layout=channel.layout, subdir="noarch", means=channel.means, urls=("https://x.org/c",)
    )
    channel.put(REPODATA, {"info": {"base_url": base}, "repodata_version": 2})
    channel.publish("a")
    assert channel.truth()["info"]["base_url"] == base
    assert channel.truth()["repodata_version"] == 2


def test_a_truth_of_another_tool_is_not_derived_from() -> None:
    channel = Channel().skeleton()
    channel.put(REPODATA, {"info": {}})
    assert repair_derived(channel.target) == ()


@pytest.mark.parametrize("info", [{}, {"info": {}}, {"info": {"subdir": None}}])
def test_an_index_that_does_not_say_its_subdir_gets_it(info: dict[str, object]) -> None:
    channel = Channel()
    channel.put(REPODATA, info)
    write_missing(channel.store, channel.layout)
    assert shard_info(channel)["subdir"] == "noarch"
    channel.publish("a")
    assert channel.truth()["info"]["subdir"] == "noarch"
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check()


def test_a_shard_index_of_ours_that_does_not_say_its_subdir_is_mended() -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    stored = channel.store.objects[INDEX]
    index = msgspec.msgpack.decode(decompress(stored.data) or b"")
    del index["info"]["subdir"]
    channel.store.objects[INDEX] = replace(stored, data=compress(msgspec.msgpack.encode(index), 1))
    assert repair_derived(channel.target) == (FILE_NAMES["shards"],)
    assert shard_info(channel)["subdir"] == "noarch"
    channel.check()


def shard_info(channel: Channel) -> dict[str, object]:
    index = msgspec.msgpack.decode(decompress(channel.store.objects[INDEX].data) or b"")
    found: dict[str, object] = index["info"]
    return found
