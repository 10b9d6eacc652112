"""The packages that the snapshots of a channel list."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from chaninfra.channel.conda.filenames import file_name, package_name
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.snapshots.document import Stage
from chaninfra.index.snapshots.shard_indexes import keys_listed, read_there, still_listed
from chaninfra.index.subdir_index import SubdirIndex

_PROMISED: tuple[Stage, ...] = ("creating", "ready")
"""The stages of a snapshot whose shard indexes are or will be there."""


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
    names = {*map(package_name, files)}
    promised = keys_listed(target, *_PROMISED)
    listed: dict[str, str] = {}
    done: set[bytes] = set()
    found: set[str] = set()
    for index_key, snapshot, index in read_there(target):
        found.add(index_key)
        if index is None:
            return Listed(unknown=index_key)
        # Many snapshots have the same shards. A reader of its own for each, so that the others need no memory.
        new = {name: index.hashes[name] for name in names & index.hashes.keys() if index.hashes[name] not in done}
        for shard in ShardReader(target).find(new).values():
            if shard is None:
                return Listed(unknown=index_key)
            for table, records in shard.records.items():
                for key in records:
                    listed.setdefault(file_name(table, key), snapshot)
        done.update(new.values())
    if missing := still_listed(target, promised - found, *_PROMISED):
        return Listed(unknown=min(missing))
    return Listed(files={file: listed[file] for file in files if file in listed})
