"""The shards that snapshots need, for `gc`."""

from __future__ import annotations

from collections.abc import Set

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.snapshots import shard_index_of
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.snapshots.files import key_of
from chaninfra.index.subdir_index import SubdirIndex


def referenced_by_snapshots(target: SubdirIndex, shards: Set[str]) -> tuple[set[str], tuple[str, ...]]:
    """Those of the shards (keys relative to the subdir) that snapshots name; and the object keys of shard indexes that
    are damaged, or missing though their snapshot is listed as ready.

    Rule: all that lies below snapshots/ counts, listed or not: that of a snapshot which is being made, or whose writer
    was killed, too. Raises StorageError where snapshots/index.json cannot be read.
    """
    store, folder = target.store, target.layout.key(SNAPSHOTS_FOLDER)
    start = folder.removesuffix(SNAPSHOTS_FOLDER)
    # Before the listing: a snapshot is ready after its files are there.
    ready = _ready(target)
    keys: set[str] = set()
    damaged: list[str] = []
    found: set[str] = set()
    for entry in store.list(folder):
        if shard_index_of(entry.key.removeprefix(start)) != target.subdir:
            continue
        stored = get_within(store, entry.key, MAX_SHARD_INDEX)
        if stored is None:
            # Removed meanwhile.
            continue
        found.add(entry.key)
        index = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
        if index is None:
            damaged.append(entry.key)
        else:
            keys |= index.keys() & shards
    # Asked again, since one may have been removed meanwhile.
    missing = ready - found
    return keys, (*damaged, *sorted(missing & _ready(target) if missing else ()))


def _ready(target: SubdirIndex) -> set[str]:
    """The keys of the shard indexes of this subdir that are there by snapshots/index.json."""
    document = read_snapshots(target.store, target.layout.key(SNAPSHOTS_JSON))[0]
    return {
        key_of(target, name, "shards")
        for name, snapshot in document.snapshots.items()
        if snapshot.stage == "ready" and target.subdir in snapshot.subdirs
    }
