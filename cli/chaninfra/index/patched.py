"""Indexes that another tool patches: they say something else than the packages, on purpose, so chaninfra writes none.

Tools that patch an index keep the unpatched one beside it. conda-index does so whether there is a patch or not, and a
file that it left there may be older than what yet another tool has written since. So a patch is a record of the same
bytes that says something else, or a package that was taken out of the index.
"""

from __future__ import annotations

from chaninfra.channel.conda.index_files import MAX_REPODATA, MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import InvalidRepodataError, RefusedError
from chaninfra.channel.objects import StoredObject, exists, get_within
from chaninfra.index.commit.authority import Authority
from chaninfra.index.commit.derived_state import existing
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.others_index import others_repodata
from chaninfra.index.others_records import say_the_same
from chaninfra.index.reindex_plan import sha256_in
from chaninfra.index.subdir_index import SubdirIndex

_UNPATCHED = "repodata_from_packages.json"
_UNPATCHED_SHARDS = "repodata_shards_from_packages.msgpack.zst"


def check_patched(subdir_index: SubdirIndex, authority: Authority | None) -> None:
    """Raises RefusedError where an index file that another tool wrote differs from its unpatched one, or cannot be
    compared with it; StorageError. `authority` as it was read.
    """
    store, key = subdir_index.store, subdir_index.key
    theirs = authority if authority is not None and not authority.ours else None
    has_shards = exists(store, key(_UNPATCHED_SHARDS))
    if exists(store, key(_UNPATCHED)):
        repodata = others_repodata(subdir_index, existing(subdir_index), salvage=True)
        if repodata is not None:
            _compare(subdir_index, repodata)
        elif theirs is not None and not has_shards:
            raise _refused(subdir_index, _UNPATCHED, "it cannot be compared with shards")
    if has_shards and theirs is not None and theirs.index is not None:
        stored = get_within(store, key(_UNPATCHED_SHARDS), MAX_SHARD_INDEX)
        unpatched = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
        if unpatched is None:
            raise _refused(subdir_index, _UNPATCHED_SHARDS, "it cannot be read")
        for name, digest in theirs.index.hashes.items():
            if unpatched.hashes.get(name, digest) != digest:
                raise _refused(subdir_index, _UNPATCHED_SHARDS, f"it has other records of {name}")


def _compare(subdir_index: SubdirIndex, patched: Repodata) -> None:
    """Raises RefusedError where repodata.json differs from the unpatched one on purpose."""
    where = subdir_index.key(_UNPATCHED)
    stored = get_within(subdir_index.store, where, MAX_REPODATA)
    try:
        if not isinstance(stored, StoredObject):
            raise InvalidRepodataError("is too large", where=where)
        unpatched = Repodata.parse(stored.data, where=where)
    except InvalidRepodataError as error:
        raise _refused(subdir_index, _UNPATCHED, "it cannot be read") from error
    for file, table, key in unpatched.files():
        place = patched.find(file)
        if place is None:
            continue
        one, other = unpatched.records[table][key], patched.records[place[0]][place[1]]
        same_bytes = sha256_in(unpatched, file) == sha256_in(patched, file)
        if one != other and same_bytes and not say_the_same(one, other):
            raise _refused(subdir_index, _UNPATCHED, f"it has another record of {file}")
    if removed := {*patched.removed}.intersection(file for file, _, _ in unpatched.files()):
        yanked = read_yanked(subdir_index.store, subdir_index.layout.key(YANKED_JSON))[0].of(subdir_index.subdir)
        if taken_out := sorted(removed - yanked.keys()):
            raise _refused(subdir_index, _UNPATCHED, f"it has a record of {taken_out[0]}, which is removed")


def _refused(subdir_index: SubdirIndex, name: str, how: str) -> RefusedError:
    return RefusedError(
        f"another tool patches this index ({how}); an index made from the packages would lose these patches",
        where=subdir_index.key(name),
        remedy=f"index it with that tool, or delete {name} if nobody uses it any more",
    )
