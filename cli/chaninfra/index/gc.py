"""Garbage collection of a channel: old states of the index, unreferenced shards, index files that are not written any
more, abandoned uploads.

Of the history of the index, all states of the last day are kept, then one an hour for a week, then one a day, for
`index.history-days` days. A shard that neither the shard index nor the kept history references is marked. A run at
least a week later deletes it, so that readers with an older index still find it until then. No index can reference it
again: each shard has a new name (docs/index-protocol.md). Sidecars whose package is gone are deleted in the same way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.layout import package_keys
from chaninfra.channel.conda.object_names import GC_FOLDER, YANKED_JSON
from chaninfra.channel.conda.shards import is_shard
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import SMALL, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import read_authority
from chaninfra.index.commit.history import kept_index, kept_numbers
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.orphans import Seen, sweep
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import read_whole

KEPT = timedelta(days=7)
"""Time from marking a shard to its deletion: readers with an older index find it so long."""
UPLOADS_KEPT = timedelta(days=1)
"""Age from which a multipart upload counts as abandoned."""
_AT_ONCE = 1000
_DAY = timedelta(days=1)
_HOURLY = timedelta(days=7)
"""Age up to which one state of the index an hour is kept."""

Why = Literal[
    "unreferenced", "not declared", "old state of the index", "attestations without a package", "abandoned upload"
]
Mode = Literal["write", "check"]


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """An object, or an upload to its key, that was deleted or would be; `size` in bytes, None for uploads."""

    key: str
    why: Why
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What was deleted (in mode `check`: would be), and the number of marked shards that are kept for now."""

    garbage: tuple[Garbage, ...]
    waiting: int


@prepared
class _Marks(Struct, frozen=True):
    """Key of a shard, or of a sidecar without a package, relative to the subdir → when it was first found so, in ms
    since 1970.
    """

    unreferenced: dict[str, int] = {}
    version: int = 1


def collect(channel: Channel, subdirs: Sequence[Subdir], mode: Mode, progress: Progress = SILENT) -> Collected:
    """Delete the garbage of the channel. Raises StorageError."""
    # Uploads first: if these credentials may not abort them, the error comes before anything else is deleted.
    uploads = _sweep_uploads(channel, mode)
    progress.stage("collecting", len(subdirs), unit="subdir")
    found = []
    for subdir in subdirs:
        progress.at(subdir)
        found.append(collect_subdir(channel.subdir_index(subdir), mode))
        progress.done()
    garbage = (each for done in found for each in done.garbage)
    return Collected(garbage=(*garbage, *uploads), waiting=sum(done.waiting for done in found))


