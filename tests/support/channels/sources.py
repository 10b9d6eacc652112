"""Sources to copy from whose objects are in memory, for unit tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rattler.index import index_fs

from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.sources.indexed import IndexedSource
from chaninfra.index.copy.sources.s3 import S3Files
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import PREFIX

BUCKET = "source-bucket"
LOCATION = Location(bucket=BUCKET, endpoint_url="https://source.example.com", region="us-east-1", force_path_style=True)


class FolderStore(MemoryStore):
    """A MemoryStore that lists folders, as S3Store does."""

    def folders(self, prefix: str) -> frozenset[str]:
        """See S3Store."""
        self._request("list", prefix)
        start = f"{prefix}/" if prefix else ""
        below = (key.removeprefix(start) for key in self.objects if key.startswith(start))
        return frozenset(key.partition("/")[0] for key in below if "/" in key)


def store_of(objects: dict[str, ObjectBody] | dict[str, bytes]) -> FolderStore:
    """A store with these objects."""
    store = FolderStore()
    for key, body in objects.items():
        store.objects[key] = body if isinstance(body, ObjectBody) else ObjectBody(data=body, content_type="")
    return store


def source_in(store: FolderStore, prefix: str = PREFIX) -> IndexedSource:
    """The channel at this prefix, as a source by S3."""
    return IndexedSource(S3Files(LOCATION, prefix, None, store), SequentialRuntime("source"))


def indexed_by_rattler(folder: Path, *, shards: bool = True, zst: bool = True) -> FolderStore:
    """A store with the folder, a channel that rattler's indexer indexes, at PREFIX."""
    asyncio.run(index_fs(folder, write_shards=shards, write_zst=zst))
    files = [path for path in folder.rglob("*") if path.is_file()]
    return store_of({f"{PREFIX}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files})
