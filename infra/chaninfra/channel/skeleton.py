"""The skeleton of a channel: what makes it readable from the first minute, written so that nothing there is lost.

The rule: an empty index is written only where a subdir has neither repodata.json nor packages. A subdir that has
repodata.json but lacks a format gets that format made from it; an empty shard index over a full repodata.json would
blank the channel for pixi, which reads shards first. A subdir with packages and no repodata.json is left to `reindex`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chaninfra.channel.descriptor import Descriptor
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.formats import FILE_NAMES, REPODATA, SHARDS, Repodata, index_files
from chaninfra.channel.store import Body, Condition, ObjectStore
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, is_package


@dataclass(frozen=True)
class Written:
    """What `ensure` did: the keys that it wrote, and the subdirs that have packages but no index."""

    keys: tuple[str, ...]
    to_reindex: tuple[str, ...]


def index_keys(descriptor: Descriptor) -> tuple[str, ...]:
    """The keys of the index files that a channel must have, in order."""
    return tuple(
        sorted(
            descriptor.key(subdir, FILE_NAMES[kind])
            for subdir in descriptor.subdirs
            for kind in descriptor.index.formats
        )
    )


def empty(descriptor: Descriptor) -> dict[str, Body]:
    """The index files of a channel without packages, by key."""
    return {
        descriptor.key(subdir, name): body
        for subdir in descriptor.subdirs
        for name, body in index_files(Repodata.empty(subdir), descriptor.index).items()
    }


def present(store: ObjectStore, descriptor: Descriptor) -> tuple[str, ...]:
    """Those of `index_keys` that are there."""
    return tuple(key for key in index_keys(descriptor) if store.head(key) is not None)


def ensure(store: ObjectStore, descriptor: Descriptor) -> Written:
    """Write the index files that are missing, by the rule above; what is there stays as it is."""
    written: list[str] = []
    to_reindex: list[str] = []
    there = set(present(store, descriptor))
    for subdir in descriptor.subdirs:
        missing = {
            FILE_NAMES[kind]
            for kind in descriptor.index.formats
            if descriptor.key(subdir, FILE_NAMES[kind]) not in there
        }
        if not missing:
            continue
        repodata = _truth(store, descriptor, subdir)
        if repodata is None:
            to_reindex.append(subdir)
            continue
        for name, body in index_files(repodata, descriptor.index).items():
            is_shard = name.startswith(SHARDS + "/")
            if (name in missing or (is_shard and FILE_NAMES["shards"] in missing)) and _create(
                store, descriptor.key(subdir, name), body
            ):
                written.append(descriptor.key(subdir, name))
    return Written(keys=tuple(written), to_reindex=tuple(to_reindex))


def packages(store: ObjectStore, prefix: str) -> int:
    """How many packages lie under the prefix of a channel."""
    return sum(1 for entry in store.list(prefix) if is_package(entry.key))


def own_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """Those keys of a channel that chaninfra or an indexer made, and that can be made again from its packages."""
    names = set(FILE_NAMES.values())
    start = f"{prefix}/" if prefix else ""

    def own(key: str) -> bool:
        if not key.startswith(start):
            return False
        first, _, rest = key[len(start) :].partition("/")
        if first == ".chaninfra" or (not rest and first in ("channel.json", "yanked.json")):
            return True
        return first in KNOWN_SUBDIRS and (rest in names or rest.startswith(SHARDS + "/"))

    return [key for key in keys if own(key)]


def _truth(store: ObjectStore, descriptor: Descriptor, subdir: str) -> Repodata | None:
    """What the missing files are made from; None: the subdir has packages and must be indexed first."""
    key = descriptor.key(subdir, REPODATA)
    stored = store.get(key)
    if stored is not None:
        return Repodata.parse(stored.data, where=f"s3://{descriptor.bucket}/{key}")
    if any(is_package(entry.key) for entry in store.list(descriptor.key(subdir))):
        return None
    return Repodata.empty(subdir)


def _create(store: ObjectStore, key: str, body: Body) -> bool:
    """Whether it was written; another writer's file, come in meanwhile, stays."""
    try:
        store.put(key, body, Condition.CREATE)
    except ConflictError:
        return False
    return True
