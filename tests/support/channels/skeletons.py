"""The channel `team/main` for tests of its skeleton: its index files, and a store that takes no others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from chaninfra.channel.conda.commit_stamp import Origin, first_stamp
from chaninfra.channel.conda.index_files import FILE_NAMES, body, compress, decompress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import make_shards, parse_shard, shard_key
from chaninfra.channel.objects import Condition, IfAbsent, ObjectBody
from support.index_model.memory_store import MemoryStore

SETTINGS = IndexSettings()
LAYOUT = ChannelLayout("team/main", ("noarch", "linux-64"), SETTINGS)


class Memory(MemoryStore):
    """A store in which only missing index files are created."""

    def __init__(
        self, objects: dict[str, ObjectBody], before: Callable[[str, str], None] = lambda kind, key: None
    ) -> None:
        super().__init__(before)
        self.objects = dict(objects)

    @property
    def puts(self) -> list[str]:
        return [key for kind, key in self.log if kind == "put"]

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        assert isinstance(condition, IfAbsent), "an index file was put without a condition"
        return super().put(key, body, condition)

    def delete(self, keys: Iterable[str]) -> None:
        raise AssertionError("the skeleton deletes nothing")


def plain(data: bytes) -> ObjectBody:
    return ObjectBody(data=data, content_type="")


def indexed(subdir: str, name: str = "hello") -> dict[str, ObjectBody]:
    """Key → object of a package in a subdir, and of all its index files and shards: the third commit."""
    record = msgspec.Raw(msgspec.json.encode({"name": name, "version": "1.0", "sha256": "ab" * 32, "subdir": subdir}))
    repodata = Repodata.empty(subdir)
    repodata.records["packages.conda"][f"{name}-1.0-0.conda"] = record
    stamp = first_stamp(3, "three", [name], 1)
    (shard,) = make_shards(repodata, None, "three", 1)
    index = ShardIndex(hashes={name: shard.digest}, stamp=stamp, info={"subdir": subdir})
    data = repodata.encode(stamp)
    metadata = Origin.of(3, data).metadata()
    files = {
        f"{name}-1.0-0.conda": plain(b"a package"),
        shard_key(shard.digest): shard.body,
        FILE_NAMES["shards"]: body(index.encode(1, 0), "shards", SETTINGS),
        FILE_NAMES["zst"]: body(compress(data, 1), "zst", SETTINGS, metadata),
        FILE_NAMES["json"]: body(data, "json", SETTINGS, metadata),
    }
    return {f"team/main/{subdir}/{file}": made for file, made in files.items()}


def records_of(store: MemoryStore, subdir: str) -> dict[str, set[str]]:
    """Format → the files that it lists, of those that exist; the shards are all there."""
    found: dict[str, set[str]] = {}
    folder = f"team/main/{subdir}"
    for kind in ("json", "zst"):
        if (stored := store.objects.get(f"{folder}/{FILE_NAMES[kind]}")) is not None:  # type: ignore[index]
            data = stored.data if kind == "json" else bytes(decompress(stored.data, 1 << 20) or b"")
            found[kind] = {file for file, _, _ in Repodata.parse(data, where=kind).files()}
    if (stored := store.objects.get(f"{folder}/{FILE_NAMES['shards']}")) is not None:
        index = ShardIndex.parse(stored.data)
        assert index is not None
        found["shards"] = set()
        for name, digest in index.hashes.items():
            shard = parse_shard(store.objects[f"{folder}/{shard_key(digest)}"].data, name, digest)
            assert shard is not None
            found["shards"] |= {key for table in shard.records.values() for key in table}
    return found
