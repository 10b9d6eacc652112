"""The number of records in the commit stamp, after shards were lost or another program miscounted."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.index.reindex import reindex_subdir
from support.channels.archives import conda, index_json
from support.index_model.memory_subdir import INDEX, MemoryChannel


def index(of: MemoryChannel) -> ShardIndex:
    found = ShardIndex.parse(of.store.objects[INDEX].data)
    assert found is not None
    return found


def count(of: MemoryChannel) -> int:
    stamp = index(of).stamp
    assert stamp is not None
    return stamp.count


@pytest.mark.parametrize("monolith", ["each-commit", "never"])
@pytest.mark.parametrize("damage", ["damaged", "deleted"])
def test_records_of_lost_shards_are_not_counted_twice(damage: str, monolith: str) -> None:
    it = MemoryChannel(IndexSettings(monolith=monolith)).skeleton()  # type: ignore[arg-type]
    for name in "abc":
        it.put(f"{name}-1.0-0.conda", conda(index_json(name, "1.0")))
    assert reindex_subdir(it.subdir_index).after == 3
    lost = f"c/noarch/{shard_key(index(it).hashes['b'])}"
    if damage == "deleted":
        del it.store.objects[lost]
    else:
        it.put(lost.removeprefix("c/noarch/"), b"damaged")
        # With repodata.json no shard is read, so that the damage is not seen.
        if monolith == "each-commit":
            del it.store.objects["c/noarch/repodata.json"], it.store.objects["c/noarch/repodata.json.zst"]
    assert reindex_subdir(it.subdir_index).after == 3
    assert count(it) == 3


def test_a_count_that_was_wrong_is_put_right() -> None:
    it = MemoryChannel().skeleton()
    it.put("a-1.0-0.conda", conda(index_json("a", "1.0")))
    reindex_subdir(it.subdir_index)
    found = index(it)
    assert found.stamp is not None
    wrong = msgspec.structs.replace(found.stamp, count=7)
    it.put("repodata_shards.msgpack.zst", replace(found, stamp=wrong).encode(1, 0))
    it.put("b-1.0-0.conda", conda(index_json("b", "1.0")))
    assert reindex_subdir(it.subdir_index).after == 2
    assert count(it) == 2
    assert len(json.loads(it.store.objects["c/noarch/repodata.json"].data)["packages.conda"]) == 2
