"""The states of the index that a snapshot is made of: what each subdir says now, or said at some time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.objects import ObjectMeta, StoredObject, get_within
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import (
    ForeignIndexError,
    authority_key,
    parse_authority,
    read_authority,
    read_our_authority,
)
from chaninfra.index.commit.derived_files import check_ours
from chaninfra.index.commit.derived_state import derived_metadata
from chaninfra.index.commit.history import history_key, kept_index, kept_numbers, was_kept_otherwise
from chaninfra.index.commit.refused import check_base_url
from chaninfra.index.commit.replaced import read_replaced
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.snapshots.document import Snapshot
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.times import time_of, time_text

_SHOWN = 5


class BeforeHistoryError(ConfigurationError):
    """The history does not reach back to the time."""


class StateGoneError(StorageError):
    """The state that a snapshot was begun of is not kept any more, so nobody can finish it."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of the index of a subdir; chaninfra has written it."""

    target: SubdirIndex
    index: ShardIndex

    @property
    def stamp(self) -> CommitStamp:
        """Its stamp."""
        return cast("CommitStamp", self.index.stamp)


def states_now(channel: Channel, subdirs: Iterable[Subdir]) -> list[State]:
    """What the subdirs say now. Who replaces a state keeps it in the history before, so it can be found later.

    Raises ForeignIndexError for an index that is missing, damaged, restored from a copy, or another tool's.
    """
    found: list[State] = []
    for subdir in subdirs:
        target = channel.subdir_index(subdir)
        derived = derived_metadata(target)
        authority = read_our_authority(target)
        check_ours(target, derived, authority)
        if was_kept_otherwise(target, authority):
            raise ForeignIndexError(
                f"commit {authority.stamp.number:,} of the index was replaced before, so it was restored from a copy",
                where=authority_key(target),
                remedy="run `chaninfra reindex`",
            )
        found.append(State(target=target, index=cast("ShardIndex", authority.index)))
    return found


def states_at(channel: Channel, subdirs: Iterable[Subdir], at: datetime, option: str = "--at") -> list[State]:
    """What the subdirs said at that time, by the store's clock. Raises BeforeHistoryError where the history does not
    reach back to it, and StorageError where a state is damaged. `option`: what the user gave the time with.
    """
    found: list[State] = []
    late: dict[Subdir, datetime] = {}
    began: list[datetime] = []
    for subdir in subdirs:
        target = channel.subdir_index(subdir)
        last, written = _last_written(target) or (None, at)
        if last is not None and written <= at:
            found.append(last)
            continue
        history = dict(kept_numbers(target))
        number = max((number for number, entry in history.items() if entry.modified <= at), default=0)
        if number:
            found.append(_kept(target, number))
            continue
        oldest = _oldest(target, history)
        # Before its first commit a subdir had no packages.
        first = _kept(target, 1) if 1 in history else None if history else last
        if first is None or first.stamp.number > 1 or first.stamp.count or first.index.hashes:
            late[subdir] = oldest
        else:
            began.append(oldest)
            found.append(first)
    if late or len(began) == len(found):
        of, since = max(late.items(), key=lambda each: each[1]) if late else (None, min(began))
        raise BeforeHistoryError(
            f"{_text(at)} is before the oldest state of {of or 'the channel'} that is kept, of {_text(since)}",
            where=option,
            remedy=f"give a later time: {option} {_text(since)}",
        )
    return found


def states_of(channel: Channel, snapshot: Snapshot) -> list[State]:
    """The states that a snapshot is of, by the numbers of their commits. Raises StateGoneError where one is not there
    any more.
    """
    found: list[State] = []
    for subdir, wanted in snapshot.subdirs.items():
        target = channel.subdir_index(subdir)
        authority = read_authority(target)
        index = authority.index if authority is not None and authority.ours else None
        if index is None or index.stamp is None or index.stamp.number != wanted.commit:
            index = kept_index(target, wanted.commit)
        if index is None or index.stamp is None or index.stamp.revision != wanted.revision:
            raise StateGoneError(
                f"commit {wanted.commit:,} of {subdir}, of which the snapshot is, is not in the history any more",
                where=history_key(target, wanted.commit),
                remedy="remove what is there of it: `chaninfra snapshot rm NAME`",
            )
        found.append(State(target=target, index=index))
    return found


def as_of_now(state: State) -> State:
    """The state without what was withdrawn since it was read; the same one if nothing was."""
    index = read_replaced(state.target).applied(state.index)
    return state if index is state.index else State(target=state.target, index=index)


def whole(state: State) -> State:
    """The state, without what was withdrawn since it was read if its shards show that.

    Raises StorageError where a shard is missing, so that a snapshot of it would be broken; RefusedError where another
    tool has said that its packages are elsewhere (CEP 15).
    """
    check_base_url(state.target, state.index.info)
    missing = sorted(ShardReader(state.target).missing(state.index.hashes)) if state.index.hashes else []
    if missing:
        now = as_of_now(state)
        if now is not state:
            return whole(now)
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        raise StorageError(
            f"shards that commit {state.stamp.number:,} names are missing: of {', '.join(missing[:_SHOWN])}{more}",
            where=state.target.key(""),
            remedy="run `chaninfra reindex --force`, which makes them again, and make a snapshot of the time after it",
        )
    return state


def _last_written(target: SubdirIndex) -> tuple[State, datetime] | None:
    """The state of the authoritative index, if it is ours, and when it was written."""
    stored = get_within(target.store, authority_key(target), MAX_SHARD_INDEX)
    authority = parse_authority(target, stored)
    if not isinstance(stored, StoredObject) or authority is None or not authority.ours:
        return None
    return State(target=target, index=cast("ShardIndex", authority.index)), stored.entry.modified


def _kept(target: SubdirIndex, number: int) -> State:
    index = kept_index(target, number)
    if index is None or index.info["subdir"] != target.subdir:
        raise StorageError(
            "this state of the index is damaged",
            where=history_key(target, number),
            remedy="give another time",
        )
    return State(target=target, index=index)


def _oldest(target: SubdirIndex, history: Mapping[int, ObjectMeta]) -> datetime:
    """When the oldest state that is there was written."""
    if history:
        return history[min(history)].modified
    entry = target.store.head(authority_key(target))
    return entry.modified if entry else time_of(target.runtime.now_ms())


def _text(time: datetime) -> str:
    """As `--at` takes it; parts of a second are rounded up, so that the time is not before."""
    seconds = -int(-time.timestamp() // 1)
    return time_text(time_of(seconds * 1000))
