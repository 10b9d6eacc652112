"""A subdir in memory, and the packages that are committed to it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from chaninfra.channel.conda.commit_stamp import read_stamp
from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, index_files, shard_key
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Change, IndexRecord
from chaninfra.index.commit.commit import commit, read_index
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.memory_store import Alone, MemoryStore, etag

JSON = "c/noarch/repodata.json"
ZST = "c/noarch/repodata.json.zst"
INDEX = "c/noarch/repodata_shards.msgpack.zst"


def package(name: str, content: bytes = b"1", table: str = "packages.conda") -> tuple[str, IndexRecord]:
    """The file name and the record of a package whose object has that content."""
    file = f"{name}-1.0-0.conda"
    sha = content.hex().zfill(64)

    def record(indexed: int) -> msgspec.Raw:
        made = {"indexed_timestamp": indexed, "name": name, "sha256": sha, "version": "1.0"}
        return msgspec.Raw(msgspec.json.encode(made))

    key = file if table == "packages.conda" else file.removesuffix(".conda")
    return file, IndexRecord(name=name, table=table, key=key, sha256=sha, encode=record, etag=etag(content))


class Channel:
    """A subdir in memory."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        self.store = MemoryStore()
        self.layout = ChannelLayout("c", ("noarch",), settings or IndexSettings())
        self.runtime = Alone()
        self.subdir_index = SubdirIndex(store=self.store, layout=self.layout, subdir="noarch", runtime=self.runtime)

    def skeleton(self) -> Channel:
        for name, body in index_files(Repodata.empty("noarch"), self.layout.index).items():
            self.store.objects[f"c/noarch/{name}"] = body
        return self

    def put(self, key: str, data: bytes | dict[str, Any]) -> None:
        made = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.store.objects[f"c/noarch/{key}"] = ObjectBody(data=made, content_type="")

    def publish(self, *names: str, content: bytes = b"1") -> None:
        records = dict(package(name, content) for name in names)
        for file in records:
            self.put(file, content)
        commit(self.subdir_index, lambda: Change(records=records), unstamped="adopt")

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.objects[JSON].data)
        return found

    def sharded(self) -> dict[str, Any]:
        """The records by the way of the shards."""
        index = ShardIndex.parse(self.store.objects[INDEX].data)
        assert index is not None
        found: dict[str, Any] = {}
        for digest in index.hashes.values():
            shard = msgspec.msgpack.decode(decompress(self.store.objects[f"c/noarch/{shard_key(digest)}"].data) or b"")
            for table in (shard["packages"], shard["packages.conda"], *shard.get("v3", {}).values()):
                found |= {file: {**record, "sha256": record["sha256"].hex()} for file, record in table.items()}
        return found

    def check(self) -> None:
        """All formats say the same."""
        truth = self.store.objects[JSON].data
        assert decompress(self.store.objects[ZST].data) == truth
        repodata = Repodata.parse(truth, where=JSON)
        listed = {key: json.loads(bytes(raw)) for _, _, key, raw in repodata.names()}
        assert self.sharded() == listed
        assert read_stamp(truth) is not None
        assert read_index(self.subdir_index).disagreements == ()
