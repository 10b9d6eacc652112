"""Scenarios of the model checker with those who copy from another channel."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from chaninfra.channel.outputs.descriptor import DescribedIndex
from support.index_model.copying import MemorySource, copying
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.patches import patching, unpatching
from support.index_model.processes import channel_with, deleting, publishing, reindexing, unyanking, yanking
from support.index_model.scenarios import BEFORE, NEVER, Scenario


@cache
def plain() -> MemorySource:
    """A source that has a, a-2 and b as they are."""
    return MemorySource(store=channel_with("a", "a-2", "b"))


@cache
def patched() -> MemorySource:
    """A source that has patched a and b."""
    store = channel_with("a", "b")
    for name in ("a", "b"):
        patching(name).run(store, SequentialRuntime(f"patch-{name}"))
    return MemorySource(store=store)


@cache
def yanked() -> MemorySource:
    """A source that has yanked a and b."""
    store = channel_with("a", "b")
    for name in ("a", "b"):
        yanking(name).run(store, SequentialRuntime(f"yank-{name}"))
    return MemorySource(store=store)


def _copied(store: MemoryStore, source: MemorySource) -> None:
    """a was copied from there."""
    copying(source, "a", index=NEVER).run(store, SequentialRuntime("copied", BEFORE))


def _never(*processes: Callable[..., Process], **how: Any) -> Scenario:
    return Scenario([process(index=NEVER) for process in processes], index=NEVER, **how)


def _publishing_what_may_be_yanked(*, index: DescribedIndex) -> Process:
    return dataclasses.replace(publishing("b", index=index), makes=None)


COPIES: dict[str, Callable[[], Scenario]] = {
    "copy and publish": lambda: _never(partial(copying, plain(), "b", makes="b"), partial(publishing, "c")),
    "copy and publish of one name": lambda: _never(
        partial(copying, plain(), "a", makes="a-2"), partial(publishing, "a-3")
    ),
    "copy and publish of the same": lambda: _never(partial(copying, plain(), "b", makes="b"), partial(publishing, "b")),
    "two copy": lambda: _never(
        partial(copying, plain(), "b", process="1", makes="b"),
        partial(copying, plain(), "b", process="2", makes="b"),
    ),
    "copy and yank of one name": lambda: _never(partial(copying, plain(), "a", makes="a-2"), partial(yanking, "a")),
    "copy and unyank": lambda: _never(partial(copying, plain(), "b"), partial(unyanking, "b"), yanked=("b",)),
    "copy and reindex": lambda: _never(partial(copying, plain(), "b", makes="b"), reindexing, bare=("d",)),
    "copy of what is patched and publish of the same": lambda: _never(
        partial(copying, patched(), "b", makes="b"), partial(publishing, "b")
    ),
    "copy of what is patched and reindex": lambda: _never(partial(copying, patched(), "b", makes="b"), reindexing),
    "copy of what is patched later and publish of one name": lambda: _never(
        partial(copying, patched(), "a"), partial(publishing, "a-2")
    ),
    "copy of what is patched no longer and publish of one name": lambda: _never(
        partial(copying, plain(), "a"), partial(publishing, "a-3"), before=partial(_copied, source=patched())
    ),
    "copy of what is patched and patch": lambda: _never(
        partial(copying, patched(), "a"), partial(patching, "a", last=False)
    ),
    "copy of what is patched no longer and patch": lambda: _never(
        partial(copying, plain(), "a"),
        partial(patching, "a", last=False),
        before=partial(_copied, source=patched()),
    ),
    "copy of what is patched later and unpatch": lambda: _never(
        partial(copying, patched(), "a"), partial(unpatching, "a", last=False)
    ),
    "copy and unpatch": lambda: _never(
        partial(copying, patched(), "a"),
        partial(unpatching, "a", last=False),
        before=partial(_copied, source=patched()),
    ),
    "copy of what is yanked and publish of the same": lambda: _never(
        partial(copying, yanked(), "b", takes="b"), _publishing_what_may_be_yanked
    ),
    "copy of what was yanked later and publish of one name": lambda: _never(
        partial(copying, yanked(), "a", takes="a"), partial(publishing, "a-2")
    ),
    "copy of what is new and delete": lambda: _never(
        partial(copying, plain(), "b", alone=False), partial(deleting, "b", last=False), withdrawn=("b",)
    ),
    "copy and delete": lambda: _never(
        partial(copying, patched(), "a", alone=False),
        partial(deleting, "a", last=False),
        indexed=("a",),
        withdrawn=("a",),
    ),
}
"""With those who copy."""
