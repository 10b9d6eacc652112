"""Index files as a hostile publisher, or another tool, would write them: straight into the bucket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import zstandard

from chaninfra.channel.conda.commit_stamp import first_stamp
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from support.browser.full_channel import PublicChannel

CREATED_MS = 1_793_000_000_000
SHARDS = FILE_NAMES["shards"]


def shard(
    records: Mapping[str, Any], *, removed: Sequence[Any] = (), yanks: Mapping[str, Any] | None = None, **more: Any
) -> bytes:
    """A shard with these records (file → record); `yanks`: file → yank."""
    ours = {"revision": "a", **({"yanks": yanks} if yanks else {})}
    document = {"packages": {}, "packages.conda": records, "removed": [*removed], "chaninfra": ours, **more}
    return zstandard.compress(msgspec.msgpack.encode(document))


def record(name: str, **more: Any) -> dict[str, Any]:
    """A record of version 1 of this name."""
    whole = {"name": name, "version": "1", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}
    return {**whole, "sha256": bytes(32), "md5": bytes(16), "size": 1000, "timestamp": CREATED_MS, **more}


def put_shards(channel: PublicChannel, shards: Mapping[str, bytes], subdir: str = "noarch") -> None:
    """The index of a subdir, with a shard for each name."""
    for data in {*shards.values()}:
        channel.put(f"{subdir}/{shard_key(digest_of(data))}", data)
    put_index(channel, {name: digest_of(data) for name, data in shards.items()}, len(shards), subdir)


def put_index(channel: PublicChannel, digests: Mapping[str, bytes], count: int, subdir: str = "noarch") -> None:
    """The shard index of a subdir: name → digest of its shard, and how many records there are."""
    stamp = first_stamp(1, "a", (), count)
    index = ShardIndex(hashes=digests, stamp=stamp, info={"subdir": subdir})
    channel.put(f"{subdir}/{SHARDS}", index.encode(1, CREATED_MS))


def put_json(channel: PublicChannel, name: str, document: object) -> None:
    """A JSON document of the channel."""
    channel.put(name, json.dumps(document).encode(), ContentType="application/json")


def digest_of(data: bytes) -> bytes:
    """The sha256 of a shard, 32 raw bytes."""
    return hashlib.sha256(data).digest()
