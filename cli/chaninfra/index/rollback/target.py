"""What a channel is rolled back to: what each of its subdirs said at some time, or says in a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, StorageError
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.channel.text import nearest, shown
from chaninfra.index.channel import Channel
from chaninfra.index.contents import known_subdirs
from chaninfra.index.snapshots.create import check_past
from chaninfra.index.snapshots.document import Snapshot, read_snapshots
from chaninfra.index.snapshots.files import key_of
from chaninfra.index.snapshots.states import states_at
from chaninfra.index.snapshots.times import FORM, time_in
from chaninfra.index.snapshots.words import making
from chaninfra.index.times import time_text

OPTION = "--to"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A state of the channel."""

    at: str
    """The time of which it is, ISO 8601 in UTC."""
    snapshot: str | None
    """The name of the snapshot that has it; None: the history has it."""
    shards: Mapping[Subdir, Mapping[str, bytes]]
    """Subdir → package name → digest of its shard, for each subdir of the channel. One that was not there then has
    none."""
    gone: tuple[Subdir, ...] = ()
    """Subdirs that the snapshot has, and the channel not any more."""

    @property
    def text(self) -> str:
        """For messages, and the reasons of yanks."""
        return f"the snapshot {self.snapshot}, of {self.at}" if self.snapshot is not None else self.at


def find_target(channel: Channel, to: str) -> Target:
    """What the channel said at the time, or says in the snapshot, that `to` names. A snapshot of that name comes first.

    Raises ConfigurationError for what is neither, and for a time before the history or in the future; ChaninfraError
    for a snapshot that is being made or removed; StorageError for a state that is damaged or missing.
    """
    snapshots = read_snapshots(channel.writer, channel.descriptor.key(SNAPSHOTS_JSON))[0].snapshots
    if to in snapshots:
        return _of_snapshot(channel, to, snapshots[to])
    at = time_in(to)
    if at is None:
        names = [*snapshots]
        known = nearest(to, names) if names else "the channel has none yet"
        raise ConfigurationError(
            f"{shown(to)} is neither a time nor a snapshot of the channel",
            where=OPTION,
            remedy=f"give a time ({FORM}) or the name of a snapshot; {known}",
        )
    check_past(channel, at, OPTION)
    states = states_at(channel, known_subdirs(channel), at, OPTION)
    return Target(at=time_text(at), snapshot=None, shards={state.target.subdir: state.index.hashes for state in states})


def _of_snapshot(channel: Channel, name: str, snapshot: Snapshot) -> Target:
    if snapshot.stage != "ready":
        creating = snapshot.stage == "creating"
        finish = f"`chaninfra snapshot create {making(name)[1]}`" if creating else f"`chaninfra snapshot rm {name}`"
        raise ChaninfraError(
            f"the snapshot {name} is being {'made' if creating else 'removed'}, or that was stopped",
            where=OPTION,
            remedy=f"finish that: {finish}; or give another snapshot, or a time",
        )
    subdirs = known_subdirs(channel)
    shards: dict[Subdir, Mapping[str, bytes]] = {subdir: {} for subdir in subdirs}
    for subdir in snapshot.subdirs:
        if subdir in shards:
            shards[subdir] = _shards_in(channel, name, subdir)
    gone = tuple(subdir for subdir in snapshot.subdirs if subdir not in shards)
    return Target(at=snapshot.at, snapshot=name, shards=shards, gone=gone)


def _shards_in(channel: Channel, name: str, subdir: Subdir) -> Mapping[str, bytes]:
    """Those that the shard index of the snapshot names. The history may not have its state any more."""
    target = channel.subdir_index(subdir)
    key = key_of(target, name, "shards")
    stored = get_within(target.store, key, MAX_SHARD_INDEX)
    index = ShardIndex.parse(stored.data, where=key) if isinstance(stored, StoredObject) else None
    if index is None or index.info["subdir"] != subdir:
        raise StorageError(
            f"the index of the snapshot is {'missing' if stored is None else 'damaged'}",
            where=key,
            remedy="restore an older version of it, or give another snapshot, or a time",
        )
    return index.hashes
