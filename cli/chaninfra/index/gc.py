"""Garbage collection of a channel: unreferenced shards, index files of removed formats, abandoned uploads.

A shard that the shard index does not reference is marked. A run at least a week later deletes it, so that readers with
an older index still find it until then. No index can reference it again: each shard has a new name
(docs/index-protocol.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, SHARDS
from chaninfra.channel.conda.layout import package_keys
from chaninfra.channel.conda.object_names import GC_FOLDER
from chaninfra.channel.conda.shards import ShardIndex, is_shard, read_shard_index
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import SMALL, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.channel import Channel
from chaninfra.index.subdir_index import SubdirIndex

KEPT = timedelta(days=7)
"""Time from marking a shard to its deletion: readers with an older index find it so long."""
UPLOADS_KEPT = timedelta(days=1)
"""Age from which a multipart upload counts as abandoned."""
_AT_ONCE = 1000

Why = Literal["unreferenced", "not declared", "abandoned upload"]
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
    """Key of a shard, relative to the subdir → when it was first found unreferenced, in ms since 1970."""

    unreferenced: dict[str, int] = {}
    version: int = 1


def collect(channel: Channel, subdirs: Sequence[Subdir], mode: Mode) -> Collected:
    """Delete the garbage of the channel. Raises StorageError."""
    # Uploads first: if these credentials may not abort them, the error comes before anything else is deleted.
    uploads = _sweep_uploads(channel, mode)
    garbage: list[Garbage] = []
    waiting = 0
    for subdir in subdirs:
        found = collect_subdir(channel.subdir_index(subdir), mode)
        garbage += found.garbage
        waiting += found.waiting
    return Collected(garbage=(*garbage, *uploads), waiting=waiting)


def collect_subdir(target: SubdirIndex, mode: Mode) -> Collected:
    """Delete the garbage of a subdir: unreferenced shards, and index files of formats that are no longer declared."""
    undeclared = _undeclared(target)
    # Rule: list before reading the index. Otherwise a shard that is put and referenced in between looks unreferenced.
    folder = target.key(SHARDS)
    listed = {entry.key.removeprefix(f"{target.key('')}/"): entry for entry in target.store.list(folder)}
    # Other files in the folder do not belong to the index.
    shards = {key: entry for key, entry in listed.items() if is_shard(key)}
    referenced = _referenced(target)
    if referenced is None:
        # The shard index is missing or damaged, so the referenced shards are not known.
        return _delete(target, undeclared, 0, mode)
    marks_key = target.layout.key(GC_FOLDER, f"{target.subdir}.json")
    before = _read_marks(target, marks_key)
    now = target.runtime.now_ms()
    marks = {key: before.unreferenced.get(key, now) for key in shards if key not in referenced}
    week = KEPT // timedelta(milliseconds=1)
    newest = datetime.fromtimestamp(now / 1000, UTC) - KEPT
    swept = [key for key, since in marks.items() if now - since >= week and shards[key].modified <= newest]
    left = {key: since for key, since in sorted(marks.items()) if key not in swept}
    garbage = [*undeclared, *(_garbage(shards[key], "unreferenced") for key in swept)]
    done = _delete(target, garbage, len(left), mode)
    if mode == "write" and left != before.unreferenced:
        data = msgspec.json.encode(_Marks(unreferenced=left))
        target.store.put(marks_key, ObjectBody(data=data, content_type="application/json", cache_control="no-store"))
    return done


def _undeclared(target: SubdirIndex) -> list[Garbage]:
    found = []
    for kind, name in FILE_NAMES.items():
        if kind not in target.layout.index.formats and name != REPODATA:
            entry = target.store.head(target.key(name))
            if entry is not None:
                found.append(_garbage(entry, "not declared"))
    return found


def _referenced(target: SubdirIndex) -> set[str] | None:
    """The keys, relative to the subdir, of the shards in the shard index; None if it cannot be read."""
    if "shards" not in target.layout.index.formats:
        return set()
    index = ShardIndex.of(read_shard_index(target.store, target.key(FILE_NAMES["shards"])))
    return index.keys() if index else None


def _read_marks(target: SubdirIndex, key: str) -> _Marks:
    stored = get_within(target.store, key, SMALL)
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
