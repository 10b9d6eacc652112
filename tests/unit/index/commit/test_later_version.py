"""A shard index of a later version: whoever does not know what it says replaces neither it nor what it names."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex, reindex_subdir
from support.channels.followed import FollowedChannel, requests
from support.index_model.memory_store import SequentialRuntime
from support.index_model.processes import AUTHORITATIVE, publishing, yanking

COMMANDS: dict[str, Callable[[FollowedChannel], object]] = {
    "publish": lambda c: publishing("b", index=c.index).run(c.store, SequentialRuntime("p")),
    "yank": lambda c: yanking("a").run(c.store, SequentialRuntime("y")),
    "reindex": lambda c: reindex(c.channel(), ["noarch"]),
    "reindex --force": lambda c: reindex_subdir(c.channel().subdir_index("noarch"), "all"),
    "gc": lambda c: collect_subdir(c.channel().subdir_index("noarch"), "write"),
    "follow": lambda c: c.follow(c.upload("c")),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_stops_every_command_before_a_write_of_the_index(name: str) -> None:
    channel = FollowedChannel("a")
    found = channel.store.objects[AUTHORITATIVE]
    plain = decompress(found.data, 1 << 20)
    assert plain is not None
    later = compress(msgspec.msgpack.encode({**msgspec.msgpack.decode(plain), "version": 2}), 1)
    channel.store.objects[AUTHORITATIVE] = ObjectBody(data=later, content_type="")
    channel.store.log.clear()
    before = {key: body.data for key, body in channel.store.objects.items() if "/shards/" in key or "repodata" in key}
    with pytest.raises(StorageError, match="version 2 of the shard index is newer") as caught:
        COMMANDS[name](channel)
    assert (caught.value.where, caught.value.remedy) == (AUTHORITATIVE, "upgrade chaninfra")
    assert {key: body.data for key, body in channel.store.objects.items() if key in before} == before
    assert not [
        key
        for key in requests(channel.store.log, "put")
        if key.startswith(AUTHORITATIVE.rpartition("/")[0] + "/repodata")
    ]
