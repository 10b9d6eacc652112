"""`chaninfra prune` as a process of the model checker, by one rule: the newest version of each name stays."""

from __future__ import annotations

import dataclasses

from chaninfra.channel.conda.retention import RetentionRule
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.prune.plan import Matchers
from chaninfra.index.prune.prepare import prepare
from chaninfra.index.prune.prune import carry_out
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import DAY, DEFAULT, NOW, PREFIX, channel, file, publishing, snapshotting, yanking

RULES = {"newest": RetentionRule(keep_newest=1, grace="1d")}
LATER = NOW + 3 * DAY
"""When the grace period of what is yanked before the processes start is over."""


def pruning(
    process: str = "prune", *, takes: str | None = None, index: DescribedIndex = DEFAULT, now: int = NOW
) -> Process:
    """The process. `takes`: a package that goes for good."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        opened = channel(store, runtime, index)
        carry_out(opened, prepare(opened, Matchers(RULES, "the model")), RULES)

    return Process(process, run, takes=file(takes) if takes else None, derives=True, now=now)


def publishing_again(name: str, *, index: DescribedIndex = DEFAULT) -> Process:
    """`chaninfra publish` of a package that prune deletes; it may end with the error that the package was changed."""
    process = publishing(name, index=index)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            process.run(store, runtime)
        except ConflictError as error:
            if "was changed by another writer" not in error.message:
                raise

    return Process(process.name, run)


def pruned_before(
    store: MemoryStore, *, snapshot: bool = False, being_made: bool = False, index: DescribedIndex = DEFAULT
) -> None:
    """Prune has yanked a, since there is a-2. Before, somebody made a snapshot of a, or had begun to."""
    if snapshot or being_made:
        snapshotting(index=index).run(store, SequentialRuntime("s", NOW))
    if being_made:
        begun = {key: body for key, body in store.objects.items() if not key.startswith(f"{PREFIX}/snapshots/v1/")}
        listed = begun[f"{PREFIX}/snapshots/index.json"]
        data = listed.data.replace(b'"ready"', b'"creating"')
        store.objects = {**begun, f"{PREFIX}/snapshots/index.json": dataclasses.replace(listed, data=data)}
    publishing("a-2", index=index).run(store, SequentialRuntime("later", NOW))
    pruning(index=index).run(store, SequentialRuntime("p", NOW))


def yanked_by_hand(store: MemoryStore) -> None:
    """a was yanked by somebody, and then a-2 published."""
    yanking("a").run(store, SequentialRuntime("y", NOW))
    publishing("a-2").run(store, SequentialRuntime("later", NOW))