def collect_subdir(target: SubdirIndex, mode: Mode) -> Collected:
    """Delete the garbage of a subdir: old states of its index, unreferenced shards, and index files that are no longer
    written.
    """
    undeclared = _undeclared(target)
    # First, so that a shard that is put and referenced meanwhile is not marked.
    shards, seen = _listed(target)
    # Rule: the authoritative index before the history, since a commit keeps the one that it replaces before it does.
    authority = read_authority(target)
    now = target.runtime.now_ms()
    history = dict(kept_numbers(target))
    old = thinned({number: entry.modified for number, entry in history.items()}, now, target.layout.index.history_days)
    garbage = [*undeclared, *(_garbage(history[number], "old state of the index") for number in old)]
    # Rule: what the history names stays.
    kept = _referenced_by_history(target, history.keys() - set(old))
    if kept is None or authority is None or authority.index is None:
        # Something is missing or damaged, so the referenced shards are not known.
        return _delete(target, garbage, 0, mode)
    referenced = kept | authority.index.keys()
    before = _read_marks(target)
    unreferenced = {**{key: entry for key, entry in shards.items() if key not in referenced}, **seen.orphans()}
    marks = {key: before.unreferenced.get(key, now) for key in unreferenced}
    swept = _week_old(marks, unreferenced, now)
    left = {key: since for key, since in sorted(marks.items()) if key not in swept}
    garbage += [_garbage(shards[key], "unreferenced") for key in swept if key in shards]
    done = _delete(target, garbage, len(left.keys() & shards.keys()), mode)
    orphans = sweep(target, [key for key in swept if key in seen.sidecars], mode)
    left_behind = [_garbage(seen.sidecars[key], "attestations without a package") for key in orphans]
    done = dataclasses.replace(done, garbage=(*done.garbage, *left_behind))
    if mode == "write" and left != before.unreferenced:
        data = msgspec.json.encode(_Marks(unreferenced=left))
        target.store.put(
            _marks_key(target), ObjectBody(data=data, content_type="application/json", cache_control="no-store")
        )
    return done


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What there is for `gc` to do in a subdir. Counted without reading the history, which may be large."""

    overdue: tuple[Garbage, ...]
    """Shards, and sidecars without a package, that an earlier run of `gc` marked at least a week ago."""
    waiting: int
    """Those that it marked later."""
    states: int
    """States of the index that are kept, the last one among them."""
    size: int
    """Their bytes."""
    late: int
    """Those that a run of `gc` a week ago would have deleted."""


def standing(target: SubdirIndex) -> Standing:
    """What there is for `gc` to do. Raises StorageError."""
    (shards, seen), now = _listed(target), target.runtime.now_ms()
    history = dict(kept_numbers(target))
    authority = read_authority(target)
    referenced = authority.index.keys() if authority is not None and authority.index is not None else shards.keys()
    unreferenced = {**{key: entry for key, entry in shards.items() if key not in referenced}, **seen.orphans()}
    marks = {key: since for key, since in _read_marks(target).unreferenced.items() if key in unreferenced}
    overdue = _week_old(marks, unreferenced, now)
    return Standing(
        overdue=tuple(
            _garbage(unreferenced[key], "unreferenced" if key in shards else "attestations without a package")
            for key in overdue
        ),
        waiting=len(marks) - len(overdue),
        states=len(history),
        size=sum(entry.size for entry in history.values()),
        late=len(
            thinned(
                {number: entry.modified for number, entry in history.items()},
                now - KEPT // timedelta(milliseconds=1),
                target.layout.index.history_days,
            )
        ),
    )


def _listed(target: SubdirIndex) -> tuple[dict[str, ObjectMeta], Seen]:
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


def _week_old(marks: Mapping[str, int], shards: Mapping[str, ObjectMeta], now_ms: int) -> list[str]:
    """The marked shards that can be deleted."""
    week = KEPT // timedelta(milliseconds=1)
    newest = datetime.fromtimestamp(now_ms / 1000, UTC) - KEPT
    return [key for key, since in marks.items() if now_ms - since >= week and shards[key].modified <= newest]


def thinned(history: Mapping[int, datetime], now_ms: int, days: int) -> list[int]:
    """The numbers of the commits whose state is not to be kept any longer. `history`: number → when its state was kept.

    The newest state is always kept: it is what another tool's index is compared with.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    swept: list[int] = []
    seen: set[tuple[str, int]] = set()
    for position, (number, when) in enumerate(sorted(history.items(), reverse=True)):
        age = now - when
        slot = ("hour", int(when.timestamp()) // 3600) if age <= _HOURLY else ("day", int(when.timestamp()) // 86400)
        if position and age > _DAY and (age > timedelta(days=days) or slot in seen):
            swept.append(number)
        seen.add(slot)
    return swept


def _undeclared(target: SubdirIndex) -> list[Garbage]:
    found = []
    for kind, name in FILE_NAMES.items():
        if kind not in target.layout.index.formats:
            entry = target.store.head(target.key(name))
            # That of another tool may have what the shards do not: a re-index takes it over first.
            if entry is not None and (Origin.read(entry.metadata) is not None or _is_taken_over(target)):
                found.append(_garbage(entry, "not declared"))
    return found


def _is_taken_over(target: SubdirIndex) -> bool:
    """Whether the index has what the index files of other tools say of the packages that are there."""
    whole = read_whole(target, salvage=True)
    if whole.adoption is not None or whole.removed or len(whole.foreign) > _AT_ONCE:
        return False
    index, keys = whole.authority.index if whole.authority else None, whole.keys
    if index is None or (
        keys and not (keys.info.items() <= index.info.items() and keys.other.keys() <= index.other.keys())
    ):
        return False
    # Files of other kinds of packages may lie on another server.
    if not all(map(suffix_of, whole.foreign)):
        return False
    yanked = read_yanked(target.store, target.layout.key(YANKED_JSON))[0].files(target.subdir)
    calls = [partial(target.store.head, target.key(file)) for file in whole.foreign - set(yanked)]
    return not any(run_all(target.runtime, calls))


def _referenced_by_history(target: SubdirIndex, numbers: Iterable[int]) -> set[str] | None:
    """The keys, relative to the subdir, of the shards that the kept states name; None if one is damaged."""
    keys: set[str] = set()
    for number in numbers:
        index = kept_index(target, number)
        if index is None:
            return None
        keys |= index.keys()
    return keys


def _marks_key(target: SubdirIndex) -> str:
    return target.layout.key(GC_FOLDER, f"{target.subdir}.json")


def _read_marks(target: SubdirIndex) -> _Marks:
    stored = get_within(target.store, _marks_key(target), SMALL)
    try:
        return msgspec.json.decode(stored.data, type=_Marks) if isinstance(stored, StoredObject) else _Marks()
    except MALFORMED:
        # A damaged file costs another week, nothing else.
        return _Marks()


def _delete(target: SubdirIndex, garbage: Sequence[Garbage], waiting: int, mode: Mode) -> Collected:
    if mode == "write":
        keys = [each.key for each in garbage]
        for start in range(0, len(keys), _AT_ONCE):
            target.store.delete(keys[start : start + _AT_ONCE])
    return Collected(garbage=tuple(garbage), waiting=waiting)


def _sweep_uploads(channel: Channel, mode: Mode) -> list[Garbage]:
    """Abort multipart uploads of packages that nobody finished: their parts cost storage, and no listing shows them.

    On a store that cannot list uploads there is nothing to do. Raises StorageError.
    """
    from chaninfra.channel.s3.object_versions import abort, open_uploads

    client, location, prefix = channel.client(), channel.descriptor.location, channel.descriptor.prefix
    newest = datetime.now(UTC) - UPLOADS_KEPT
    found: list[Garbage] = []
    for upload in [*open_uploads(client, location, prefix)]:
        # Only packages: other uploads to this bucket, such as to a channel below this one, may take longer.
        if (
            upload.initiated < newest
            and package_keys([upload.key], prefix)
            and (mode == "check" or abort(client, location, upload.key, upload.upload_id))
        ):
            found.append(Garbage(key=upload.key, why="abandoned upload", size=None))
    return found


def _garbage(entry: ObjectMeta, why: Why) -> Garbage:
    return Garbage(key=entry.key, why=why, size=entry.size)
