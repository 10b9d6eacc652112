"""Garbage collection of a channel: old states of the index, unreferenced shards, index files and channeldata.json that
are not written any more, abandoned uploads.

Of the history of the index, all states of the last day are kept, then one an hour for a week, then one a day, for
`index.history-days` days. A shard that neither the shard index nor the kept history nor a snapshot references is
marked. A run at least a week later deletes it, so that readers with an older index still find it until then. No index
can reference it again: each shard has a new name (docs/index-protocol.md). Sidecars whose package is gone are deleted
in the same way, and so are summaries of names that the index does not have.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.object_names import GC_FOLDER
from chaninfra.channel.conda.shards import is_shard, shard_key
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import SMALL, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index import left_over
from chaninfra.index.abandoned_uploads import sweep_uploads
from chaninfra.index.channel import Channel
from chaninfra.index.channeldata.unasked import sweep_channeldata
from chaninfra.index.commit.authority import authority_key, read_authority
from chaninfra.index.commit.history import as_it_was, history_key, kept_index, kept_numbers
from chaninfra.index.commit.replaced import Replaced, Replacement, read_replaced, update_replaced
from chaninfra.index.commit.shard_writer import MAX_SHARD_AGE_MS
from chaninfra.index.orphans import Seen, sweep
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.snapshots.needed import referenced_by_snapshots
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.thinning import thinned

KEPT = timedelta(days=7)
"""Time from marking a shard to its deletion: readers with an older index find it so long."""
_AT_ONCE = 1000

Why = Literal[
    "unreferenced",
    "not declared",
    "of an earlier indexer",
    "old state of the index",
    "attestations without a package",
    "summary without a package",
    "abandoned upload",
]
Mode = Literal["write", "check"]


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """An object, or an upload to its key, that was deleted or would be; `size` in bytes, None for uploads."""

    key: str
    why: Why
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Shards that cannot be told from those that are needed, since what names them is not there or damaged: none of
    the subdir is marked or deleted.
    """

    subdir: Subdir
    key: str
    """The object key of a state of the index that is kept, of the shard index of a snapshot, or of the index itself."""
    of: Literal["state", "snapshot", "index"]


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What was deleted (in mode `check`: would be), the number of marked shards that are kept for now, and why others
    were not looked at.
    """

    garbage: tuple[Garbage, ...]
    waiting: int
    unknown: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be done, since the store has no call for it, or these credentials may not."""


@prepared
class _Marks(Struct, frozen=True):
    """Key, relative to the subdir, of what is not needed → when it was first found so, in ms since 1970."""

    unreferenced: dict[str, int] = {}
    version: Literal[1] = 1


def collect(channel: Channel, subdirs: Sequence[Subdir], mode: Mode, progress: Progress = SILENT) -> Collected:
    """Delete the garbage of the channel. Raises StorageError."""
    # Uploads first: if these credentials may not abort them, the error comes before anything else is deleted.
    uploads, notes = sweep_uploads(channel, subdirs, mode)
    progress.stage("collecting", len(subdirs), unit="subdir")
    found = []
    for subdir in subdirs:
        progress.at(subdir)
        found.append(collect_subdir(channel.subdir_index(subdir), mode))
        progress.done()
    unasked, more = sweep_channeldata(channel, mode)
    others = [garbage_of(entry, "not declared") for entry in unasked]
    others += [Garbage(key=key, why="abandoned upload", size=None) for key in uploads]
    return Collected(
        garbage=(*(item for each in found for item in each.garbage), *others),
        waiting=sum(each.waiting for each in found),
        unknown=tuple(item for each in found for item in each.unknown),
        notes=(*notes, *more),
    )


