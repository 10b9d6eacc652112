"""A copy of 100 packages that is killed at any request, or whose request fails, and the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.conda.yank import unpacked
from chaninfra.index.commit.yanked_json import Yanked
from chaninfra.index.copy import copy as module
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import read_patches
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.yank import yank
from support.index_model.copying import MemorySource, copied
from support.index_model.killed import failed_at, killed_at
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import FOLDER, INDEX, channel_with, package
from support.index_model.rolling_back import DOCUMENT, opened
from support.index_model.scenarios import NEVER

pytestmark = pytest.mark.long

NAMES, VERSIONS = 20, 5
Run = Callable[[MemoryStore], object]


@cache
def _source() -> MemorySource:
    """A source of 100 packages of 20 names; some are patched, some yanked."""
    store = channel_with()
    packages = [package(f"p{name:02}-{version}") for name in range(NAMES) for version in range(1, VERSIONS + 1)]
    publish(opened(store, "publish"), packages, "refuse", Silent())
    add(opened(store, "patch"), [f"p{name:02}==1" for name in range(0, NAMES, 5)], {"license": "X"})
    yank(opened(store, "yank"), [f"p{name:02}==2" for name in range(0, NAMES, 5)], "broken")
    return MemorySource(store=store)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", 20)


def _copied(store: MemoryStore, process: str = "copy") -> None:
    copied(store, _source(), process=process, index=NEVER)


def _said(store: MemoryStore) -> dict[str, Any]:
    """What the target has and says, without times, numbers and revisions."""
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    assert index.stamp is not None
    records: dict[str, Any] = {}
    yanks: dict[str, Any] = {}
    for name, digest in index.hashes.items():
        shard = parse_shard(store.objects[f"{FOLDER}/{shard_key(digest)}"].data, name, digest)
        assert shard is not None
        for table in shard.records.values():
            records |= {key: _timeless(msgspec.json.decode(record)) for key, record in table.items()}
        yanks |= {file: _timeless(unpacked(packed).record or {}) for file, packed in shard.yanks.items()}
    assert index.stamp.count == len(records)
    document = msgspec.json.decode(store.objects[DOCUMENT].data, type=Yanked).of("noarch")
    assert document.keys() == yanks.keys()
    return {
        "records": records,
        "yanks": yanks,
        "patches": read_patches(opened(store).subdir_index("noarch"))[0],
        "packages": {key: body.data for key, body in store.objects.items() if key.endswith(".conda")},
    }


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "indexed_timestamp"}


def _undisturbed() -> tuple[dict[str, Any], int]:
    """What a copy without a fault comes to, and how many requests it makes."""
    store = channel_with("x", index=NEVER)
    store.log.clear()
    _copied(store)
    requests = len(store.log)
    return _said(store), requests


def test_killed_at_any_request_the_next_run_comes_to_the_same() -> None:
    expected, requests = _undisturbed()
    assert len(expected["records"]) == NAMES * VERSIONS - NAMES // 5 + 1
    assert requests > NAMES * VERSIONS
    source = _source()
    for number in range(requests):
        store = channel_with("x", index=NEVER)
        source.answers.clear()
        assert killed_at(number, store, partial(_copied, store))
        _copied(store, "again")
        assert _said(store) == expected, number
        # No package twice, but the one that was under way.
        assert sum(times - 1 for times in Counter(source.answers).values()) <= 1, number
        if number % 10 == 0:
            again = copied(store, source, process="third", index=NEVER)
            assert (again.packages, len(again.already)) == ((), NAMES * VERSIONS), number


@pytest.mark.parametrize("executed", [True, False], ids=["answer lost", "not executed"])
def test_any_request_that_fails_leaves_what_the_next_run_finishes(*, executed: bool) -> None:
    expected, requests = _undisturbed()
    for number in range(requests):
        store = channel_with("x", index=NEVER)
        failed_at(number, store, partial(_copied, store), executed=executed)
        _copied(store, "again")
        assert _said(store) == expected, number
