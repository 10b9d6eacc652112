"""Mutants of what the makers of snapshots and gc do about snapshots."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaninfra.index import gc
from chaninfra.index.snapshots import automatic, create, files, needed, remove
from chaninfra.index.snapshots.document import Snapshots
from support.index_model.mutant import Mutant


def _not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "referenced_by_snapshots", lambda *given: (set(), ()))


def _only_listed(patch: pytest.MonkeyPatch) -> None:
    """gc takes for needed only what snapshots need that are listed as ready."""
    original = needed.read_there

    def referenced(target: Any, shards: Any) -> Any:
        ready = needed.keys_listed(target, "ready")
        patch.setattr(needed, "read_there", lambda target: (each for each in original(target) if each[0] in ready))
        return needed.referenced_by_snapshots(target, shards)

    patch.setattr(gc, "referenced_by_snapshots", referenced)


def _any_mark_counts(patch: pytest.MonkeyPatch) -> None:
    """A shard may be deleted a week after it was marked, also if a commit has named it in between."""
    patch.setattr(gc, "_counts", lambda *given: True)


def _states_of_any_age(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(create, "MAX_SHARD_AGE_MS", 1 << 60)


def _ready_at_once(patch: pytest.MonkeyPatch) -> None:
    """The entry says that the files are there before they are."""
    original = create._claimed

    def claimed(old: Snapshots, name: str, wanted: Any) -> Snapshots:
        return create._ready(original(old, name, wanted), name, wanted, {})

    patch.setattr(create, "_claimed", claimed)


def _own_states(patch: pytest.MonkeyPatch) -> None:
    """Each maker makes it of the states that it has read, whatever the first entry says."""
    patch.setattr(create, "_check_same", lambda *given: None)
    patch.setattr(create, "states_of", lambda channel, snapshot: create.states_now(channel, snapshot.subdirs))


def _put_over(patch: pytest.MonkeyPatch) -> None:
    """A file is put whether there is one or not."""
    _own_states(patch)
    patch.setattr(files, "IfAbsent", lambda: None)


def _removed_without_a_word(patch: pytest.MonkeyPatch) -> None:
    """The files are deleted before the entry says that the snapshot is being removed."""
    patch.setattr(remove, "_removing", lambda old, name, left: old)


def _unfinished_count(patch: pytest.MonkeyPatch) -> None:
    """One that is being made counts as one of those that are kept."""
    original = automatic._thin

    def thin(channel: Any, there: Any, keep: int) -> tuple[list[str], int]:
        whole = {
            name: msgspec.structs.replace(each, stage="ready") if each.stage == "creating" else each
            for name, each in there.items()
        }
        return original(channel, whole, keep)

    patch.setattr(automatic, "_thin", thin)


def _any_removal_goes_on(patch: pytest.MonkeyPatch) -> None:
    """A run goes on with a removal that was stopped also of a snapshot that another run may make again."""
    original = automatic._thin

    def thin(channel: Any, there: Any, keep: int) -> tuple[list[str], int]:
        removed, waiting = original(channel, there, keep)
        stopped = [name for name, snapshot in there.items() if snapshot.stage == "removing" and name not in removed]
        return removed + [each for name in stopped for each in automatic._remove(channel, name)], waiting

    patch.setattr(automatic, "_thin", thin)


SNAPSHOT_MUTANTS: dict[str, Mutant] = {
    "snapshots not looked at by gc": Mutant(_not_looked_at, "gc of what a snapshot needs", "shard of"),
    "only listed snapshots looked at by gc": Mutant(_only_listed, "gc of what a killed snapshot needs", "shard of"),
    "marks of fresh shards count": Mutant(
        _any_mark_counts, "snapshot, publish and gc of shards that were marked", "shard of"
    ),
    "states of any age": Mutant(_states_of_any_age, "snapshot, publish and two gc", "shard of", preemptions=1),
    "ready before the files are there": Mutant(_ready_at_once, "snapshot and publish", "listed as ready"),
    "states of each maker": Mutant(_own_states, "two snapshot and publish", "something else than|failed"),
    "snapshots removed without a word": Mutant(
        _removed_without_a_word, "two by the clock", "listed as ready, and has no", preemptions=1
    ),
    "unfinished snapshots count as kept": Mutant(
        _unfinished_count, "two by the clock", "should be kept", preemptions=1
    ),
    "any removal goes on": Mutant(
        _any_removal_goes_on,
        "two by the clock after a removal that was killed",
        "listed as ready, and has no",
        preemptions=1,
    ),
    "files of snapshots replaced": Mutant(_put_over, "two snapshot and publish", "never changes|something else than"),
}
