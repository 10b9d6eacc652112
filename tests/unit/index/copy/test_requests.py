"""The requests of a copy within a store, and of a large one."""

from __future__ import annotations

from collections import Counter

import pytest

from chaninfra.channel.conda.index_settings import AtMostEvery
from chaninfra.index.copy import copy as module
from support.index_model.copying import MemorySource, copied
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import channel_with, file, publishing
from support.index_model.rolling_back import ran, records
from support.index_model.scenarios import NEVER


def _source(count: int) -> MemorySource:
    source = MemorySource(store=channel_with())
    for number in range(count):
        ran(source.store, publishing(f"p{number:03}"))
    return source


def _requests(store: MemoryStore) -> Counter[tuple[str, str]]:
    """Kind and end of the key → how many."""
    return Counter((kind, "shard" if "/shards/" in key else key.rpartition("/")[2]) for kind, key in store.log)


def test_a_package_costs_its_transfer_and_its_shard() -> None:
    """The transfer is one PUT here; the store that copies takes one request for it, too. The commit looks whether the
    package is still there.
    """
    source, store = _source(40), channel_with("x", index=NEVER)
    store.log.clear()
    copied(store, source, index=NEVER)
    found = _requests(store)
    assert sum(found[kind, "shard"] for kind in ("put", "get", "head")) == 40
    assert {key: each for key, each in found.items() if key[1].endswith(".conda")} == {
        (kind, file(f"p{number:03}")): 1 for number in range(40) for kind in ("put", "head")
    }
    assert len(store.log) < 3 * 40 + 20


def test_a_large_copy_is_some_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 15)
    source, store = _source(40), channel_with("x")
    store.log.clear()
    copied(store, source)
    assert _requests(store)["put", "repodata_shards.msgpack.zst"] == 3
    assert len(records(store)) == 41


def test_the_time_and_the_bytes_of_a_batch_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    source = _source(4)
    for name, value in (("_LONGEST_MS", 0), ("_MOST_BYTES", 1)):
        monkeypatch.undo()
        monkeypatch.setattr(module, name, value)
        store = channel_with("x")
        store.log.clear()
        copied(store, source)
        assert _requests(store)["put", "repodata_shards.msgpack.zst"] == 4


def test_derived_files_that_are_not_due_are_left() -> None:
    from chaninfra.channel.outputs.descriptor import DescribedIndex

    seldom = DescribedIndex(monolith=AtMostEvery(at_most_every="10m"))
    source, store = _source(2), channel_with("x", index=seldom)
    copied(store, source, "p000", index=seldom)
    copied(store, source, "p001", index=seldom)
    before = dict(store.objects)
    copied(store, source, process="again", index=seldom)
    assert store.objects == before