def collect_subdir(target: SubdirIndex, mode: Mode) -> Collected:
    """Delete the garbage of a subdir."""
    undeclared = left_over.undeclared(target)
    # First, so that a shard that is put and referenced meanwhile is not marked.
    shards, seen = listed(target)
    # Rule: before the index and the history, so that no state that is not listed needs what this says.
    replaced = read_replaced(target)
    # Rule: the authoritative index before the history, since a commit keeps the one that it replaces before it does.
    authority = read_authority(target)
    now = target.runtime.now_ms()
    history = dict(kept_numbers(target))
    old = thinned({number: entry.modified for number, entry in history.items()}, now, target.layout.index.history_days)
    garbage = [
        *(garbage_of(entry, "not declared") for entry in (*undeclared, *left_over.unasked(target, seen.index_files))),
        *(garbage_of(entry, "of an earlier indexer") for entry in left_over.stale(target, authority, seen.index_files)),
        *(garbage_of(history[number], "old state of the index") for number in old),
    ]
    # Rule: what the history names stays.
    kept, damaged = _referenced_by_history(target, sorted(history.keys() - set(old)), shards.keys())
    unknown = [Unknown(subdir=target.subdir, key=key, of="state") for key in damaged]
    # Rule: what snapshots name stays.
    pinned, broken = referenced_by_snapshots(target, shards.keys())
    unknown += [Unknown(subdir=target.subdir, key=key, of="snapshot") for key in broken]
    index = authority.index if authority is not None else None
    if index is None and (authority is not None or shards or seen.orphans()):
        unknown.append(Unknown(subdir=target.subdir, key=authority_key(target), of="index"))
    if index is None or unknown:
        return dataclasses.replace(_delete(target, garbage, 0, mode), unknown=tuple(unknown))
    referenced = kept | pinned | index.keys()
    before = read_marks(target)
    _check_recent(target, now)
    unreferenced = {
        **{key: entry for key, entry in shards.items() if key not in referenced},
        **seen.unneeded(index.hashes),
    }
    marks = {key: _since(before, key, entry, now) for key, entry in unreferenced.items()}
    swept = week_old(marks, unreferenced, now)
    left = {key: since for key, since in sorted(marks.items()) if key not in swept}
    garbage += [garbage_of(shards[key], "unreferenced") for key in swept if key in shards]
    garbage += [garbage_of(seen.summaries[key], "summary without a package") for key in swept if key in seen.summaries]
    unused = _unused(target, replaced, history, {*shards, *index.keys()})
    done = _delete(target, garbage, len(left.keys() & shards.keys()), mode)
    orphans = sweep(target, [key for key in swept if key in seen.sidecars], mode)
    left_behind = [garbage_of(seen.sidecars[key], "attestations without a package") for key in orphans]
    done = dataclasses.replace(done, garbage=(*done.garbage, *left_behind))
    if mode == "write" and left != before.unreferenced:
        _check_recent(target, now)
        data = msgspec.json.encode(_Marks(unreferenced=left))
        target.store.put(
            _marks_key(target), ObjectBody(data=data, content_type="application/json", cache_control="no-store")
        )
    if mode == "write" and unused:
        _check_recent(target, now)
        update_replaced(target, lambda document: document.without(unused))
    return done


def _unused(target: SubdirIndex, replaced: Replaced, states: Iterable[int], needed: Set[str]) -> dict[str, Replacement]:
    """What stands for shards that no state and no snapshot names any more. `needed`: shards that are there, or that the
    index names.

    Rule: states that this run deletes count, since somebody may have read one, and look next what is replaced.
    """
    old = {shard_key(bytes.fromhex(digest)): digest for digest in replaced.shards}
    if not old:
        return {}
    named, damaged = referenced_by_snapshots(target, old.keys())
    if damaged:
        return {}
    for number in states:
        index = as_it_was(target, number)
        named |= index.keys() & old.keys() if index is not None else set()
    return {digest: replaced.shards[digest] for key, digest in old.items() if key not in named and key not in needed}


def _check_recent(target: SubdirIndex, began_ms: int) -> None:
    """Rule: what was read more than a day before neither marks nor deletes. Raises StorageError."""
    if target.runtime.now_ms() - began_ms > MAX_SHARD_AGE_MS:
        raise StorageError(
            "it was read more than a day ago which shards are needed",
            where=target.layout.key(target.subdir),
            remedy="run the command again",
        )


