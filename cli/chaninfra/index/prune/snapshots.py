"""The packages that the snapshots of a channel list."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from chaninfra.channel.conda.filenames import file_name, package_name
from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.snapshots import shard_index_of
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.snapshots.files import key_of
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the snapshots of a subdir list."""

    files: dict[str, str] = field(default_factory=dict)
    """Name of a file → the snapshot that lists it, one of them."""
    unknown: str | None = None
    """The key of an index or a shard of a snapshot that cannot be read: what this lists is not known."""


def listed_by_snapshots(target: SubdirIndex, files: Collection[str]) -> Listed:
    """Which of these files snapshots list, by all that lies below snapshots/, listed or not; a package that was
    published over since counts too, under its name.

    Rule: a snapshot that is being made counts as one that cannot be read until its index is there: of which state it
    will be, only its maker knows. Raises StorageError where snapshots/index.json cannot be read.
    """
    store, folder = target.store, target.layout.key(SNAPSHOTS_FOLDER)
    start = folder.removesuffix(SNAPSHOTS_FOLDER)
    names = {*map(package_name, files)}
    there = _promised(target)
    listed: dict[str, str] = {}
    done: set[bytes] = set()
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
            return Listed(unknown=entry.key)
        # Many snapshots have the same shards. A reader of its own for each, so that the others need no memory.
        new = {name: index.hashes[name] for name in names & index.hashes.keys() if index.hashes[name] not in done}
        for shard in ShardReader(target).find(new).values():
            if shard is None:
                return Listed(unknown=entry.key)
            for table, records in shard.records.items():
                for key in records:
                    listed.setdefault(file_name(table, key), entry.key.removeprefix(f"{folder}/").partition("/")[0])
        done.update(new.values())
    # Asked again, since one may have been removed meanwhile.
    missing = there - found
    if missing and (missing := missing & _promised(target)):
        return Listed(unknown=min(missing))
    return Listed(files={file: listed[file] for file in files if file in listed})


def _promised(target: SubdirIndex) -> set[str]:
    """The keys of the shard indexes of this subdir that are or will be there by snapshots/index.json."""
    document = read_snapshots(target.store, target.layout.key(SNAPSHOTS_JSON))[0]
    return {
        key_of(target, name, "shards")
        for name, snapshot in document.snapshots.items()
        if snapshot.stage != "removing" and target.subdir in snapshot.subdirs
    }
