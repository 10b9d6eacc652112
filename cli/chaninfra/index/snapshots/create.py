"""Make a snapshot: a channel at `<prefix>/snapshots/NAME/` that says for good what the channel says now, or said then.

The entry in snapshots/index.json comes first: it names the states of the index. Whoever goes on after a kill makes the
files of these, by whatever time. Then come the files, each only where there is none, and at last the entry says that
they are there.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import NAME_RULE, is_snapshot_name
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.channel.text import shown
from chaninfra.index.channel import Channel
from chaninfra.index.commit.shard_reader import LostShardError
from chaninfra.index.commit.shard_writer import MAX_SHARD_AGE_MS
from chaninfra.index.contents import known_subdirs
from chaninfra.index.place import require_index
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.snapshots.document import (
    Snapshot,
    Snapshots,
    SnapshotSubdir,
    having_counts,
    read_snapshots,
    update_snapshots,
)
from chaninfra.index.snapshots.files import OtherShardsError, put_monolith, put_shard_index
from chaninfra.index.snapshots.states import State, as_of_now, states_at, states_now, states_of, whole
from chaninfra.index.times import now_text, time_of, time_text

Outcome = Literal["created", "finished", "present"]
READING, MAKING = "reading the index", "making the snapshot"


@dataclass(frozen=True, kw_only=True)
class Created:
    """What `create` did."""

    name: str
    outcome: Outcome
    """`finished`: somebody had begun it, `present`: it was there already."""
    snapshot: Snapshot
    objects: int = 0
    size: int = 0
    """The bytes of its files; 0 if it was there already."""


def check_name(name: str) -> None:
    """Raise ConfigurationError if no snapshot may have this name."""
    if not is_snapshot_name(name):
        raise ConfigurationError(f"{shown(name)} is not the name of a snapshot", remedy=f"it takes {NAME_RULE}")


def create(channel: Channel, name: str, at: datetime | None = None, progress: Progress = SILENT) -> Created:
    """Make the snapshot, of what the channel says now, or said at that time.

    Raises ConfigurationError for a name that is not allowed, and a time before the history or in the future;
    ConflictError where there is another one of this name; ForeignIndexError for an index that is not ours;
    RefusedError for one whose packages are elsewhere; and StorageError.
    """
    check_name(name)
    if at is not None:
        check_past(channel, at, "--at")
    require_index(channel)
    key, subdirs = channel.descriptor.key(SNAPSHOTS_JSON), known_subdirs(channel)
    progress.stage(READING, len(subdirs), unit="subdir")
    there = read_snapshots(channel.writer, key)[0].snapshots.get(name)
    began = channel.runtime.now_ms()
    if there is None or at is not None or there.stage != "creating":
        states = states_at(channel, subdirs, at) if at is not None else states_now(channel, subdirs)
    else:
        states = states_of(channel, there)
    wanted = there or _entry(states, at, began)
    if there is not None:
        _check_same(name, there, states)
        if there.stage == "ready":
            return Created(name=name, outcome="present", snapshot=there)
    states = _whole(states, progress)
    # Not before all is known to be sound, so that a refused one leaves nothing.
    if there is None:
        there = update_snapshots(
            channel.writer, channel.runtime, key, lambda old: _claimed(old, name, wanted)
        ).snapshots[name]
        if there != wanted:
            return create(channel, name, at, progress)
        made: Outcome = "created"
    else:
        made = "finished"
    return _completed(channel, name, wanted, states, made, began, progress)


def finish(channel: Channel, name: str, progress: Progress = SILENT) -> Created | None:
    """Finish the snapshot that was begun, of the states of its entry; None: none of this name is being made.

    Raises as `create`, and StateGoneError.
    """
    key, began = channel.descriptor.key(SNAPSHOTS_JSON), channel.runtime.now_ms()
    there = read_snapshots(channel.writer, key)[0].snapshots.get(name)
    if there is None or there.stage != "creating":
        return None
    progress.stage(READING, len(there.subdirs), unit="subdir")
    states = states_of(channel, there)
    states = _whole(states, progress)
    return _completed(channel, name, there, states, "finished", began, progress)


def _whole(states: Sequence[State], progress: Progress) -> list[State]:
    """The states, without what was withdrawn since they were read. Raises as `whole`."""
    found = []
    for state in states:
        progress.at(state.target.subdir)
        found.append(whole(state))
        progress.done()
    return found


def _completed(
    channel: Channel,
    name: str,
    wanted: Snapshot,
    states: Sequence[State],
    outcome: Outcome,
    began: int,
    progress: Progress,
) -> Created:
    """Put the files of the snapshot whose entry is there, and let the entry say so."""
    key = channel.descriptor.key(SNAPSHOTS_JSON)
    current, sizes = _put_until_current(states, name, _ms(wanted.created), began, progress)
    counts = {state.target.subdir: state.stamp.count for state in current}
    known = update_snapshots(channel.writer, channel.runtime, key, lambda old: _ready(old, name, wanted, counts))
    return Created(name=name, outcome=outcome, snapshot=known.snapshots[name], objects=len(sizes), size=sum(sizes))


def _put_until_current(
    states: Sequence[State], name: str, created_ms: int, began: int, progress: Progress
) -> tuple[Sequence[State], list[int]]:
    """Put the index files, again where a package was withdrawn meanwhile; the states that they have, and their sizes in
    bytes.
    """
    for attempt in range(ATTEMPTS):
        sizes, lost = None, None
        try:
            sizes = _put_files(states, name, created_ms, began, progress, replace=attempt > 0)
        except OtherShardsError:
            pass
        except LostShardError as error:
            lost = error
        # Rule: what was withdrawn is looked for after the last file was put. Who withdraws looks for snapshots after
        # it has said so.
        now = [*map(as_of_now, states)]
        if all(map(operator.is_, now, states)):
            if sizes is not None:
                return states, sizes
            if lost is not None:
                raise lost
        states = now
    raise ConflictError(
        f"packages were withdrawn meanwhile, {ATTEMPTS} times",
        where=states[0].target.layout.key(SNAPSHOTS_JSON),
        remedy="run the command again",
    )


def _put_files(
    states: Sequence[State], name: str, created_ms: int, began: int, progress: Progress, *, replace: bool
) -> list[int]:
    """Put the index files; their sizes in bytes."""
    progress.stage(MAKING, len(states), unit="subdir")
    sizes: list[int] = []
    # The shard indexes of all subdirs first: gc reads them.
    for state in states:
        # Rule: nothing names shards of a state that was read more than a day before, since gc deletes the shards that
        # it has seen unreferenced a week before.
        if state.target.runtime.now_ms() - began > MAX_SHARD_AGE_MS:
            raise ConflictError(
                "the states of the index were read more than a day ago",
                where=state.target.layout.key(SNAPSHOTS_JSON),
                remedy="run the command again",
            )
        sizes.append(put_shard_index(state, name, created_ms, replace=replace))
    for state in states:
        progress.at(state.target.subdir)
        sizes += put_monolith(state, name, replace=replace)
        progress.done()
    return sizes


def _entry(states: Sequence[State], at: datetime | None, now_ms: int) -> Snapshot:
    now = time_text(time_of(now_ms))
    subdirs: dict[Subdir, SnapshotSubdir] = {
        each.target.subdir: SnapshotSubdir(
            commit=each.stamp.number, revision=each.stamp.revision, packages=each.stamp.count
        )
        for each in states
    }
    return Snapshot(at=time_text(at) if at else now, created=now, stage="creating", subdirs=subdirs)


def _claimed(old: Snapshots, name: str, wanted: Snapshot) -> Snapshots:
    """The document with the entry, unless there is one of this name."""
    return old if name in old.snapshots else old.having(name, wanted)


def _ready(old: Snapshots, name: str, made: Snapshot, counts: Mapping[Subdir, int]) -> Snapshots:
    """The document where the entry says that the files are there; `counts`: the numbers of packages in them."""
    there = old.snapshots.get(name)
    if (
        there is None
        or there.stage == "removing"
        or having_counts(there, counts) != having_counts(msgspec.structs.replace(made, stage=there.stage), counts)
    ):
        raise ConflictError(
            f"the snapshot {name} was removed while it was made",
            remedy=f"remove what is there of it: `chaninfra snapshot rm {name}`",
        )
    # Who withdraws a package brings the numbers down, and nobody up.
    fewest = {subdir: min(number, there.subdirs[subdir].packages) for subdir, number in counts.items()}
    return old.having(name, having_counts(msgspec.structs.replace(there, stage="ready"), fewest))


def _check_same(name: str, there: Snapshot, states: Sequence[State]) -> None:
    """Raise ConflictError unless the snapshot that is there is of these states."""
    if there.stage == "removing":
        raise ConflictError(
            f"the snapshot {name} is being removed, or its removal was stopped",
            remedy=f"run `chaninfra snapshot rm {name}`, or give another name",
        )
    commits = {subdir: (each.commit, each.revision) for subdir, each in there.subdirs.items()}
    # Not the numbers of packages: some may have been withdrawn since.
    if commits != {each.target.subdir: (each.stamp.number, each.stamp.revision) for each in states}:
        raise ConflictError(
            f"there is a snapshot {name} already, of {there.at}, with another content",
            remedy="give another name: a snapshot stays as it was made",
        )


def check_past(channel: Channel, at: datetime, option: str) -> None:
    """Raise ConfigurationError for a time in the future; `option`: what the user gave it with."""
    if at.timestamp() * 1000 > channel.runtime.now_ms():
        raise ConfigurationError(
            f"{time_text(at)} is in the future",
            where=option,
            remedy=f"give a time in the past: now is {now_text(channel.runtime)}",
        )


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000
