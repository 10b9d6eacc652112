"""The skeleton of a channel: what makes it readable from the first minute, written so that nothing there is lost.

The rule: an empty index is written only where a subdir has neither repodata.json nor packages. A subdir that has
repodata.json but lacks a format gets that format made from it; an empty shard index over a full repodata.json would
blank the channel for pixi, which reads shards first. A subdir with packages and no repodata.json is left to `reindex`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.formats import FILE_NAMES, REPODATA, SHARDS, Repodata
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.location import join
from chaninfra.channel.shards import index_files
from chaninfra.channel.store import Body, Condition, ObjectStore
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, Subdir, is_package


@dataclass(frozen=True)
class Layout:
    """Where the index files of a channel lie, and how they are written."""

    prefix: str
    subdirs: tuple[Subdir, ...]
    index: IndexSettings

    @classmethod
    def of(cls, prefix: str, subdirs: Iterable[Subdir], index: dict[str, Any]) -> Layout:
        """The layout that JSON documents describe; `index` are the keys of IndexSettings."""
        return cls(prefix, tuple(subdirs), msgspec.convert(index, IndexSettings, strict=False))

    def key(self, *parts: str) -> str:
        """The key of an object of the channel."""
        return join(self.prefix, *parts)


@dataclass(frozen=True)
class Written:
    """What `ensure` did: the keys that it wrote, and the subdirs that have packages but no index."""

    keys: tuple[str, ...]
    to_reindex: tuple[str, ...]


def index_keys(layout: Layout) -> tuple[str, ...]:
    """The keys of the index files that a channel must have, in order."""
    return tuple(
        sorted(layout.key(subdir, FILE_NAMES[kind]) for subdir in layout.subdirs for kind in layout.index.formats)
    )


def dropped_keys(before: Layout, after: Layout) -> list[str]:
    """The keys of the derived files that are no longer declared, in the subdirs that still are.

    Nobody would write them any more, and clients that read them first would not see what comes after. They hold nothing
    that repodata.json does not.
    """
    formats = [kind for kind in before.index.formats if kind not in after.index.formats and kind != "json"]
    return [after.key(subdir, FILE_NAMES[kind]) for subdir in after.subdirs for kind in formats]


def present(store: ObjectStore, layout: Layout) -> tuple[str, ...]:
    """Those of `index_keys` that are there."""
    return tuple(key for key in index_keys(layout) if store.head(key) is not None)


def ensure(store: ObjectStore, layout: Layout) -> Written:
    """Write the index files that are missing, by the rule above; what is there stays as it is."""
    written: list[str] = []
    to_reindex: list[str] = []
    there = set(present(store, layout))
    for subdir in layout.subdirs:
        missing = {
            FILE_NAMES[kind] for kind in layout.index.formats if layout.key(subdir, FILE_NAMES[kind]) not in there
        }
        if not missing:
            continue
        found = _truth(store, layout, subdir)
        if found is None:
            to_reindex.append(subdir)
            continue
        for name, body in index_files(found.repodata, layout.index, found.data).items():
            is_shard = name.startswith(SHARDS + "/")
            if (name in missing or (is_shard and FILE_NAMES["shards"] in missing)) and create_missing(
                store, layout.key(subdir, name), body
            ):
                written.append(layout.key(subdir, name))
    return Written(keys=tuple(written), to_reindex=tuple(to_reindex))


def package_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """Those keys that are packages of the channel at the prefix, and not of one that lies below it."""
    start = f"{prefix}/" if prefix else ""
    return [key for key in keys if key.startswith(start) and key.count("/") == start.count("/") + 1 and is_package(key)]


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


@dataclass(frozen=True)
class _Truth:
    repodata: Repodata
    data: bytes | None
    """None: there is no repodata.json."""


def _truth(store: ObjectStore, layout: Layout, subdir: str) -> _Truth | None:
    """What the missing files are made from; None: the subdir has packages and must be indexed first."""
    key = layout.key(subdir, REPODATA)
    stored = store.get(key)
    if stored is not None:
        return _Truth(Repodata.parse(stored.data, where=key, subdir=subdir), stored.data)
    if any(is_package(entry.key) for entry in store.list(layout.key(subdir))):
        return None
    return _Truth(Repodata.empty(subdir), None)


def create_missing(store: ObjectStore, key: str, body: Body) -> bool:
    """Put what was just seen to be missing, and say whether it was; another writer's file, come in meanwhile, stays.

    On a store without conditional writes only one may write at a time, so that nobody can have come in.
    """
    try:
        store.put(key, body, Condition.CREATE)
    except ConflictError:
        return False
    except UnsupportedError:
        store.put(key, body)
    return True
