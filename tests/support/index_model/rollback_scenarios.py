"""Scenarios with rollbacks: to a snapshot of a, since when a was yanked, and c published."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.other_tool import overwriting
from support.index_model.patches import patching, unpatching
from support.index_model.processes import (
    DEFAULT,
    FOLDER,
    NOW,
    PREFIX,
    collecting,
    deleting,
    following,
    forcing,
    publishing,
    reindexing,
    removing,
    snapshotting,
    unyanking,
    yanking,
)
from support.index_model.rolling_back import rolling_back
from support.index_model.scenarios import BEFORE, BRIEF, NEVER, SINGLE, Scenario


def _moved_on(store: MemoryStore, index: DescribedIndex = NEVER) -> None:
    for process in (snapshotting(index=index), yanking("a", index=index), publishing("c", index=index)):
        process.run(store, SequentialRuntime(f"before-{process.name}", BEFORE))


def _marked(store: MemoryStore) -> None:
    """And a gc has marked all shards that were there."""
    _moved_on(store, BRIEF)
    marks = {key.removeprefix(f"{FOLDER}/"): NOW for key in store.objects if "/shards/" in key}
    data = msgspec.json.encode({"unreferenced": marks})
    store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"] = ObjectBody(data=data, content_type="")


def _with(index: DescribedIndex, *processes: Callable[..., Process], **how: Any) -> Scenario:
    return Scenario([process(index=index) for process in processes], index=index, **how)


def _patched(store: MemoryStore) -> None:
    """And a was patched since, not yanked."""
    for process in (snapshotting(index=NEVER), patching("a", index=NEVER), publishing("c", index=NEVER)):
        process.run(store, SequentialRuntime(f"before-{process.name}", BEFORE))


def _yanked(store: MemoryStore) -> None:
    """Since the snapshot a-2 was yanked, not a."""
    for process in (snapshotting(index=NEVER), yanking("a-2", index=NEVER), publishing("c", index=NEVER)):
        process.run(store, SequentialRuntime(f"before-{process.name}", BEFORE))


def _patched_too(store: MemoryStore) -> None:
    """Since the snapshot a-2 was patched."""
    for process in (snapshotting(index=NEVER), patching("a-2", index=NEVER), publishing("c", index=NEVER)):
        process.run(store, SequentialRuntime(f"before-{process.name}", BEFORE))


def _only_patched(store: MemoryStore) -> None:
    """a is patched, and there is no snapshot."""
    patching("a", index=NEVER).run(store, SequentialRuntime("before-patch", BEFORE))


def _unpatched(store: MemoryStore) -> None:
    """And a was patched then, and is not any more."""
    for process in (patching("a", index=NEVER), snapshotting(index=NEVER), unpatching("a", index=NEVER)):
        process.run(store, SequentialRuntime(f"before-{process.name}", BEFORE))


def _beside(process: Process) -> Process:
    """What it does may be before the rollback, which then undoes it."""
    return dataclasses.replace(process, makes=None, takes=None)


def _scenario(*others: Callable[..., Process], index: DescribedIndex = NEVER, **how: Any) -> Scenario:
    """A rollback beside others, which neither bring c back nor yank a."""
    mine = partial(rolling_back, makes="a", takes="c")
    return _with(index, mine, *others, before=partial(_moved_on, index=index), **how)


def _put(make: Callable[..., Process], *given: Any, **how: Any) -> Callable[..., Process]:
    return lambda index: _beside(make(*given, index=index, **how))


ROLLBACKS: dict[str, Callable[[], Scenario]] = {
    "rollback and publish": lambda: _scenario(_put(publishing, "b"), followed=True),
    "rollback and publish of one name": lambda: _scenario(_put(publishing, "a-2"), followed=True),
    "rollback and publish of what it yanks": lambda: _scenario(_put(publishing, "c"), followed=True),
    "two rollback": lambda: _scenario(partial(rolling_back, process="2", makes="a", takes="c")),
    "rollback and yank": lambda: _scenario(_put(yanking, "b"), indexed=("a", "b")),
    "rollback and yank of one package": lambda: _with(
        NEVER, rolling_back, partial(yanking, "a", last=False), before=_moved_on
    ),
    "rollback and unyank of one package": lambda: _scenario(partial(unyanking, "a", last=False)),
    "rollback and force": lambda: _with(
        NEVER, rolling_back, partial(forcing, "a", b"1"), before=_moved_on, forced=True
    ),
    "rollback and reindex": lambda: _scenario(_put(reindexing), bare=("d",)),
    "rollback and follow": lambda: _scenario(_put(following, uploads="b", last=False), followed=True),
    "rollback, removal of the snapshot and gc": lambda: _with(
        BRIEF, partial(rolling_back, alone=False), removing, collecting, before=_marked
    ),
    "rollback and snapshot": lambda: _scenario(partial(snapshotting, "v2")),
    "each commit: rollback and publish": lambda: Scenario(
        [rolling_back(makes="a", takes="c"), _beside(publishing("a-2"))],
        before=partial(_moved_on, index=DEFAULT),
        followed=True,
    ),
    "rollback of a patch and publish of one name": lambda: _with(
        NEVER, rolling_back, _put(publishing, "a-2"), before=_patched, followed=True
    ),
    "rollback to a patch and publish of one name": lambda: _with(
        NEVER, rolling_back, _put(publishing, "a-2"), before=_unpatched, followed=True
    ),
    "rollback of a patch and yank": lambda: _with(
        NEVER, rolling_back, partial(yanking, "a", last=False), before=_patched
    ),
    "rollback of a patch and force": lambda: _with(
        NEVER, rolling_back, partial(forcing, "a", b"1"), before=_patched, forced=True
    ),
    "rollback of a patch and patch": lambda: _with(
        NEVER, rolling_back, partial(patching, "a", last=False), before=_patched
    ),
    "rollback to a patch and unpatch": lambda: _with(
        NEVER, rolling_back, partial(unpatching, "a", last=False), before=_unpatched
    ),
    "rollback and delete of what it brings back": lambda: _with(
        NEVER,
        partial(rolling_back, alone=False),
        partial(deleting, "a-2"),
        before=_yanked,
        indexed=("a", "a-2"),
        withdrawn=("a-2",),
    ),
    "rollback of a patch and delete": lambda: _with(
        NEVER,
        partial(rolling_back, alone=False),
        partial(deleting, "a-2"),
        before=_patched_too,
        indexed=("a", "a-2"),
        withdrawn=("a-2",),
    ),
    "unpatch and delete": lambda: _with(
        NEVER, partial(unpatching, "a", last=False), partial(deleting, "a"), before=_only_patched, deleted=("a",)
    ),
    "single: rollback, publish and reindex": lambda: _scenario(
        _put(publishing, "b"), _put(reindexing), index=SINGLE, bare=("d",)
    ),
    "other tool and rollback": lambda: Scenario(
        [overwriting(), rolling_back(alone=False)],
        before=partial(_moved_on, index=DEFAULT),
        foreign="beside",
    ),
}
"""With rollbacks."""
