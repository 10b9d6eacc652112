"""Mutants of what the makers of snapshots and gc do about snapshots."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.index import gc
from chaninfra.index.snapshots import create, files, needed
from chaninfra.index.snapshots.document import Snapshots
from support.index_model.mutant import Mutant


def _not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "referenced_by_snapshots", lambda *given: (set(), ()))


def _only_listed(patch: pytest.MonkeyPatch) -> None:
    """gc takes for needed only what snapshots need that are listed as ready."""
    original = needed.shard_index_of

    def referenced(target: Any, shards: Any) -> Any:
        ready = needed._ready(target)
        start = target.layout.key("snapshots").removesuffix("snapshots")
        patch.setattr(needed, "shard_index_of", lambda key: original(key) if f"{start}{key}" in ready else None)
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


SNAPSHOT_MUTANTS: dict[str, Mutant] = {
    "snapshots not looked at by gc": Mutant(_not_looked_at, "gc of what a snapshot needs", "shard of"),
    "only listed snapshots looked at by gc": Mutant(_only_listed, "gc of what a killed snapshot needs", "shard of"),
    "marks of fresh shards count": Mutant(
        _any_mark_counts, "snapshot, publish and gc of shards that were marked", "shard of"
    ),
    "states of any age": Mutant(_states_of_any_age, "snapshot, publish and two gc", "shard of", preemptions=1),
    "ready before the files are there": Mutant(_ready_at_once, "snapshot and publish", "listed as ready"),
    "states of each maker": Mutant(_own_states, "two snapshot and publish", "something else than|failed"),
    "files of snapshots replaced": Mutant(_put_over, "two snapshot and publish", "never changes|something else than"),
}
