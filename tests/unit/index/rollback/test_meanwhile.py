"""A rollback beside other writers, and one that was killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from chaninfra.index.rollback import rollback as module
from support.index_model.killed import killed_at
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import (
    FOLDER,
    JSON,
    PREFIX,
    channel_with,
    deleting,
    file,
    forcing,
    publishing,
    reindexing,
    yanking,
)
from support.index_model.rolling_back import (
    patched,
    ran,
    records,
    rolled_back,
    snapshot,
    yanked,
)
from support.index_model.scenarios import SINGLE


def _meanwhile(store: MemoryStore, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """It happens after the plan was made, and the rights were tried."""
    original = module.check_writable

    def check(target: Any) -> None:
        original(target)
        happens()

    monkeypatch.setattr(module, "check_writable", check)


def test_what_is_published_meanwhile_stays_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a", "x")
    snapshot(store)
    ran(store, yanking("x"), publishing("a-2"))
    _meanwhile(store, monkeypatch, lambda: ran(store, publishing("a-3"), publishing("b")))
    _, done = rolled_back(store)
    assert records(store).keys() == {file(name) for name in ("a", "a-3", "b", "x")}
    assert done.meanwhile == (f"noarch/{file('a-3')}", f"noarch/{file('b')}")


def test_what_is_replaced_or_yanked_meanwhile_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a", "b", "x")
    snapshot(store)
    ran(store, yanking("x"))
    patched(store, "b", depends=["a"])
    _meanwhile(store, monkeypatch, lambda: ran(store, forcing("x", b"new"), yanking("b")))
    _, done = rolled_back(store)
    assert records(store).keys() == {file("a")}
    assert [(each.package, each.reason) for each in done.report.left_out] == [
        (f"noarch/{file('x')}", "was replaced or deleted meanwhile by another writer")
    ]


def _deleted(store: MemoryStore, name: str) -> None:
    deleting(name).run(store, SequentialRuntime(f"delete-{name}", int(store.now.timestamp() * 1000)))


def test_what_is_deleted_for_good_meanwhile_gets_no_record_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a", "b", "x")
    snapshot(store)
    ran(store, yanking("x"))
    patched(store, "b", depends=["a"])

    def deleted() -> None:
        _deleted(store, "b")
        _deleted(store, "x")

    _meanwhile(store, monkeypatch, deleted)
    _, done = rolled_back(store)
    assert records(store).keys() == {file("a")}
    assert [(each.package, each.reason) for each in done.report.left_out] == [
        (f"noarch/{file(name)}", "was replaced or deleted meanwhile by another writer") for name in ("b", "x")
    ]


def test_what_is_deleted_for_good_meanwhile_is_not_yanked(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a")
    snapshot(store)
    ran(store, publishing("b"), publishing("c"))
    _meanwhile(store, monkeypatch, lambda: _deleted(store, "b"))
    _, done = rolled_back(store)
    assert {*yanked(store)} == {file("c")}
    assert json.loads(store.objects[JSON].data)["removed"] == [file("c")]
    assert done.report.left_out == ()


def test_a_package_that_is_deleted_meanwhile_is_not_yanked(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a")
    snapshot(store)
    ran(store, publishing("b"), publishing("c"))

    def deleted() -> None:
        del store.objects[f"{FOLDER}/{file('b')}"]
        ran(store, reindexing())

    _meanwhile(store, monkeypatch, deleted)
    rolled_back(store)
    packages = json.loads(store.objects[f"{PREFIX}/yanked.json"].data)["packages"]
    assert f"noarch/{file('b')}" not in packages
    assert "record" in packages[f"noarch/{file('c')}"]


def test_writers_that_take_turns() -> None:
    store = channel_with("a", index=SINGLE)
    snapshot(store, index=SINGLE)
    ran(store, yanking("a", index=SINGLE), publishing("b", index=SINGLE))
    rolled_back(store, index=SINGLE)
    assert records(store).keys() == {file("a")}


def test_the_same_command_finishes_what_a_kill_has_left() -> None:
    number, killed = 0, True
    while killed:
        store = channel_with("a", "b")
        snapshot(store)
        ran(store, yanking("a"), publishing("c"))
        killed = killed_at(number, store, partial(rolled_back, store))
        rolled_back(store, process="again")
        assert records(store).keys() == {file("a"), file("b")}
        assert {*yanked(store)} == {file("c")}
        before = dict(store.objects)
        ran(store, reindexing())
        assert store.objects == before
        number += 1
    assert number > 20
