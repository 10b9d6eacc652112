"""The snapshots of a channel that are made by the clock (`snapshots` in its stack config).

Whoever makes them, and however many do at once, there is one for each period, since its name is the beginning of the
period. A run makes that of the period that it is now, unless there is one of it or of a later period: so a clock that
is behind makes nothing, and none is made twice. Missed periods stay without one.

How many are kept does not depend on a clock, but on names alone. What was made by hand is never removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec import UnsetType

from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule, automatic_name, begin_of
from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.index.channel import Channel
from chaninfra.index.follow.mark import is_late
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.snapshots.create import Created, create, finish
from chaninfra.index.snapshots.document import Snapshot, Snapshots, read_snapshots
from chaninfra.index.snapshots.remove import NoSnapshotError, remove
from chaninfra.index.snapshots.states import BeforeHistoryError, StateGoneError

CLOCKS = timedelta(minutes=15)
"""Stores refuse requests of a machine whose clock differs by more."""
_MOST_REMOVED = 50
"""Most snapshots that a run removes; the next one goes on."""
_ALL_STATES = timedelta(hours=23)
"""For so long all states of the index are in the history, and `prune` has deleted no package that one of them lists.
Both hold for a day, and the rest is for the making."""


@dataclass(frozen=True, kw_only=True)
class Tended:
    """What a run did."""

    made: Created | None
    """That of this period, if this run made or finished it, or found that another one just had."""
    newest: str
    """The name of the newest one that is there."""
    next: datetime
    """When the next period begins."""
    finished: tuple[str, ...]
    """Those of earlier periods that had been begun."""
    removed: tuple[str, ...]
    waiting: int
    """How many more are to be removed, by the next run."""

    @property
    def changed(self) -> bool:
        """Whether it changed the list of the snapshots."""
        return bool(self.made or self.finished or self.removed)

    def ahead(self, now_ms: int) -> bool:
        """Whether the newest one is of the future, so that none is made until then."""
        return is_ahead(self.newest, now_ms)


def schedule_of(channel: Channel) -> SnapshotSchedule:
    """How often snapshots are made. Raises ConfigurationError where the channel does not say."""
    schedule = channel.descriptor.snapshots
    if isinstance(schedule, UnsetType):
        raise ConfigurationError(
            "the channel does not say how often snapshots are made, and how many are kept",
            where=channel.descriptor.url,
            key=("snapshots",),
            remedy="set `snapshots: {every: 1d, keep: 60}` in its stack config, and run `pulumi up`; or give a name: "
            "`chaninfra snapshot create NAME`",
        )
    return schedule


def tend(channel: Channel, progress: Progress = SILENT) -> Tended:
    """Make the snapshot of this period if there is none, and remove the oldest beyond those that are kept; finish what
    other runs have begun. Where nothing is due it makes one request.

    The snapshot is of the beginning of its period. It is of now where the history does not reach back to that, or has
    perhaps not all states since.

    Raises as `create`. Whatever it has not done then, the next run does.
    """
    schedule, now_ms = schedule_of(channel), channel.runtime.now_ms()
    begin = schedule.begin(now_ms)
    name = automatic_name(begin)
    found = _read(channel)
    there = automatic(found.snapshots)
    # First, since there may be as many as there can be.
    removed, waiting = _thin(channel, there, schedule.keep)
    made: Created | None = None
    if name > max(there, default=""):
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        made = _make(channel, name, begin if now - begin <= _ALL_STATES else None, progress)
    elif name in there and there[name].stage == "creating":
        made = _finish(channel, name, progress)
    finished: list[str] = []
    left = [each for each, snapshot in there.items() if snapshot.stage == "creating" and each not in (name, *removed)]
    for each in left:
        try:
            if _finish(channel, each, progress) is not None:
                finished.append(each)
        except StateGoneError:
            removed += _remove(channel, each)
    if made is not None or left:
        there = automatic(_read(channel).snapshots)
        more, waiting = _thin(channel, there, schedule.keep)
        removed += more
    return Tended(
        made=made,
        newest=max(there, default=name),
        next=begin + timedelta(seconds=schedule.seconds),
        finished=tuple(finished),
        removed=tuple(removed),
        waiting=waiting,
    )


def automatic(snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """Those that were made by the clock, the oldest first: their names are in the order of their periods."""
    return {name: snapshots[name] for name in sorted(snapshots) if begin_of(name) is not None}


def is_overdue(snapshots: Mapping[str, Snapshot], schedule: SnapshotSchedule, now_ms: int, since_ms: int) -> bool:
    """Whether two are due, and not made. `since_ms`: when it was said how often, in ms since 1970, or before."""
    whole = [name for name, snapshot in automatic(snapshots).items() if snapshot.stage == "ready"]
    last = begin_of(whole[-1]) if whole else None
    return is_late(now_ms - (int(last.timestamp() * 1000) if last else since_ms), schedule.seconds)


def is_ahead(name: str, now_ms: int) -> bool:
    """Whether the clock of whoever made it was wrong: its period has not begun."""
    begin = begin_of(name)
    return begin is not None and begin > datetime.fromtimestamp(now_ms / 1000, UTC) + CLOCKS


def _read(channel: Channel) -> Snapshots:
    return read_snapshots(channel.writer, channel.descriptor.key(SNAPSHOTS_JSON))[0]


def _make(channel: Channel, name: str, at: datetime | None, progress: Progress) -> Created | None:
    """Make it; or finish it, if another run has begun it meanwhile."""
    try:
        return create(channel, name, at, progress)
    except BeforeHistoryError:
        return _make(channel, name, None, progress)
    except ConflictError:
        there = _read(channel).snapshots.get(name)
        if there is None or there.stage == "removing":
            raise
        if there.stage == "ready":
            return Created(name=name, outcome="present", snapshot=there)
        return _finish(channel, name, progress)


def _finish(channel: Channel, name: str, progress: Progress) -> Created | None:
    """Finish it; None: another run has, or removes it."""
    try:
        return finish(channel, name, progress)
    except ConflictError:
        there = _read(channel).snapshots.get(name)
        if there is not None and there.stage == "creating":
            raise
        return None


def _thin(channel: Channel, there: Mapping[str, Snapshot], keep: int) -> tuple[list[str], int]:
    """Remove those that are older than so many that are whole, and go on with removals that were stopped. The names of
    those that are removed, and how many are left to remove.

    None that a run could make again: all are older than one that is whole. Otherwise this could delete its files.
    """
    whole = [name for name, snapshot in there.items() if snapshot.stage == "ready"]
    oldest = whole[-keep] if len(whole) > keep else ""
    over = [
        name
        for name, snapshot in there.items()
        if name < oldest or (snapshot.stage == "removing" and whole and name < whole[-1])
    ]
    removed = [each for name in over[:_MOST_REMOVED] for each in _remove(channel, name)]
    return removed, len(over) - len(over[:_MOST_REMOVED])


def _remove(channel: Channel, name: str) -> list[str]:
    """Remove it; nothing where another run has."""
    try:
        return [remove(channel, name).name]
    except NoSnapshotError:
        return []
