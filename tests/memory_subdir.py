"""A subdir in memory, and the packages that are committed to it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from chaninfra.channel.formats import Repodata, decompress
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.mark import read_mark
from chaninfra.channel.shards import ShardIndex, index_files, shard_key
from chaninfra.channel.skeleton import Layout
from chaninfra.channel.store import Body
from chaninfra.index.change import Change, Packaged
from chaninfra.index.commit import commit, inspect
from chaninfra.index.target import Target
from memory_store import Alone, MemoryStore, etag

JSON = "c/noarch/repodata.json"
ZST = "c/noarch/repodata.json.zst"
INDEX = "c/noarch/repodata_shards.msgpack.zst"


def package(name: str, content: bytes = b"1", table: str = "packages.conda") -> tuple[str, Packaged]:
    """The file name and the record of a package whose object has that content."""
    file = f"{name}-1.0-0.conda"
    sha = content.hex().zfill(64)

    def record(indexed: int) -> msgspec.Raw:
        made = {"indexed_timestamp": indexed, "name": name, "sha256": sha, "version": "1.0"}
        return msgspec.Raw(msgspec.json.encode(made))

    key = file if table == "packages.conda" else file.removesuffix(".conda")
    return file, Packaged(name=name, table=table, key=key, sha256=sha, record=record, etag=etag(content))


class Channel:
    """A subdir in memory."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        self.store = MemoryStore()
        self.layout = Layout("c", ("noarch",), settings or IndexSettings())
        self.means = Alone()
        self.target = Target(store=self.store, layout=self.layout, subdir="noarch", means=self.means)

    def skeleton(self) -> Channel:
        for name, body in index_files(Repodata.empty("noarch"), self.layout.index).items():
            self.store.objects[f"c/noarch/{name}"] = body
        return self

    def put(self, key: str, data: bytes | dict[str, Any]) -> None:
        made = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.store.objects[f"c/noarch/{key}"] = Body(data=made, content_type="")

    def publish(self, *names: str, content: bytes = b"1") -> None:
        records = dict(package(name, content) for name in names)
        for file in records:
            self.put(file, content)
        commit(self.target, lambda: Change(records=records), foreign="adopt")

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
        assert read_mark(truth) is not None
        assert inspect(self.target).disagreements == ()
