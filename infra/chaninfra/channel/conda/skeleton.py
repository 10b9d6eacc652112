"""The skeleton of a channel: what makes it readable from the first minute, written so that nothing there is lost.

The rule: an empty index is written only where a subdir has neither repodata.json nor packages. A subdir that has
repodata.json but lacks a format gets that format made from it; an empty shard index over a full repodata.json would
blank the channel for pixi, which reads shards first. A subdir with packages and no repodata.json is left to `reindex`.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, SHARDS
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import index_files
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.objects import Condition, ObjectBody, ObjectStore


@dataclass(frozen=True)
class Written:
    """What `ensure` did: the keys that it wrote, and the subdirs that have packages but no index."""

    keys: tuple[str, ...]
    to_reindex: tuple[str, ...]


def present(store: ObjectStore, layout: ChannelLayout) -> tuple[str, ...]:
    """Those of `index_keys` that are there."""
    return tuple(key for key in index_keys(layout) if store.head(key) is not None)


def ensure(store: ObjectStore, layout: ChannelLayout) -> Written:
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
        source = _source(store, layout, subdir)
        if source is None:
            to_reindex.append(subdir)
            continue
        for name, body in index_files(source.repodata, layout.index, source.data).items():
            is_shard = name.startswith(SHARDS + "/")
            if (name in missing or (is_shard and FILE_NAMES["shards"] in missing)) and create_missing(
                store, layout.key(subdir, name), body
            ):
                written.append(layout.key(subdir, name))
    return Written(keys=tuple(written), to_reindex=tuple(to_reindex))


@dataclass(frozen=True)
class _Source:
    repodata: Repodata
    data: bytes | None
    """None: there is no repodata.json."""


def _source(store: ObjectStore, layout: ChannelLayout, subdir: str) -> _Source | None:
    """What the missing files are made from; None: the subdir has packages and must be indexed first."""
    key = layout.key(subdir, REPODATA)
    stored = store.get(key)
    if stored is not None:
        return _Source(Repodata.parse(stored.data, where=key, subdir=subdir), stored.data)
    if any(is_package(entry.key) for entry in store.list(layout.key(subdir))):
        return None
    return _Source(Repodata.empty(subdir), None)


def create_missing(store: ObjectStore, key: str, body: ObjectBody) -> bool:
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
