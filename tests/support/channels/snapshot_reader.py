"""Reads a snapshot as it lies in the bucket."""

from __future__ import annotations

import msgspec

from support.channels.channel_at import PREFIX, Place
from support.channels.channel_reader import SUBDIRS
from support.channels.index_reader import Records, unpacked


def said_by(place: Place, name: str) -> Records:
    """The records of a snapshot by its shards, which are those of the channel; its other forms must say the same."""
    client = place.server.client()

    def read(*key: str) -> bytes:
        data: bytes = client.get_object(Bucket=place.bucket, Key="/".join((PREFIX, *key)))["Body"].read()
        return data

    found: Records = {}
    for subdir in SUBDIRS:
        there = ("snapshots", name, subdir)
        said: Records = {}
        index = msgspec.msgpack.decode(unpacked(read(*there, "repodata_shards.msgpack.zst")))
        for digest in index["shards"].values():
            shard = msgspec.msgpack.decode(unpacked(read(subdir, "shards", f"{digest.hex()}.msgpack.zst")))
            for file, record in shard["packages.conda"].items():
                said[file] = {key: value.hex() if isinstance(value, bytes) else value for key, value in record.items()}
        json_, zst = (read(*there, file) for file in ("repodata.json", "repodata.json.zst"))
        assert msgspec.json.decode(json_)["packages.conda"] == said, name
        assert unpacked(zst) == json_, name
        found |= {f"{subdir}/{file}": record for file, record in said.items()}
    return found
