"""Scenarios with who deletes packages for good."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import (
    DAY,
    collecting,
    deleting,
    publishing,
    reindexing,
    snapshotting,
    yanking,
)
from support.index_model.scenarios import BEFORE, NEVER, Scenario


def _with(index: DescribedIndex, *processes: Callable[..., Process], **how: Any) -> Scenario:
    return Scenario([process(index=index) for process in processes], index=index, **how)


def _publishing_again(name: str, *, index: DescribedIndex) -> Process:
    """Somebody publishes a package that another process deletes for good: it may be gone when it has ended."""
    process = publishing(name, index=index)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        # Its bytes may be deleted while they are compared.
        with suppress(ConflictError):
            process.run(store, runtime)

    return dataclasses.replace(process, run=run, makes=None)


def _yanking_what_may_be_gone(name: str, *, index: DescribedIndex) -> Process:
    process = yanking(name, index=index, last=False)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            process.run(store, runtime)
        except ChaninfraError as error:
            if not error.message.startswith("there is no such package"):
                raise

    return dataclasses.replace(process, run=run)


def _with_snapshot(store: MemoryStore) -> None:
    """A snapshot of a and a-2; the index has moved on since."""
    snapshotting().run(store, SequentialRuntime("s", BEFORE))
    publishing("a-3").run(store, SequentialRuntime("later", BEFORE))


def _with_snapshot_of_never(store: MemoryStore) -> None:
    snapshotting(index=NEVER).run(store, SequentialRuntime("s", BEFORE))
    publishing("a-3", index=NEVER).run(store, SequentialRuntime("later", BEFORE))


WITHDRAWALS: dict[str, Callable[[], Scenario]] = {
    "delete and publish of one name": lambda: Scenario(
        [deleting("a-2"), publishing("a-3")], indexed=("a", "a-2"), withdrawn=("a-2",)
    ),
    "never: delete and publish of one name": lambda: _with(
        NEVER, partial(deleting, "a-2"), partial(publishing, "a-3"), indexed=("a", "a-2"), withdrawn=("a-2",)
    ),
    "never: delete and publish of the only package of its name": lambda: _with(
        NEVER, partial(deleting, "d", last=False), partial(_publishing_again, "d"), bare=("d",), withdrawn=("d",)
    ),
    "never: delete of what a snapshot has, and publish": lambda: _with(
        NEVER,
        partial(deleting, "a-2"),
        partial(publishing, "b"),
        indexed=("a", "a-2"),
        withdrawn=("a-2",),
        before=_with_snapshot_of_never,
    ),
    "delete of what a snapshot has": lambda: Scenario(
        [deleting("a-2"), yanking("a")], indexed=("a", "a-2"), withdrawn=("a-2",), before=_with_snapshot
    ),
    "never: delete and snapshot": lambda: _with(
        NEVER, partial(deleting, "a-2"), snapshotting, indexed=("a", "a-2"), withdrawn=("a-2",)
    ),
    "delete and snapshot": lambda: Scenario(
        [deleting("a-2"), snapshotting()], indexed=("a", "a-2"), withdrawn=("a-2",)
    ),
    "never: two delete of one name": lambda: _with(
        NEVER,
        partial(deleting, "a-2"),
        partial(deleting, "a-3"),
        indexed=("a", "a-2", "a-3"),
        withdrawn=("a-2", "a-3"),
    ),
    "never: delete and reindex": lambda: _with(
        NEVER, partial(deleting, "a-2"), reindexing, indexed=("a", "a-2"), bare=("d",), withdrawn=("a-2",)
    ),
    "never: delete and gc": lambda: _with(
        NEVER,
        partial(deleting, "a-2"),
        partial(collecting, later=2 * DAY),
        indexed=("a", "a-2"),
        withdrawn=("a-2",),
        before=_with_snapshot_of_never,
    ),
    "never: delete and yank of one package": lambda: _with(
        NEVER,
        partial(deleting, "a-2"),
        partial(_yanking_what_may_be_gone, "a-2"),
        indexed=("a", "a-2"),
        withdrawn=("a-2",),
    ),
}
