"""Garbage: what no reader needs any more, found and deleted so that no reader ever misses it.

A shard that no index names is marked, and swept by a run that finds it so a week later. It cannot be named again: each
shard has a name of its own (docs/index-protocol.md).
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
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER
from chaninfra.channel.conda.shards import ShardIndex, is_shard
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectBody, ObjectMeta
from chaninfra.index.channel import Channel
from chaninfra.index.subdir_index import SubdirIndex

KEPT = timedelta(days=7)
"""How long a shard stays after it was marked: readers that have an older index find it so long."""
UPLOADS_KEPT = timedelta(days=1)
_AT_ONCE = 1000

Why = Literal["unreferenced", "not declared", "abandoned upload"]
Mode = Literal["write", "check"]


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """An object, or an upload to its key, that was deleted or would be; `size` in bytes, None where it is not known."""

    key: str
    why: Why
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What was deleted or, where nothing was to be written, would be; and how many shards wait for their week."""

    garbage: tuple[Garbage, ...]
    waiting: int


@prepared
class _Marks(Struct, frozen=True):
    """When shards were found unreferenced, in ms since 1970, by key relative to the subdir."""

    unreferenced: dict[str, int] = {}
    version: int = 1


def collect(channel: Channel, subdirs: Sequence[Subdir], mode: Mode) -> Collected:
    """Collect the garbage of the channel. Raises StorageError and its kinds."""
    garbage: list[Garbage] = []
    waiting = 0
    for subdir in subdirs:
        found = collect_subdir(channel.subdir_index(subdir), mode)
        garbage += found.garbage
        waiting += found.waiting
    return Collected(garbage=(*garbage, *_uploads(channel, mode)), waiting=waiting)


def collect_subdir(target: SubdirIndex, mode: Mode) -> Collected:
    """Collect the garbage of a subdir: shards, and the files of formats that are not declared any more."""
    undeclared = _undeclared(target)
    # Rule: the listing before the index, or a shard could be put and named in between.
    folder = target.key(SHARDS)
    listed = {entry.key.removeprefix(f"{target.key('')}/"): entry for entry in target.store.list(folder)}
    # What else lies there is somebody's.
    shards = {key: entry for key, entry in listed.items() if is_shard(key)}
    named = _named(target)
    if named is None:
        # The index is missing or damaged, so nobody knows which of them it should name.
        return _delete(target, undeclared, 0, mode)
    marks_key = target.layout.key(CHANINFRA_FOLDER, "gc", f"{target.subdir}.json")
    before = _read_marks(target, marks_key)
    now = target.runtime.now_ms()
    marks = {key: before.unreferenced.get(key, now) for key in shards if key not in named}
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


def _named(target: SubdirIndex) -> set[str] | None:
    """The shards that readers may look for; None: it is not known which."""
    if "shards" not in target.layout.index.formats:
        return set()
    stored = target.store.get(target.key(FILE_NAMES["shards"]))
    index = ShardIndex.parse(stored.data) if stored else None
    return index.keys() if index else None


def _read_marks(target: SubdirIndex, key: str) -> _Marks:
    stored = target.store.get(key)
    try:
        return msgspec.json.decode(stored.data, type=_Marks) if stored else _Marks()
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Another week, and nothing else is lost.
        return _Marks()


def _delete(target: SubdirIndex, garbage: Sequence[Garbage], waiting: int, mode: Mode) -> Collected:
    if mode == "write":
        keys = [each.key for each in garbage]
        for start in range(0, len(keys), _AT_ONCE):
            target.store.delete(keys[start : start + _AT_ONCE])
    return Collected(garbage=tuple(garbage), waiting=waiting)


def _uploads(channel: Channel, mode: Mode) -> list[Garbage]:
    """Uploads of packages in parts that nobody finished: their parts take room, and no listing shows them."""
    from chaninfra.channel.s3.boto import translating_errors

    bucket, prefix = channel.descriptor.bucket, channel.descriptor.key()
    client = channel.client()
    before = datetime.now(UTC) - UPLOADS_KEPT
    found: list[Garbage] = []
    with translating_errors(channel.descriptor.location, "list the uploads of", prefix):
        for page in client.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=f"{prefix}/" if prefix else ""
        ):
            for upload in page.get("Uploads", ()):
                # What else goes to this bucket, maybe to a channel below this one, may take longer.
                if upload["Initiated"] < before and package_keys([upload["Key"]], prefix):
                    found.append(Garbage(key=upload["Key"], why="abandoned upload", size=None))
                    if mode == "write":
                        client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    return found


def _garbage(entry: ObjectMeta, why: Why) -> Garbage:
    return Garbage(key=entry.key, why=why, size=entry.size)
