"""The history of an index: `.chaninfra/history/<subdir>/<number>` is the authoritative index of commit `number`.

A commit keeps the authoritative index that it wrote, and before that the one that it replaces, if the writer of that
one was killed before it could. The history bridges gaps that the log in the commit stamp does not, and a re-index finds
in it the last index that chaninfra wrote, after another tool has replaced it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX, body
from chaninfra.channel.conda.object_names import HISTORY_FOLDER
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import ConflictError, RecreationError, remedy_if_denied
from chaninfra.channel.objects import IfAbsent, ObjectMeta, StoredObject, get_within
from chaninfra.index.commit.authority import Authority, ForeignIndexError
from chaninfra.index.commit.replaced import Replaced, read_replaced
from chaninfra.index.subdir_index import SubdirIndex

_NUMBER = re.compile(r"[1-9][0-9]{0,15}")
_PERMIT = (
    f"permit GET and PUT below {HISTORY_FOLDER}/ to whoever publishes: run `pulumi up`, or attach what "
    "`chaninfra policy` prints"
)
"""Policies of earlier versions do not permit publishers to use the history."""

REVISION = "chaninfra-revision"
"""The name of the object metadata that has the revision of the commit."""


def history_key(subdir_index: SubdirIndex, number: int | str = "") -> str:
    """The object key of the authoritative index of commit `number`; without it, the folder."""
    return subdir_index.layout.key(HISTORY_FOLDER, subdir_index.subdir, *([str(number)] if number else ()))


def keep(subdir_index: SubdirIndex, authority: Authority) -> None:
    """Keep an authoritative index of ours.

    Raises ForeignIndexError where another one with its number was kept before: the index was restored from a copy.
    """
    store, stamp = subdir_index.store, authority.stamp
    key = history_key(subdir_index, stamp.number)
    metadata = {REVISION: stamp.revision}
    try:
        with remedy_if_denied(_PERMIT):
            store.put(key, body(authority.data, "shards", subdir_index.layout.index, metadata), IfAbsent())
    except (ConflictError, RecreationError):
        # Another writer that is going to replace the same one may have kept it. Or the channel was deleted and made
        # anew, and the store refuses a number whose delete marker is there: the index does not depend on its history.
        kept = get_within(store, key, len(authority.data))
        # None: gc has thinned the history meanwhile.
        if kept is not None and (not isinstance(kept, StoredObject) or kept.data != authority.data):
            raise ForeignIndexError(
                f"commit {authority.stamp.number} of the index was replaced before, so it was restored from a copy",
                where=key,
                remedy="run `chaninfra reindex`",
            ) from None


def ensure_kept(subdir_index: SubdirIndex, authority: Authority) -> None:
    """Keep an authoritative index of ours that another writer may have kept already. Raises as `keep`.

    Its bytes are sent only where its writer was killed or is not done yet.
    """
    with remedy_if_denied(_PERMIT):
        kept = subdir_index.store.head(history_key(subdir_index, authority.stamp.number))
    if kept is None or kept.metadata.get(REVISION) != authority.stamp.revision:
        keep(subdir_index, authority)


def was_kept_otherwise(subdir_index: SubdirIndex, authority: Authority) -> bool:
    """Whether another authoritative index with the number of this one was kept: this one was restored from a copy."""
    kept = subdir_index.store.head(history_key(subdir_index, authority.stamp.number))
    return kept is not None and kept.metadata.get(REVISION) != authority.stamp.revision


def kept_index(subdir_index: SubdirIndex, number: int, replaced: Replaced | None = None) -> ShardIndex | None:
    """The index of that commit, with the shards that stand for those of withdrawn packages; None if it was not kept or
    is damaged. `replaced`: those shards, if they were read already.
    """
    index = as_it_was(subdir_index, number)
    # Rule: what is replaced is read after the state, since a shard is deleted only after it was replaced.
    return index and (replaced or read_replaced(subdir_index)).applied(index)


def as_it_was(subdir_index: SubdirIndex, number: int) -> ShardIndex | None:
    """The index of that commit as it was kept, to be compared: shards that it names may have been deleted since. None
    if it was not kept or is damaged.
    """
    stored = get_within(subdir_index.store, history_key(subdir_index, number), MAX_SHARD_INDEX)
    index = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
    if index is None or index.stamp is None or index.stamp.number != number:
        return None
    return index


def kept_numbers(subdir_index: SubdirIndex) -> Iterator[tuple[int, ObjectMeta]]:
    """The numbers of the commits whose index was kept, and the objects, in no order."""
    folder = history_key(subdir_index)
    for entry in subdir_index.store.list(folder):
        name = entry.key.removeprefix(f"{folder}/")
        if _NUMBER.fullmatch(name):
            yield int(name), entry


def touched_since(subdir_index: SubdirIndex, index: ShardIndex, number: int) -> set[str] | None:
    """The package names whose shard has changed since commit `number`, by the log or else by the history; None: neither
    reaches back to it.
    """
    if index.stamp is None:
        return None
    logged = index.stamp.touched_since(number)
    if logged is not None or number > index.stamp.number:
        return logged
    # Rule: as it was, since what was derived from it has the records of its own shards.
    old = as_it_was(subdir_index, number)
    return None if old is None else changed_names(old, index)


def changed_names(one: ShardIndex, other: ShardIndex) -> set[str]:
    """The package names whose shards differ."""
    return {name for name, _ in one.hashes.items() ^ other.hashes.items()}
