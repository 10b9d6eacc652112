"""The skeleton of a channel: the index files that clients need to read a channel without packages.

The rule: a subdir gets an empty index only if it has neither repodata.json nor packages. A subdir that has
repodata.json and lacks another format gets that format from its repodata.json: pixi reads shards first, so an empty
shard index beside a full repodata.json would hide all packages. A subdir with packages and without repodata.json needs
`reindex`.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, SHARDS
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.repodata import Repodata, read_repodata
from chaninfra.channel.conda.shards import index_files
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.objects import IfAbsent, ObjectBody, ObjectStore


@dataclass(frozen=True)
class Written:
    """The keys that `write_missing` wrote, and the subdirs that have packages but no index."""

    keys: tuple[str, ...]
    to_reindex: tuple[str, ...]


def existing_index_keys(store: ObjectStore, layout: ChannelLayout) -> tuple[str, ...]:
    """Those of `index_keys` that exist."""
    return tuple(key for key in index_keys(layout) if store.head(key) is not None)


def write_missing(store: ObjectStore, layout: ChannelLayout) -> Written:
    """Write the missing index files, by the rule above; existing ones stay as they are. Raises StorageError."""
    written: list[str] = []
    to_reindex: list[str] = []
    existing = set(existing_index_keys(store, layout))
    for subdir in layout.subdirs:
        missing = {
            FILE_NAMES[kind] for kind in layout.index.formats if layout.key(subdir, FILE_NAMES[kind]) not in existing
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
    """The bytes of repodata.json, or None if there is none."""


def _source(store: ObjectStore, layout: ChannelLayout, subdir: str) -> _Source | None:
    """The index to write the missing files from; None if the subdir has packages and must be indexed first."""
    key = layout.key(subdir, REPODATA)
    read = read_repodata(store, key, subdir=subdir)
    if read is not None:
        stored, repodata = read
        return _Source(repodata, stored.data)
    if any(is_package(entry.key) for entry in store.list(layout.key(subdir))):
        return None
    return _Source(Repodata.empty(subdir), None)


def create_missing(store: ObjectStore, key: str, body: ObjectBody) -> bool:
    """Put a file that was just found missing, and return True; False if another writer has created it meanwhile.

    A store without conditional writes has one writer at a time, so a plain PUT overwrites nothing there.
    """
    try:
        store.put(key, body, IfAbsent())
    except ConflictError:
        return False
    except UnsupportedError:
        store.put(key, body)
    return True
