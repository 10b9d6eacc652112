"""Rolls channels in memory back: for tests, and as a process of the model checker."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

from msgspec import Raw

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.rollback.plan import Plan, plan_rollback
from chaninfra.index.rollback.rollback import RolledBack, roll_back
from chaninfra.index.snapshots.create import create
from chaninfra.index.whole import read_whole
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import DEFAULT, FOLDER, JSON, PREFIX, channel, file, package

DOCUMENT = f"{PREFIX}/yanked.json"
HOUR = timedelta(hours=1)


def opened(store: MemoryStore, process: str = "rollback", **how: Any) -> Channel:
    return channel(store, SequentialRuntime(process, int(store.now.timestamp() * 1000)), **how)


def ran(store: MemoryStore, *processes: Any) -> None:
    """Run them one after the other, an hour apart."""
    for process in processes:
        store.now += HOUR
        process.run(store, SequentialRuntime(f"{process.name}{len(store.log)}", int(store.now.timestamp() * 1000)))


def rolled_back(store: MemoryStore, to: str = "v1", process: str = "rollback", **how: Any) -> tuple[Plan, RolledBack]:
    there = opened(store, process, **how)
    plan = plan_rollback(there, to)
    return plan, roll_back(there, plan)


def snapshot(store: MemoryStore, name: str = "v1", **how: Any) -> None:
    create(opened(store, f"snapshot-{name}", **how), name)


def records(store: MemoryStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.objects[JSON].data)["packages.conda"]
    return found


def yanked(store: MemoryStore) -> dict[str, str | None]:
    """File name → reason, by yanked.json."""
    packages = json.loads(store.objects[DOCUMENT].data)["packages"]
    return {path.removeprefix("noarch/"): yank.get("reason") for path, yank in packages.items()}


def time_of(store: MemoryStore) -> str:
    """Half an hour ago: after the last process but one that `ran`, and before the last."""
    return (store.now - HOUR / 2).strftime("%Y-%m-%dT%H:%M:%SZ")


def patched(store: MemoryStore, name: str, *, index: DescribedIndex = DEFAULT, **fields: Any) -> None:
    """Another record of the same bytes."""
    there = opened(store, "patch", index=index)
    record = package(name).package.index_record(file(name), "noarch", store.entry(f"{FOLDER}/{file(name)}").etag)
    repodata = read_whole(there.subdir_index("noarch")).repodata
    told = {**json.loads(bytes(repodata.records["packages.conda"][file(name)])), **fields}
    new = dataclasses.replace(record, encode=lambda _: Raw(json.dumps(told).encode()), patched=True)
    commit(there.subdir_index("noarch"), lambda: Change(records={file(name): new}))


def rolling_back(
    to: str = "v1",
    *,
    process: str = "rollback",
    makes: str | None = None,
    takes: str | None = None,
    index: DescribedIndex = DEFAULT,
    alone: bool = True,
) -> Process:
    """`chaninfra rollback --yes`. `makes`, `takes`: packages that it brings back and yanks, if nobody does the opposite
    meanwhile. Unless it is `alone`, what it needs of then may be gone, and the index another tool's.
    """

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        there = channel(store, runtime, index)
        try:
            plan = plan_rollback(there, to)
        except ChaninfraError:
            if alone:
                raise
            return
        roll_back(there, plan)

    return Process(
        process, run, makes=file(makes) if makes else None, takes=file(takes) if takes else None, derives=True
    )
