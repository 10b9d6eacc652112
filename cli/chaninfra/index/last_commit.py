"""The last commit of chaninfra, after another tool has replaced the authoritative index.

The history has the index that this commit replaced, and its shards still lie in the folder: the newest one that
chaninfra wrote for a package says what the last index said of it. (A writer that was killed before its commit may have
put a newer one. Whether its records are true of the packages is found out like that of all others.)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from msgspec import Raw

from chaninfra.channel.conda.index_files import MAX_SHARD, SHARDS
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import Shard, is_shard, name_in_shard, parse_shard
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_BEFORE = timedelta(hours=1)
"""How long before its commit a shard may have been put: the uploads of a large commit take a while."""
_AT_ONCE = 64


def add_last_commit(
    subdir_index: SubdirIndex, repodata: Repodata, hashes: Mapping[str, bytes], committed: datetime
) -> None:
    """Replace what `repodata` has by newer shards. `hashes`: package name → sha256 of the shard that it was read from;
    `committed`: a time between that commit and the next one.
    """
    newer = _newer(subdir_index, hashes, committed - _BEFORE)
    records: dict[str, dict[str, Raw]] = {}
    for shard in newer.values():
        for table, found in shard.records.items():
            records.setdefault(table, {}).update(found)
    repodata.replace(newer.keys(), records, [file for shard in newer.values() for file in shard.removed])


def _newer(subdir_index: SubdirIndex, hashes: Mapping[str, bytes], since: datetime) -> dict[str, Shard]:
    """Package name → the newest shard, where that is not the one in `hashes`."""
    names = {digest: name for name, digest in hashes.items()}
    folder = subdir_index.key(SHARDS)
    listed = [
        # Stores tell seconds: of two shards of the same one, that of `hashes` is the older one.
        (entry.modified, digest not in names, digest)
        for entry in subdir_index.store.list(folder)
        if entry.modified >= since and is_shard(f"{SHARDS}/{(file := entry.key.removeprefix(f'{folder}/'))}")
        for digest in [bytes.fromhex(file.partition(".")[0])]
    ]
    newest: dict[str, Shard | None] = {}
    listed.sort(reverse=True)
    for some in (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE)):
        reads = [partial(_read, subdir_index, digest) for _, other, digest in some if other]
        found = iter(run_all(subdir_index.runtime, reads))
        for _, other, digest in some:
            if not other:
                newest.setdefault(names[digest], None)
            elif (read := next(found)) is not None:
                newest.setdefault(*read)
    return {name: shard for name, shard in newest.items() if shard is not None}


def _read(subdir_index: SubdirIndex, digest: bytes) -> tuple[str, Shard] | None:
    """The package name and the shard; None if it is damaged or of another tool."""
    key = subdir_index.key(f"{SHARDS}/{digest.hex()}.msgpack.zst")
    stored = get_within(subdir_index.store, key, MAX_SHARD)
    name = name_in_shard(stored.data) if isinstance(stored, StoredObject) else None
    if name is None or not isinstance(stored, StoredObject):
        return None
    shard = parse_shard(stored.data, name, digest)
    return (name, shard) if shard is not None else None
