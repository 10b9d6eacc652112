"""Remove a snapshot, and list those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import is_file_of_snapshots, is_snapshot_name, snapshot_folder
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConfigurationError, DeniedError
from chaninfra.channel.text import nearest
from chaninfra.index.channel import Channel
from chaninfra.index.snapshots.create import check_name
from chaninfra.index.snapshots.document import Snapshot, Snapshots, SnapshotSubdir, read_snapshots, update_snapshots
from chaninfra.index.times import now_text

_AT_ONCE = 1000


class NoSnapshotError(ConfigurationError):
    """There is no snapshot of the name."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The snapshots of a channel, by name; and those of which there are files without an entry."""

    snapshots: Mapping[str, Snapshot]
    unlisted: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What `remove` did."""

    name: str
    deleted: tuple[str, ...]
    """Object keys."""
    others: tuple[str, ...]
    """The keys of objects beside them that chaninfra did not make, and that stay."""


def list_snapshots(channel: Channel) -> Listed:
    """The snapshots of the channel. Raises StorageError."""
    store = channel.store()
    found = read_snapshots(store, channel.descriptor.key(SNAPSHOTS_JSON))[0].snapshots
    folder = channel.descriptor.key(SNAPSHOTS_FOLDER)
    names: set[str] = set()
    with suppress(DeniedError):
        # Not by `folders`: MinIO lists those, too, in which there are only delete markers.
        for entry in store.list(folder):
            name, slash, _ = entry.key.removeprefix(f"{folder}/").partition("/")
            names |= {name} if slash else set()
    unlisted = sorted(name for name in names - found.keys() if is_snapshot_name(name))
    return Listed(snapshots=dict(sorted(found.items())), unlisted=unlisted)


def remove(channel: Channel, name: str) -> Removed:
    """Remove a snapshot: its entry says so, its files are deleted, then the entry.

    If it is killed in between, the rest is not taken for a snapshot, and the next `remove` deletes it. Raises
    ConfigurationError for what is no name; NoSnapshotError if there is none; StorageError.
    """
    check_name(name)
    key = channel.descriptor.key(SNAPSHOTS_JSON)
    start = f"{channel.descriptor.key()}/" if channel.descriptor.prefix else ""

    def files() -> tuple[list[str], list[str]]:
        """The keys of its files, and of what lies beside them."""
        keys = [entry.key for entry in channel.writer.list(channel.descriptor.key(snapshot_folder(name)))]
        ours = [each for each in keys if is_file_of_snapshots(each.removeprefix(start))]
        return ours, sorted({*keys} - {*ours})

    left = _left(files()[0], channel)
    # Rule: no file is deleted before the entry says so, or a snapshot that somebody makes meanwhile would lose it.
    known = update_snapshots(channel.writer, channel.runtime, key, lambda old: _removing(old, name, left))
    if name not in known.snapshots:
        names = [*known.snapshots]
        raise NoSnapshotError(
            f"there is no snapshot {name}",
            where=channel.descriptor.url,
            remedy=nearest(name, names) if names else "it has none; `chaninfra snapshot create NAME` makes one",
        )
    ours, others = files()
    for first in range(0, len(ours), _AT_ONCE):
        channel.writer.delete(ours[first : first + _AT_ONCE])
    update_snapshots(channel.writer, channel.runtime, key, lambda old: old.having(name, None))
    return Removed(name=name, deleted=tuple(ours), others=tuple(others))


def _removing(old: Snapshots, name: str, left: Snapshot | None) -> Snapshots:
    """The document where the entry of the snapshot, or of what is left of one, says that it is being removed."""
    there = old.snapshots.get(name, left)
    return old if there is None else old.having(name, msgspec.structs.replace(there, stage="removing"))


def _left(keys: Sequence[str], channel: Channel) -> Snapshot | None:
    """An entry for files that none is about; None: there are no files."""
    folders = {key.split("/")[-2] for key in keys}
    state = SnapshotSubdir(commit=1, revision="unknown", packages=0)
    subdirs: dict[Subdir, SnapshotSubdir] = {subdir: state for subdir in KNOWN_SUBDIRS if subdir in folders}
    now = now_text(channel.runtime)
    return Snapshot(at=now, created=now, subdirs=subdirs) if subdirs else None
