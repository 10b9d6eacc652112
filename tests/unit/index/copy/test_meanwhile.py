"""What others do in the target between the plan of a copy and its commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import Condition, ObjectBody
from chaninfra.index.copy import copy as module
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.copy import copy
from chaninfra.index.copy.deletions import DELETED
from chaninfra.index.copy.patching import Patching, Wish
from chaninfra.index.copy.report import Copied
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import marked, read_patches, update_patches, without_marked
from support.index_model.copying import URL, MemorySource, MemoryTransfer, copied, planned
from support.index_model.memory_store import MemoryStore
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, channel_with, deleting, file, forcing, publishing, reindexing, yanking
from support.index_model.rolling_back import DOCUMENT, opened, ran, records, yanked

A, B = file("a"), file("b")


def copied_while(
    store: MemoryStore, source: MemorySource, meanwhile: Callable[[], Any], *, brought: bool = True
) -> Copied:
    """A copy; `meanwhile` is called once the first package is in the target, and before it is committed; or when the
    copy is planned, and nothing was `brought` yet.
    """
    target = opened(store, f"copy-{len(store.log)}")
    calls = [meanwhile]

    class Late(MemoryTransfer):
        def bring(self, package: SourcePackage, advance: Callable[[int], None], *, there: bool = False) -> Brought:
            arrived = super().bring(package, advance, there=there)
            if calls:
                calls.pop()()
            return arrived

    plan = planned(target, source)
    if not brought:
        calls.pop()()
    transfer = Late(source=source, store=target.writer)
    return copy(target, source, plan, transfer, bringing=target.runtime, at_once=1)


def patches(store: MemoryStore) -> dict[str, tuple[dict[str, Any], str | None]]:
    """File → the changes of its patch, and the channel that it is from."""
    found = read_patches(opened(store, f"look-{len(store.log)}").subdir_index("noarch"))[0]
    return {name: (each.changes, each.source) for name, each in found.items()}


def failed(done: Copied) -> dict[str, str]:
    return {each.package: each.error.message for each in done.failed}


def test_a_yank_of_the_source_is_not_one_of_other_bytes() -> None:
    source, store = MemorySource(store=channel_with("a")), channel_with("x")
    copied(store, source)
    ran(source.store, yanking("a"))
    done = copied_while(store, source, lambda: ran(store, forcing("a", b"other")))
    assert "other bytes" in failed(done)[f"noarch/{A}"]
    assert A in records(store)
    assert DOCUMENT not in store.objects or yanked(store) == {}


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
def test_a_package_that_is_patched_here_meanwhile_keeps_that_patch(*, there: bool) -> None:
    source, store = MemorySource(store=channel_with("a", "b")), channel_with("x")
    if there:
        copied(store, source)
    add(opened(source.store), ["a"], {"license": "theirs"})
    done = copied_while(store, source, lambda: add(opened(store, "patch"), [f"noarch/{A}"], {"depends": ["ours"]}))
    assert failed(done) == {}
    assert {each.package.file: each.patch for each in done.packages}[A] == "own"
    assert patches(store) == {A: ({"depends": ["ours"]}, None)}
    assert (records(store)[A]["depends"], records(store)[A]["license"]) == (["ours"], "theirs")
    assert copied(store, source, process="again").packages == ()


def test_a_package_whose_patch_others_remove_again_and_again_fails_alone() -> None:
    source, store = MemorySource(store=channel_with("a", "b")), channel_with("x")
    add(opened(source.store), ["a"], {"license": "theirs"})
    original = store.put

    def put(key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        etag = original(key, body, condition)
        if key == PATCHES and A in body.data.decode():
            there = opened(store, f"rm-{len(store.log)}").subdir_index("noarch")
            update_patches(there, lambda before: without_marked([A], marked([A], before)))
        return etag

    store.put = put  # type: ignore[method-assign]
    done = copied(store, source)
    assert failed(done) == {f"noarch/{A}": "others remove its patch again and again"}
    assert {each.package.file for each in done.packages} == {B}
    assert records(store).keys() == {B, file("x")}


def test_patches_whose_answer_was_lost_count_as_written() -> None:
    store = channel_with("a")
    sha256 = records(store)[A]["sha256"]
    original, lost = store.put, [True]

    def put(key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        etag = original(key, body, condition)
        if key == PATCHES and lost:
            lost.pop()
            raise ConflictError("412 for the PUT that the client repeats", where=key)
        return etag

    store.put = put  # type: ignore[method-assign]
    patch = Patch(sha256=sha256, changes={"license": "X"}, when="2026-01-01T00:00:00Z", source=URL)
    wishes = {A: Wish(sha256=sha256, patch=patch)}
    index = opened(store, "copy").subdir_index("noarch")
    assert Patching(index, wishes).begin().changed
    assert not Patching(index, wishes).begin().changed


@pytest.mark.parametrize("doing", ["record", "yank", "new"])
def test_what_is_deleted_for_good_after_the_plan_does_not_come_back(doing: str) -> None:
    source, store = MemorySource(store=channel_with("a", "b")), channel_with("x")
    if doing == "new":
        before: tuple[Any, ...] = (publishing("a"), deleting("a"))
    else:
        copied(store, source)
        before = (deleting("a"),)
        if doing == "yank":
            ran(source.store, yanking("a"))
        else:
            add(opened(source.store), ["a"], {"license": "theirs"})
    done = copied_while(store, source, lambda: ran(store, *before), brought=False)
    assert failed(done) == {f"noarch/{A}": DELETED}
    assert f"{FOLDER}/{A}" not in store.objects
    assert records(store).keys() == {B, file("x")}
    assert patches(store) == {}


def test_a_file_that_vanishes_after_the_plan_is_not_put_again() -> None:
    """As where a `delete` begins after the copy has looked for such."""
    source, store = MemorySource(store=channel_with("a", "b")), channel_with("x")
    copied(store, source)
    add(opened(source.store), ["a"], {"license": "theirs"})
    done = copied_while(store, source, lambda: store.objects.pop(f"{FOLDER}/{A}"), brought=False)
    assert failed(done) == {f"noarch/{A}": "its file is not there any more"}
    assert f"{FOLDER}/{A}" not in store.objects


def test_what_is_deleted_between_its_upload_and_its_commit_gets_no_record() -> None:
    source, store = MemorySource(store=channel_with("a", "b")), channel_with("a")
    del store.objects[f"{FOLDER}/{A}"]
    ran(store, publishing("x"), reindexing())
    done = copied_while(store, source, lambda: ran(store, deleting("a")))
    (error,) = [each.error for each in done.failed]
    assert (error.message, error.remedy) == (
        DELETED,
        f"its file may be there again, in no index: `chaninfra delete noarch/{A} --reason TEXT` takes it away",
    )
    assert records(store).keys() == {B, file("x")}
    # Whatever has deleted it.
    store = channel_with("x")
    done = copied_while(store, source, lambda: store.objects.pop(f"{FOLDER}/{A}"))
    assert "or deleted it" in failed(done)[f"noarch/{A}"]
    assert records(store).keys() == {B, file("x")}


def test_what_was_deleted_before_may_be_copied() -> None:
    source, store = MemorySource(store=channel_with("a")), channel_with("a", "x")
    ran(store, deleting("a"))
    assert copied(store, source).failed == ()
    assert A in records(store)


def test_of_what_comes_yanked_few_packages_lie_there_before_they_are_yanked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A re-index lists those if the copy is killed."""
    monkeypatch.setattr(module, "_YANKED_AT_ONCE", 1, raising=False)
    names = ("a", "b", "c", "d")
    source, store = MemorySource(store=channel_with(*names)), channel_with("x")
    ran(source.store, *(yanking(name) for name in names[:3]))

    class KilledError(BaseException):
        pass

    def killed(kind: str, key: str) -> None:
        if kind == "put" and key == f"{FOLDER}/{file('c')}":
            store.before = lambda kind, key: None
            raise KilledError

    store.before = killed
    with pytest.raises(KilledError):
        copied(store, source)
    ran(store, reindexing())
    assert yanked(store).keys() == {A, B}
    assert records(store).keys() == {file("d"), file("x")}
    assert {*ran_again(store, source)} == {file("c")}
    assert yanked(store).keys() == {A, B, file("c")}


def ran_again(store: MemoryStore, source: MemorySource) -> list[str]:
    """The files that the same copy brings then."""
    return [each.package.file for each in copied(store, source, process="again").packages]
