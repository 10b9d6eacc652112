"""The remedies of what the doctor finds wrong with an index are commands that can be pasted, and that mend it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import cache

import pytest

from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks import index_files, pixi_client
from chaninfra.doctor.checks.table import CHECKS, Check, _findings
from chaninfra.index.reindex import reindex
from support.cases.index_damage import INDEX_DAMAGE, SHARD_DAMAGE, Damage
from support.channels.examination import examination
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import channel, channel_with

CHANNEL = "s3://b/c"


@cache
def sound() -> dict[str, ObjectBody]:
    return dict(channel_with("a", "a-2", "b").objects)


def damaged(damage: Damage) -> MemoryStore:
    store = MemoryStore()
    store.objects = dict(sound())
    damage(store)
    return store


def wrong(store: MemoryStore, *checks: Check) -> list[Finding]:
    """What the checks find, without what is in order."""
    opened = channel(store, SequentialRuntime("doctor"))
    exam = examination(cached={"store": store, "subdirs": ("noarch",)})
    vars(exam)["subdir_index"] = opened.subdir_index
    found: list[Finding] = []
    for check in checks:
        found = [each for each in _findings(check, exam) if each.state != "ok"]
        if found:
            break
    return found


def run(remedy: str | None, store: MemoryStore) -> None:
    """Run a remedy, which must be a command on the channel."""
    program, command, where, *flags = shlex.split(remedy or "")
    assert (program, command, where) == ("chaninfra", "reindex", CHANNEL), remedy
    assert flags in ([], ["--force"])
    opened = channel(store, SequentialRuntime(f"r{len(store.objects)}"))
    vars(opened)["store"] = lambda: store
    reindex(opened, ["noarch"], "all" if flags else "changed")


def strongest(findings: Sequence[Finding]) -> list[str | None]:
    """The remedies, each once, without those that another one includes."""
    remedies = [*dict.fromkeys(each.remedy for each in findings)]
    return [each for each in remedies if f"{each} --force" not in remedies]


@pytest.mark.parametrize("damage", INDEX_DAMAGE)
def test_the_remedy_of_a_damaged_index_mends_it(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # It would list a bucket.
    monkeypatch.setattr(index_files, "subdir_folders", lambda *_, **__: ())
    store, checks = damaged(INDEX_DAMAGE[damage]), (CHECKS["index"], CHECKS["packages"], CHECKS["yanks"])
    found = wrong(store, *checks)
    assert found
    for remedy in strongest(found):
        run(remedy, store)
    assert wrong(store, *checks) == []


@pytest.mark.parametrize("damage", SHARD_DAMAGE)
def test_the_remedy_of_a_shard_that_no_client_reads_mends_it(damage: str) -> None:
    store = damaged(SHARD_DAMAGE[damage])
    shards = Check(title="", function=lambda exam: pixi_client.damaged(exam, pixi_client.wanted(exam)))
    (found,) = wrong(store, shards)
    assert found.state == "failed"
    assert "a" in found.found.split(": ", 1)[1]
    run(found.remedy, store)
    assert wrong(store, shards) == []
