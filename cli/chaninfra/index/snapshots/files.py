"""The index files of a snapshot: those of a state, which say that packages and shards are in the living channel."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Mapping

import msgspec

from chaninfra.channel.conda.commit_stamp import checksum
from chaninfra.channel.conda.index_files import CONTENT_TYPES, FILE_NAMES, IMMUTABLE, MAX_REPODATA, compress
from chaninfra.channel.conda.index_settings import Format
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.snapshots import base_url, shards_base_url, snapshot_folder
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody
from chaninfra.index.commit.derived_files import insert, start
from chaninfra.index.commit.derived_state import DERIVED, our_repodata, read_derived
from chaninfra.index.commit.history import REVISION, as_it_was, changed_names
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.snapshots.states import State
from chaninfra.index.subdir_index import SubdirIndex

_STATE = re.compile("([0-9]{1,12}) [0-9a-f]{32}")

STATE = "chaninfra-state"
"""The name of the object metadata that has what a file of a snapshot was made from: number of records, and checksum of
the map of shards."""


class OtherShardsError(ConflictError):
    """A file of the snapshot is there that was made of the same commit, before or after a package was withdrawn."""


def state_metadata(hashes: Mapping[str, bytes], count: int) -> dict[str, str]:
    """The metadata STATE of a file that was made from this map of shards, with so many records."""
    return {STATE: f"{count} {checksum(msgspec.msgpack.encode(dict(sorted(hashes.items()))))}"}


def count_in(metadata: Mapping[str, str]) -> int | None:
    """The number of records in the metadata STATE; None: it is not there."""
    found = _STATE.fullmatch(metadata.get(STATE, ""))
    return int(found[1]) if found else None


def key_of(target: SubdirIndex, name: str, kind: Format) -> str:
    """The object key of an index file of a snapshot."""
    return target.layout.key(snapshot_folder(name), target.subdir, FILE_NAMES[kind])


def put_shard_index(state: State, name: str, created_ms: int, *, replace: bool = False) -> int:
    """Put the shard index of a snapshot, if it is not there; its size in bytes.

    Raises ConflictError where another one is there; OtherShardsError, unless they are to `replace` it, where that is of
    the same commit.
    """
    target = state.target
    info = {**state.index.info, "base_url": base_url(target.subdir)}
    index = dataclasses.replace(state.index, info=info, stamp=None)
    data = index.encode(
        target.layout.index.compression_level, created_ms, shards_base_url=shards_base_url(target.subdir)
    )
    return _put(state, name, "shards", data, replace=replace)


def put_monolith(state: State, name: str, *, replace: bool = False) -> list[int]:
    """Put repodata.json and its zst, where the channel has them and the snapshot not yet; their sizes in bytes.

    Raises as `put_shard_index`; LostShardError; StorageError where they would be too large.
    """
    target = state.target
    kinds = [kind for kind in DERIVED if kind in target.layout.index.formats]
    there = [target.store.head(key_of(target, name, kind)) for kind in kinds]
    sizes = [entry.size for entry in there if entry and entry.metadata.items() >= _metadata(state).items()]
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
        _put(
            state,
            name,
            kind,
            data if kind == "json" else compress(data, target.layout.index.compression_level),
            replace=replace,
        )
        for kind in kinds
    ]


def _metadata(state: State) -> dict[str, str]:
    return {REVISION: state.stamp.revision, **state_metadata(state.index.hashes, state.stamp.count)}


def _put(state: State, name: str, kind: Format, data: bytes, *, replace: bool) -> int:
    target, key = state.target, key_of(state.target, name, kind)
    content = ObjectBody(
        data=data, content_type=CONTENT_TYPES[kind], cache_control=IMMUTABLE, metadata=_metadata(state)
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
        if there.metadata.items() >= content.metadata.items():
            return there.size
        if not replace:
            raise OtherShardsError("is there already, of before or after a withdrawal", where=key) from None
        try:
            target.store.put(key, content, IfMatch(there.etag))
        except ConflictError:
            raise OtherShardsError("was replaced meanwhile", where=key, remedy="try again") from None
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
    later = as_it_was(state.target, number) if number > state.stamp.number else None
    return None if later is None else (repodata, changed_names(state.index, later))