def listed(target: SubdirIndex) -> tuple[dict[str, ObjectMeta], Seen]:
    """Key, relative to the subdir → object, of the shards; and the packages and their sidecars. Other files in the
    folder do not belong to the index.
    """
    folder, seen = target.layout.key(target.subdir), Seen()
    shards: dict[str, ObjectMeta] = {}
    for entry in target.store.list(folder):
        key = entry.key.removeprefix(f"{folder}/")
        if is_shard(key):
            shards[key] = entry
        else:
            seen.take(key, entry)
    return shards, seen


def week_old(marks: Mapping[str, int], shards: Mapping[str, ObjectMeta], now_ms: int) -> list[str]:
    """The marked shards that can be deleted."""
    newest = datetime.fromtimestamp(now_ms / 1000, UTC) - KEPT
    return [
        key
        for key, since in marks.items()
        if now_ms - since >= KEPT // timedelta(milliseconds=1)
        and shards[key].modified <= newest
        and _counts(key, since, shards[key])
    ]


def _since(before: _Marks, key: str, entry: ObjectMeta, now_ms: int) -> int:
    """Since when it has been found unreferenced; in ms since 1970."""
    since = before.unreferenced.get(key)
    return now_ms if since is None or not _counts(key, since, entry) else since


def _counts(key: str, since: int, entry: ObjectMeta) -> bool:
    """Whether a mark of that time counts.

    Rule: not one of a shard that was put less than a day before. A commit may have named it since, and somebody may
    read that state just now, to make a snapshot of it.
    """
    return not is_shard(key) or since - entry.modified.timestamp() * 1000 >= MAX_SHARD_AGE_MS


def _referenced_by_history(
    target: SubdirIndex, numbers: Iterable[int], shards: Set[str]
) -> tuple[set[str], tuple[str, ...]]:
    """Those of the shards (keys relative to the subdir) that the kept states name; and the object keys of states that
    are damaged.

    A state may name any number of shards, so only those that are there are remembered.
    """
    keys: set[str] = set()
    damaged: list[str] = []
    replaced = read_replaced(target)
    for number in numbers:
        index = kept_index(target, number, replaced)
        if index is None:
            damaged.append(history_key(target, number))
        else:
            keys |= index.keys() & shards
    return keys, tuple(damaged)


def _marks_key(target: SubdirIndex) -> str:
    return target.layout.key(GC_FOLDER, f"{target.subdir}.json")


def read_marks(target: SubdirIndex) -> _Marks:
    stored = get_within(target.store, _marks_key(target), SMALL)
    try:
        return msgspec.json.decode(stored.data, type=_Marks) if isinstance(stored, StoredObject) else _Marks()
    except MALFORMED:
        # A damaged file costs another week, nothing else.
        return _Marks()


def forget_marks(target: SubdirIndex, keys: Set[str]) -> None:
    """Take these keys, relative to the subdir, out of the marks: they were deleted otherwise."""
    before = read_marks(target).unreferenced
    left = {key: since for key, since in before.items() if key not in keys}
    if left != before:
        data = msgspec.json.encode(_Marks(unreferenced=left))
        target.store.put(
            _marks_key(target), ObjectBody(data=data, content_type="application/json", cache_control="no-store")
        )


def _delete(target: SubdirIndex, garbage: Sequence[Garbage], waiting: int, mode: Mode) -> Collected:
    if mode == "write":
        keys = [each.key for each in garbage]
        for start in range(0, len(keys), _AT_ONCE):
            target.store.delete(keys[start : start + _AT_ONCE])
    return Collected(garbage=tuple(garbage), waiting=waiting)


def garbage_of(entry: ObjectMeta, why: Why) -> Garbage:
    return Garbage(key=entry.key, why=why, size=entry.size)
