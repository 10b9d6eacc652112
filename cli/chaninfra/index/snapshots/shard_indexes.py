"""The shard indexes that the snapshots of a channel have of a subdir.

Rule: all that lies below snapshots/ counts, listed or not: that of a snapshot which is being made, or whose writer was
killed, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.snapshots import shard_index_of
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.snapshots.document import Stage, read_snapshots
from chaninfra.index.snapshots.files import key_of
from chaninfra.index.subdir_index import SubdirIndex


def keys_there(target: SubdirIndex) -> Iterator[tuple[str, str]]:
    """Object key of each, and name of its snapshot."""
    folder = target.layout.key(SNAPSHOTS_FOLDER)
    start = folder.removesuffix(SNAPSHOTS_FOLDER)
    for entry in target.store.list(folder):
        key = entry.key.removeprefix(start)
        if shard_index_of(key) == target.subdir:
            yield entry.key, key.split("/")[1]


def read_there(target: SubdirIndex) -> Iterator[tuple[str, str, ShardIndex | None]]:
    """Object key of each, name of its snapshot, and the index; None: it is damaged or too large. Without those that are
    removed meanwhile.
    """
    for key, name in keys_there(target):
        stored = get_within(target.store, key, MAX_SHARD_INDEX)
        if stored is not None:
            yield key, name, ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None


def keys_listed(target: SubdirIndex, *stages: Stage) -> set[str]:
    """The object keys of those of snapshots that snapshots/index.json lists with one of these stages. Raises
    StorageError where it cannot be read.
    """
    document = read_snapshots(target.store, target.layout.key(SNAPSHOTS_JSON))[0]
    return {
        key_of(target, name, "shards")
        for name, snapshot in document.snapshots.items()
        if snapshot.stage in stages and target.subdir in snapshot.subdirs
    }


def still_listed(target: SubdirIndex, missing: Set[str], *stages: Stage) -> set[str]:
    """Those of the missing ones that are still listed so: asked again, since one may have been removed meanwhile."""
    return keys_listed(target, *stages) & missing if missing else set()
