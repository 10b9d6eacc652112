"""The shards that snapshots need, for `gc`."""

from __future__ import annotations

from collections.abc import Set

from chaninfra.index.snapshots.shard_indexes import keys_listed, read_there, still_listed
from chaninfra.index.subdir_index import SubdirIndex


def referenced_by_snapshots(target: SubdirIndex, shards: Set[str]) -> tuple[set[str], tuple[str, ...]]:
    """Those of the shards (keys relative to the subdir) that snapshots name, listed or not; and the object keys of
    shard indexes that are damaged, or missing though their snapshot is listed as ready.

    Raises StorageError where snapshots/index.json cannot be read.
    """
    # Before the listing: a snapshot is ready after its files are there.
    ready = keys_listed(target, "ready")
    keys: set[str] = set()
    damaged: list[str] = []
    found: set[str] = set()
    for key, _, index in read_there(target):
        found.add(key)
        if index is None:
            damaged.append(key)
        else:
            keys |= index.keys() & shards
    return keys, (*damaged, *sorted(still_listed(target, ready - found, "ready")))
