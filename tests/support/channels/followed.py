"""A channel in memory, and a follower of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from chaninfra.channel.conda.index_settings import Follow, Overwrites
from chaninfra.channel.conda.object_names import FOLLOW_JSON, LEFT_OUT_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.follow.compare import Compared, compare
from chaninfra.index.follow.follow import Followed, Seen, follow
from chaninfra.index.follow.mark import Mark, read_mark
from chaninfra.index.left_out_json import LeftOutPackage, read_left_out
from chaninfra.index.reindex import reindex_subdir
from support.channels.archives import conda, index_json
from support.index_model.invariants import Content, content_of
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import AUTHORITATIVE, FOLDER, PREFIX, channel, channel_with, file


def package_bytes(name: str, payload: bytes = b"") -> bytes:
    """A package of that name, or `<name>-<version>`."""
    word, _, version = name.partition("-")
    return conda(index_json(word, version or "1", noarch="generic"), payload=payload)


class FollowedChannel:
    """A channel with the subdir noarch, in a store whose clock goes on by a second with each upload."""

    def __init__(self, *names: str, overwrites: Overwrites = "hold", **index: Any) -> None:
        """`names`: packages that are there and indexed."""
        self.index = DescribedIndex(follow=Follow(overwrites=overwrites), **index)
        self.store: MemoryStore = channel_with(*names, index=DescribedIndex(**index))
        self.seen: Seen = {}
        self.count = 0

    def channel(self) -> Channel:
        """The channel for one command."""
        self.count += 1
        return channel(self.store, SequentialRuntime(f"f{self.count}-"), self.index)

    def put(self, key: str, data: bytes) -> str:
        """Put an object into noarch, and return its key."""
        self.store.now += timedelta(seconds=1)
        self.store.objects[f"{FOLDER}/{key}"] = ObjectBody(data=data, content_type="")
        self.store.modified[f"{FOLDER}/{key}"] = self.store.now
        self.store.now += timedelta(seconds=1)
        return f"{FOLDER}/{key}"

    def upload(self, name: str, payload: bytes = b"") -> str:
        """Put a package by its name, and return its key."""
        return self.put(file(name), package_bytes(name, payload))

    def delete(self, name: str) -> str:
        """Delete a package, and return its key."""
        del self.store.objects[f"{FOLDER}/{file(name)}"]
        return f"{FOLDER}/{file(name)}"

    def follow(self, *keys: str) -> Followed:
        """Follow these keys."""
        self.store.requests.clear()
        self.store.log.clear()
        return follow(self.channel(), keys, self.seen)

    def compare(self) -> Compared:
        """Compare the channel with its index."""
        return compare(self.channel(), self.seen)

    def content(self) -> Content:
        """What the index says. Asserts that all its files say the same."""
        content, agree = content_of(self.store, self.index)
        assert agree
        return content

    def content_number(self) -> int:
        """The number of the last commit."""
        index = ShardIndex.parse(self.store.objects[AUTHORITATIVE].data)
        assert index is not None
        assert index.stamp is not None
        return index.stamp.number

    def files(self) -> set[str]:
        """The files that have a record."""
        return {*self.content().records}

    def left_out(self) -> dict[str, LeftOutPackage]:
        """What left-out.json lists."""
        return read_left_out(self.store, f"{PREFIX}/{LEFT_OUT_JSON}")[0].packages

    def mark(self) -> Mark | None:
        """What followers say of themselves."""
        return read_mark(self.store, f"{PREFIX}/{FOLLOW_JSON}")

    def is_as_reindexed(self) -> bool:
        """Whether a re-index changes nothing."""
        before = dict(self.store.objects)
        report = reindex_subdir(dataclasses.replace(self.channel().subdir_index("noarch"), workers=None))
        same = {key: body for key, body in self.store.objects.items() if "/.chaninfra/seen/" not in key}
        return not report.differed and same == {k: v for k, v in before.items() if "/.chaninfra/seen/" not in k}


def requests(log: Iterable[tuple[str, str]], *kinds: str) -> list[str]:
    """The keys of the requests of these kinds."""
    return [key for kind, key in log if kind in kinds]
