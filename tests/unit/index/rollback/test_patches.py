"""A rollback brings the patches in line, so that no later commit or re-index undoes it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import read_patches
from chaninfra.index.patches.remove import remove
from chaninfra.index.reindex import reindex
from support.index_model.killed import killed_at
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import FOLDER, channel_with, file, forcing, publishing, unyanking, yanking
from support.index_model.rolling_back import opened, ran, records, rolled_back, snapshot


def patch(store: MemoryStore, name: str, **changes: Any) -> None:
    add(opened(store, f"patch-{len(store.log)}"), [f"noarch/{file(name)}"], changes)


def unpatch(store: MemoryStore, name: str) -> None:
    remove(opened(store, f"unpatch-{len(store.log)}"), [file(name)])


def patches(store: MemoryStore) -> dict[str, dict[str, Any]]:
    """File name → the changes of its patch."""
    return {name: each.changes for name, each in read_patches(opened(store).subdir_index("noarch"))[0].items()}


def made_again(store: MemoryStore) -> dict[str, Any]:
    """The records after all were made again from the packages."""
    reindex(opened(store, f"force-{len(store.log)}"), ["noarch"], "all")
    return records(store)


def test_what_was_patched_since_is_not_patched_any_more() -> None:
    store = channel_with("a", "b")
    before = records(store)
    snapshot(store)
    patch(store, "a", license="X")
    patch(store, "b", depends=["a"])
    assert records(store) != before
    rolled_back(store)
    assert (records(store), patches(store)) == (before, {})
    assert made_again(store) == before


def test_what_was_unpatched_since_is_patched_again() -> None:
    store = channel_with("a")
    patch(store, "a", license="X", depends=["b"])
    before = records(store)
    snapshot(store)
    unpatch(store, "a")
    assert records(store) != before
    rolled_back(store)
    assert (records(store), patches(store)) == (before, {file("a"): {"license": "X", "depends": ["b"]}})
    assert made_again(store) == before


def test_another_patch_of_then_is_that_of_then_again() -> None:
    store = channel_with("a")
    patch(store, "a", license="X")
    before = records(store)
    snapshot(store)
    patch(store, "a", license="Y", depends=["b"])
    plan, _ = rolled_back(store)
    assert (records(store), patches(store)) == (before, {file("a"): {"license": "X"}})
    assert made_again(store) == before
    store.log.clear()
    assert not rolled_back(store, process="again")[0].changes
    assert plan.subdirs[0].restored.keys() == {file("a")}


@pytest.mark.parametrize("order", ["yank, patch", "patch, yank", "yank, patch, unpatch"])
def test_what_was_yanked_and_patched_since(order: str) -> None:
    store = channel_with("a")
    before = records(store)
    snapshot(store)
    for word in order.split(", "):
        if word == "yank":
            ran(store, yanking("a"))
        else:
            patch(store, "a", license="X") if word == "patch" else unpatch(store, "a")
    rolled_back(store)
    assert (records(store), patches(store)) == (before, {})
    assert made_again(store) == before


def test_patches_of_what_does_not_differ_stay_and_only_what_is_patched_is_read() -> None:
    store = channel_with("a", "b", "c")
    patch(store, "a", license="X")
    patch(store, "b", license="Y")
    before = records(store)
    snapshot(store)
    ran(store, yanking("b"), publishing("a-2"))
    kept = patches(store)
    store.log.clear()
    rolled_back(store)
    assert [key for kind, key in store.log if kind == "get" and key.endswith(".conda")] == [f"{FOLDER}/{file('b')}"]
    assert (records(store), patches(store)) == (before, kept)
    assert made_again(store) == before


def test_a_patch_of_what_is_overwritten_stays() -> None:
    store = channel_with("a")
    snapshot(store)
    ran(store, forcing("a", b"new"))
    patch(store, "a", license="X")
    before = records(store)
    _, done = rolled_back(store)
    assert [each.reason for each in done.report.left_out] == ["has other bytes than then"]
    assert (records(store), patches(store)) == (before, {file("a"): {"license": "X"}})


def test_a_record_that_no_patch_makes_is_left_as_it_is() -> None:
    store = channel_with("a")
    snapshot(store)
    patch(store, "a", license="X")
    etag = store.entry(f"{FOLDER}/{file('a')}").etag

    def unreadable(kind: str, key: str) -> None:
        if key.endswith(".conda") and kind == "get":
            del store.objects[key]

    # Deleted between the look and the read.
    store.before = unreadable
    plan, done = rolled_back(store)
    assert etag
    assert [each.package for each in done.report.left_out] == [f"noarch/{file('a')}"]
    assert not plan.subdirs[0].patches.new


def test_a_kill_at_any_request_is_mended_by_the_same_command() -> None:
    number, killed = 0, True
    while killed:
        store = channel_with("a", "b")
        patch(store, "a", license="X")
        before = records(store)
        snapshot(store)
        unpatch(store, "a")
        patch(store, "b", license="Y")
        killed = killed_at(number, store, partial(rolled_back, store))
        rolled_back(store, process="again")
        assert (records(store), patches(store)) == (before, {file("a"): {"license": "X"}}), number
        assert made_again(store) == before
        number += 1
    assert number > 20


def test_it_is_rolled_back_itself() -> None:
    store = channel_with("a", "x")
    snapshot(store)
    patch(store, "a", license="X")
    ran(store, yanking("x"))
    later = records(store)
    snapshot(store, "v2")
    rolled_back(store)
    ran(store, unyanking("x", last=False))
    rolled_back(store, "v2", "back")
    assert (records(store), patches(store)) == (later, {file("a"): {"license": "X"}})
    assert made_again(store) == later
    assert json.dumps(later)
