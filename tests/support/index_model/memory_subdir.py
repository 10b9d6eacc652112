"""A channel in memory with the subdir noarch, and records for tests to commit to it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.memory_store import MemoryStore, SequentialRuntime, etag

JSON = "c/noarch/repodata.json"
ZST = "c/noarch/repodata.json.zst"
INDEX = "c/noarch/repodata_shards.msgpack.zst"


def package(name: str, content: bytes = b"1", table: str = "packages.conda") -> tuple[str, IndexRecord]:
    """(file name, record) of a package whose object has that content; the sha256 is made up."""
    file = f"{name}-1.0-0.conda"
    sha = content.hex().zfill(64)

    def encode(indexed: int) -> msgspec.Raw:
        record = {
            "build": "0",
            "build_number": 0,
            "indexed_timestamp": indexed,
            "name": name,
            "sha256": sha,
            "version": "1.0",
        }
        return msgspec.Raw(msgspec.json.encode(record))

    key = file if table == "packages.conda" else file.removesuffix(".conda")
    return file, IndexRecord(name=name, table=table, key=key, sha256=sha, encode=encode, etag=etag(content))


class MemoryChannel:
    """A channel in a MemoryStore below the prefix `c`; `subdir_index` is its noarch."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        self.store = MemoryStore()
        self.layout = ChannelLayout("c", ("noarch",), settings or IndexSettings())
        self.runtime = SequentialRuntime()
        self.subdir_index = SubdirIndex(store=self.store, layout=self.layout, subdir="noarch", runtime=self.runtime)

    def skeleton(self) -> MemoryChannel:
        """Write an empty index."""
        for name, body in empty_index("noarch", self.layout.index):
            self.store.objects[f"c/noarch/{name}"] = body
        return self

    def put(self, key: str, data: bytes | dict[str, Any]) -> None:
        """Put an object into noarch: bytes, or a JSON document."""
        encoded = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.store.objects[f"c/noarch/{key}"] = ObjectBody(data=encoded, content_type="")

    def publish(self, *names: str, content: bytes = b"1") -> None:
        """Put the packages, and commit their records in one commit."""
        records = dict(package(name, content) for name in names)
        for file in records:
            self.put(file, content)
        commit(self.subdir_index, lambda: Change(records=records))

    def other(self, name: str = "other") -> MemoryChannel:
        """Another writer of the same channel."""
        other = MemoryChannel(self.layout.index)
        other.store.objects, other.store.modified = self.store.objects, self.store.modified
        other.runtime = SequentialRuntime(name, self.runtime.time)
        other.subdir_index = replace(self.subdir_index, store=other.store, runtime=other.runtime)
        return other

    def repodata(self) -> dict[str, Any]:
        """The content of repodata.json."""
        found: dict[str, Any] = json.loads(self.store.objects[JSON].data)
        return found

    def index(self) -> ShardIndex:
        """The shard index."""
        index = ShardIndex.parse(self.store.objects[INDEX].data)
        assert index is not None
        return index

    def number(self) -> int:
        """The number of the last commit."""
        stamp = self.index().stamp
        assert stamp is not None
        return stamp.number

    def numbers(self) -> dict[str, int | None]:
        """Key of a derived file that exists → the number of the commit that it was made from; None: not ours."""
        origins = {
            key: Origin.read(self.store.objects[key].metadata) for key in (JSON, ZST) if key in self.store.objects
        }
        return {key: origin.number if origin else None for key, origin in origins.items()}

    def sharded(self) -> dict[str, Any]:
        """File name or key → record, read from the shard index and the shards."""
        index = self.index()
        found: dict[str, Any] = {}
        for digest in index.hashes.values():
            shard = msgspec.msgpack.decode(
                decompress(self.store.objects[f"c/noarch/{shard_key(digest)}"].data, 1 << 30) or b""
            )
            for table in (shard["packages"], shard["packages.conda"], *shard.get("v3", {}).values()):
                found |= {
                    file: {key: value.hex() if isinstance(value, bytes) else value for key, value in record.items()}
                    for file, record in table.items()
                }
        return found

    def check_formats_agree(self) -> None:
        """Assert that repodata.json, its zst and the shards have the same records, and are of the same commit."""
        data = self.store.objects[JSON].data
        assert decompress(self.store.objects[ZST].data, 1 << 30) == data
        repodata = Repodata.parse(data, where=JSON)
        listed = {key: json.loads(bytes(raw)) for _, _, key, raw in repodata.names()}
        assert self.sharded() == listed
        index = self.index()
        assert index.stamp is not None
        assert index.stamp.count == len(listed)
        for key in (JSON, ZST):
            assert self.store.objects[key].metadata == Origin.of(index.stamp.number, data).metadata()
