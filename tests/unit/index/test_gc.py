"""What is garbage, and what is not the channel's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chaninfra.channel.objects import ObjectBody
from chaninfra.index.gc import KEPT, collect_subdir
from support.index_model.memory_subdir import MemoryChannel

STRAY = f"c/noarch/shards/{'0' * 64}.msgpack.zst"


@pytest.mark.parametrize("name", ["README.md", "more/" + "0" * 64 + ".msgpack.zst", "0" * 63 + ".msgpack.zst"])
def test_what_is_no_shard_is_left_alone(name: str) -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    for key in (STRAY, f"c/noarch/shards/{name}"):
        channel.store.objects[key] = ObjectBody(data=b"", content_type="")
    collect_subdir(channel.subdir_index, "write")
    channel.runtime.time += 2 * (KEPT // timedelta(milliseconds=1))
    found = collect_subdir(channel.subdir_index, "write")
    assert [each.key for each in found.garbage] == [STRAY]
    assert f"c/noarch/shards/{name}" in channel.store.objects
