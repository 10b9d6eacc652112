"""Scenarios of the model checker with mirrors that prune: what they copied has left the source, or is there again."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from functools import cache

import msgspec

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.objects import ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.copy.mirrors.document import add_copies
from chaninfra.index.copy.mirrors.run import plan_run, run
from support.index_model.copying import MemorySource, MemoryTransfer
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import FOLDER, channel, channel_with, file, publishing, reindexing, unyanking
from support.index_model.scenarios import BEFORE, NEVER, Scenario

NAME = "m"


@cache
def without_a() -> MemorySource:
    """A source that does not have a any more."""
    return MemorySource(store=channel_with("z"))


@cache
def with_a() -> MemorySource:
    """A source that has a."""
    return MemorySource(store=channel_with("a"))


def mirroring(
    source: MemorySource,
    *,
    index: DescribedIndex = NEVER,
    process: str = "mirror",
    makes: str | None = None,
    takes: str | None = None,
) -> Process:
    """`chaninfra copy --mirror`, of a mirror that wants a. `makes`, `takes`: packages that must have a record when it
    has ended, or must have none.
    """

    def ran(store: ObjectStore, runtime: SequentialRuntime) -> None:
        made = channel(store, runtime, index)
        mirrors = {NAME: Mirror(source="https://example.com/c", specs=("a",), prune=True)}
        target = dataclasses.replace(made, descriptor=msgspec.structs.replace(made.descriptor, mirrors=mirrors))
        vars(target).update(writer=made.writer, runtime=runtime)
        transfer = MemoryTransfer(source=source, store=target.writer)
        done = run(target, source, plan_run(target, source, NAME), transfer, bringing=runtime)
        for failed in done.copied.failed:
            raise failed.error

    return Process(process, ran, makes=file(makes) if makes else None, takes=file(takes) if takes else None)


def _copied(store: MemoryStore) -> None:
    """The mirror has copied a."""
    target = channel(store, SequentialRuntime("copied", BEFORE), NEVER).subdir_index("noarch")
    data = store.objects[f"{FOLDER}/{file('a')}"].data
    add_copies(target, NAME, {file("a"): hashlib.sha256(data).hexdigest()})


def _yanked_by_it(store: MemoryStore) -> None:
    """The mirror has yanked a."""
    _copied(store)
    mirroring(without_a()).run(store, SequentialRuntime("pruned", BEFORE))


MIRRORS: dict[str, Callable[[], Scenario]] = {
    "mirror that yanks and publish of one name": lambda: Scenario(
        [mirroring(without_a(), takes="a"), publishing("a-2", index=NEVER)], index=NEVER, before=_copied
    ),
    "mirror that yanks and reindex": lambda: Scenario(
        [mirroring(without_a(), takes="a"), reindexing(index=NEVER)], index=NEVER, before=_copied
    ),
    "two mirrors that yank": lambda: Scenario(
        [mirroring(without_a(), process="1", takes="a"), mirroring(without_a(), process="2")],
        index=NEVER,
        before=_copied,
    ),
    "mirror that brings back and publish of one name": lambda: Scenario(
        [mirroring(with_a(), makes="a"), publishing("a-2", index=NEVER)],
        index=NEVER,
        before=_yanked_by_it,
    ),
    "mirror that brings back and unyank": lambda: Scenario(
        [mirroring(with_a(), makes="a"), unyanking("a", index=NEVER, last=False)],
        index=NEVER,
        before=_yanked_by_it,
    ),
}
"""With mirrors."""
