"""Takes withdrawn packages out of the snapshots: the one exception to their never changing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from chaninfra.channel.conda.index_files import (
    CONTENT_TYPES,
    FILE_NAMES,
    IMMUTABLE,
    MAX_REPODATA,
    MAX_SHARD_INDEX,
    MAX_ZST,
    compress,
    decompress,
)
from chaninfra.channel.conda.index_settings import Format
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex, read_shard_index, with_shards
from chaninfra.channel.conda.snapshots import shard_index_of
from chaninfra.channel.errors import ConflictError, InvalidRepodataError
from chaninfra.channel.objects import IfMatch, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.commit.derived_files import insert
from chaninfra.index.commit.replaced import Replaced
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.snapshots.document import Snapshots, having_counts, update_snapshots
from chaninfra.index.snapshots.files import STATE, count_in, state_metadata
from chaninfra.index.subdir_index import SubdirIndex

_DERIVED: Mapping[Format, int] = {"json": MAX_REPODATA, "zst": MAX_ZST}


def naming(target: SubdirIndex, digests: Collection[bytes]) -> list[str]:
    """The folders of the snapshots (as `snapshots/NAME`) whose shard index names one of these shards."""
    wanted, found = {*digests}, []
    for key in _shard_indexes(target):
        index = read_shard_index(target.store, key)
        if index is not None and not wanted.isdisjoint(index.hashes.values()):
            found.append(_folder(target, key))
    return sorted(found)


def clean(target: SubdirIndex, replaced: Replaced, files: Collection[str]) -> tuple[list[str], list[str]]:
    """Have each snapshot name the shards that stand for those of withdrawn packages, and take these out of its other
    index files. Returns the folders of the snapshots that changed, and the keys of files that cannot be read.

    All that lies below snapshots/ counts, listed or not. Raises ConflictError where others change them again and again;
    StorageError.
    """
    changed: list[str] = []
    unreadable: list[str] = []
    counts: dict[str, int] = {}
    for key in _shard_indexes(target):
        stored = _clean_one(target, key, replaced, files, changed)
        if stored is None and target.store.head(key) is not None:
            unreadable.append(key)
        count = count_in(stored.metadata) if stored is not None else None
        if count is not None:
            counts[_folder(target, key).rpartition("/")[2]] = count
    if counts:
        list_key = target.layout.key(SNAPSHOTS_JSON)
        update_snapshots(target.store, target.runtime, list_key, lambda old: _counted(old, target, counts))
    return changed, unreadable


def _clean_one(
    target: SubdirIndex, key: str, replaced: Replaced, files: Collection[str], changed: list[str]
) -> StoredObject | None:
    """Clean the snapshot with this shard index; the index as it is then, None: it cannot be read."""
    for attempt in range(ATTEMPTS):
        stored = get_within(target.store, key, MAX_SHARD_INDEX)
        index = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
        if index is None or not isinstance(stored, StoredObject):
            return None
        after = replaced.applied(index)
        if after is index:
            _make_again(target, key, stored, index)
            return stored
        gone = [replaced.shards[each.hex()] for each in index.hashes.values() if each.hex() in replaced.shards]
        count = count_in(stored.metadata)
        fewer = sum(each.packages for each in gone)
        state = {} if count is None else state_metadata(after.hashes, max(0, count - fewer))
        try:
            # Rule: the shard index last, since it tells whoever goes on after a kill that the others may be left.
            for kind in _DERIVED:
                _clean_derived(target, key, kind, files, state, after)
            data = with_shards(stored.data, after, target.layout.index.compression_level)
            target.store.put(key, _body(stored, "shards", data, state), IfMatch(stored.entry.etag))
        except ConflictError:
            target.runtime.pause(attempt)
            continue
        folder = _folder(target, key)
        if folder not in changed:
            changed.append(folder)
    raise ConflictError(f"other writers changed it first, {ATTEMPTS} times", where=key, remedy="try again")


def _make_again(target: SubdirIndex, index_key: str, stored: StoredObject, index: ShardIndex) -> None:
    """Make the other index files of a snapshot again where they are of other shards than its shard index: their maker
    was killed before it saw that a package was withdrawn.
    """
    state = {STATE: stored.metadata[STATE]} if STATE in stored.metadata else {}
    for kind in _DERIVED:
        key = f"{index_key.rpartition('/')[0]}/{FILE_NAMES[kind]}"
        there = target.store.head(key) if state else None
        if there is not None and there.metadata.get(STATE) != state[STATE]:
            data = _encoded(target, kind, _from_shards(target, index))
            target.store.put(key, _body(there, kind, data, state), IfMatch(there.etag))


def _from_shards(target: SubdirIndex, index: ShardIndex) -> Repodata:
    repodata = Repodata.empty(target.subdir)
    insert(repodata, (), ShardReader(target).read(index.hashes, index.hashes).values(), index)
    return repodata


def _encoded(target: SubdirIndex, kind: Format, repodata: Repodata) -> bytes:
    data = repodata.encode()
    return data if kind == "json" else compress(data, target.layout.index.compression_level)


def _clean_derived(
    target: SubdirIndex,
    index_key: str,
    kind: Format,
    files: Collection[str],
    state: Mapping[str, str],
    index: ShardIndex,
) -> None:
    """Take the files out of repodata.json or its zst beside the shard index; make it again from `index`, which is
    without them, if it cannot be read.
    """
    key = f"{index_key.rpartition('/')[0]}/{FILE_NAMES[kind]}"
    stored = get_within(target.store, key, _DERIVED[kind])
    if stored is None:
        return
    plain: bytes | bytearray | None = None
    if isinstance(stored, StoredObject):
        plain = stored.data if kind == "json" else decompress(stored.data, MAX_REPODATA)
    try:
        repodata = Repodata.parse(plain or b"", where=key)
        for file in files:
            place = repodata.find(file)
            if place is not None:
                repodata.records[place[0]].pop(place[1])
        repodata.removed = [file for file in repodata.removed if file not in files]
    except InvalidRepodataError:
        repodata = _from_shards(target, index)
    data = _encoded(target, kind, repodata)
    etag = stored.entry.etag if isinstance(stored, StoredObject) else stored.etag
    target.store.put(key, _body(stored, kind, data, state), IfMatch(etag))


def _body(there: StoredObject | ObjectMeta, kind: Format, data: bytes, state: Mapping[str, str]) -> ObjectBody:
    return ObjectBody(
        data=data,
        content_type=CONTENT_TYPES[kind],
        cache_control=IMMUTABLE,
        metadata={**there.metadata, **state},
    )


def _counted(old: Snapshots, target: SubdirIndex, counts: Mapping[str, int]) -> Snapshots:
    for name, count in counts.items():
        there = old.snapshots.get(name)
        if there is not None and target.subdir in there.subdirs:
            old = old.having(name, having_counts(there, {target.subdir: count}))
    return old


def _shard_indexes(target: SubdirIndex) -> Iterator[str]:
    """The object keys of the shard index of this subdir in each snapshot."""
    folder = target.layout.key(SNAPSHOTS_FOLDER)
    start = folder.removesuffix(SNAPSHOTS_FOLDER)
    for entry in target.store.list(folder):
        if shard_index_of(entry.key.removeprefix(start)) == target.subdir:
            yield entry.key


def _folder(target: SubdirIndex, key: str) -> str:
    start = target.layout.key(SNAPSHOTS_FOLDER).removesuffix(SNAPSHOTS_FOLDER)
    return key.removeprefix(start).rpartition("/")[0].rpartition("/")[0]
