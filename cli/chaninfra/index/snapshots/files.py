"""The index files of a snapshot: those of a state, which say that packages and shards are in the living channel."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from chaninfra.channel.conda.index_files import CONTENT_TYPES, FILE_NAMES, IMMUTABLE, MAX_REPODATA, compress
from chaninfra.channel.conda.index_settings import Format
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.snapshots import base_url, shards_base_url, snapshot_folder
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.commit.derived_files import insert, start
from chaninfra.index.commit.derived_state import our_repodata, read_derived
from chaninfra.index.commit.history import REVISION, changed_names, kept_index
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.snapshots.states import State
from chaninfra.index.subdir_index import SubdirIndex


def key_of(target: SubdirIndex, name: str, kind: Format) -> str:
    """The object key of an index file of a snapshot."""
    return target.layout.key(snapshot_folder(name), target.subdir, FILE_NAMES[kind])


def put_shard_index(state: State, name: str, created_ms: int) -> int:
    """Put the shard index of a snapshot, if it is not there; its size in bytes. Raises ConflictError where another one
    is there.
    """
    target = state.target
    info = {**state.index.info, "base_url": base_url(target.subdir)}
    index = dataclasses.replace(state.index, info=info, stamp=None)
    data = index.encode(
        target.layout.index.compression_level, created_ms, shards_base_url=shards_base_url(target.subdir)
    )
    return _put(state, name, "shards", data)


def put_monolith(state: State, name: str) -> list[int]:
    """Put repodata.json and its zst, where the channel has them and the snapshot not yet; their sizes in bytes.

    Raises as `put_shard_index`; LostShardError; StorageError where they would be too large.
    """
    target = state.target
    kinds = [kind for kind in target.layout.index.formats if kind != "shards"]
    sizes = [entry.size for kind in kinds if (entry := target.store.head(key_of(target, name, kind)))]
    if len(sizes) == len(kinds):
        return sizes
    repodata = _repodata_of(state)
    repodata.info()["base_url"] = base_url(target.subdir)
    data = repodata.encode()
    if len(data) > MAX_REPODATA:
        raise StorageError(
            f"would be larger than {MAX_REPODATA >> 20:,} MiB, and then nobody could read it",
            where=key_of(target, name, "json"),
            remedy="set `index.monolith` to `never`: a snapshot then has shards alone",
        )
    return [
        _put(state, name, kind, data if kind == "json" else compress(data, target.layout.index.compression_level))
        for kind in kinds
    ]


def _put(state: State, name: str, kind: Format, data: bytes) -> int:
    target, key = state.target, key_of(state.target, name, kind)
    content = ObjectBody(
        data=data,
        content_type=CONTENT_TYPES[kind],
        cache_control=IMMUTABLE,
        metadata={REVISION: state.stamp.revision},
    )
    try:
        target.store.put(key, content, IfAbsent())
    except ConflictError:
        there = target.store.head(key)
        # Equal bytes would be too much to ask: another version of zstd makes others.
        if there is None or there.metadata.get(REVISION) != state.stamp.revision:
            raise ConflictError(
                "is there already, and was made of another state",
                where=key,
                remedy=f"remove what is there of it: `chaninfra snapshot rm {name}`; or give another name",
            ) from None
        return there.size
    return len(data)


def _repodata_of(state: State) -> Repodata:
    """The repodata of a state: that of a derived file, with the shards that differ between its commit and the state.

    Raises LostShardError.
    """
    target, index = state.target, state.index
    derived, shards = read_derived(target)(), ShardReader(target)
    begun = _later(state, base) if (base := our_repodata(target, derived)) else None
    if begun is None:
        found = start(target, index, derived)
        begun = found.repodata, found.names
    repodata, names = begun
    insert(repodata, names, shards.read(index.hashes, names).values(), index)
    return repodata


def _later(state: State, base: tuple[int, Repodata]) -> tuple[Repodata, Collection[str]] | None:
    """The content of a derived file of a later commit than the state, and the names whose shards differ; None: it is of
    an earlier one, or its state is not kept.
    """
    number, repodata = base
    # Rule (of commits): what a derived file is made from was kept before.
    later = kept_index(state.target, number) if number > state.stamp.number else None
    return None if later is None else (repodata, changed_names(state.index, later))
