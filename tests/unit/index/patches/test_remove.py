"""Removing patches: the records say again what the packages say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ChaninfraError, SkippedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.output.reports import finish
from chaninfra.index.patches.add import add
from chaninfra.index.patches.listing import list_patches
from chaninfra.index.patches.remove import remove
from chaninfra.index.reindex import reindex
from chaninfra.index.report import PUT_BACK, UNPATCH_AGAIN
from chaninfra.index.withdrawal.delete import delete
from chaninfra.index.withdrawal.plan import plan
from chaninfra.index.yank import unyank, yank
from support.channels.patched_channel import Patched
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, INDEX, PREFIX, file, package

A, B = file("a"), file("b")
CHANGES: dict[str, Any] = {"depends": ["x"], "license": "X", "constrains": ["q"]}


def test_the_record_is_again_that_of_the_package() -> None:
    patched = Patched()
    before = patched.records()
    add(patched.open(), ["a", "b"], CHANGES, revoke=True)
    done = remove(patched.open(), ["a 1", "b"])
    assert done.removed == (f"noarch/{A}", f"noarch/{B}")
    assert done.remade == done.removed
    assert patched.record("a") == before[A]
    assert patched.record("b") == before[B]
    assert patched.record("a-2") == {
        **before[file("a-2")],
        **CHANGES,
        "depends": ["x", "package_has_been_revoked"],
        "revoked": True,
    }
    assert patched.patches().keys() == {file("a-2")}
    assert reindex(patched.open(), ["noarch"]).subdirs[0].differed is False


def test_there_is_nothing_to_remove_where_there_is_no_patch() -> None:
    patched = Patched()
    add(patched.open(), ["a"], CHANGES)
    before = dict(patched.store.objects)
    with pytest.raises(ChaninfraError, match="there is no patch of b"):
        remove(patched.open(), ["a", "b"])
    assert patched.store.objects == before


def test_a_mistyped_name_is_told_the_nearest_with_a_patch() -> None:
    patched = Patched("hello", "hallu")
    add(patched.open(), ["hello"], CHANGES)
    with pytest.raises(ChaninfraError, match="there is no patch of hallo") as caught:
        remove(patched.open(), ["hallo"])
    assert caught.value.remedy == "did you mean 'hello'? `chaninfra patch ls` lists the patches of the channel"


def test_a_patch_of_what_is_not_there_is_removed() -> None:
    patched = Patched()
    add(patched.open(), ["noarch/new-1-0.conda"], CHANGES)
    done = remove(patched.open(), ["new-1-0.conda"])
    assert (done.removed, done.remade) == (("noarch/new-1-0.conda",), ())
    assert patched.patches() == {}


def test_a_patch_of_other_bytes_is_removed_and_the_record_stays() -> None:
    patched = Patched()
    add(patched.open(), [A], CHANGES)
    patched.change_package("a", b"other")
    before = patched.records()
    done = remove(patched.open(), [A])
    assert (done.removed, done.remade) == ((f"noarch/{A}",), ())
    assert patched.records() == before


@pytest.mark.parametrize("patched_first", [True, False])
def test_a_yanked_package_comes_back_unpatched(patched_first: bool) -> None:
    patched = Patched()
    before = patched.record("b")
    if patched_first:
        add(patched.open(), ["b"], CHANGES)
        yank(patched.open(), ["b"], "why")
    else:
        yank(patched.open(), ["b"], "why")
        add(patched.open(), ["b"], CHANGES)
    done = remove(patched.open(), ["b"])
    assert done.removed == (f"noarch/{B}",)
    document = json.loads(patched.store.objects[f"{PREFIX}/yanked.json"].data)["packages"]
    assert document[f"noarch/{B}"]["record"] == before
    assert document[f"noarch/{B}"]["reason"] == "why"
    unyank(patched.open(), ["b"])
    assert patched.record("b") == before


def test_a_package_that_cannot_be_read_keeps_its_patch() -> None:
    patched = Patched()
    add(patched.open(), ["b"], CHANGES)
    data = patched.store.objects[f"{FOLDER}/{B}"]
    patched.store.objects[f"{FOLDER}/{B}"] = ObjectBody(data=b"x" * len(data.data), content_type="")
    done = remove(patched.open(), ["b"])
    assert done.removed == ()
    assert [each.package for each in done.report.left_out] == [f"noarch/{B}"]
    assert patched.patches().keys() == {B}


@pytest.mark.parametrize("yanked", [False, True])
def test_other_bytes_than_those_of_the_record_do_not_come_into_the_index(yanked: bool) -> None:
    """A follower may hold them back."""
    patched = Patched()
    add(patched.open(), [A], CHANGES)
    if yanked:
        yank(patched.open(), [A], "why")
    key = f"{FOLDER}/{A}"
    old = patched.store.objects[key]
    patched.store.put(key, ObjectBody(data=package("a", b"other").path.read_bytes(), content_type=""))
    before = patched.records()
    done = remove(patched.open(), [A])
    assert patched.records() == before
    assert (done.removed, done.remade) == ((), ())
    assert [(each.package, each.reason) for each in done.report.left_out] == [
        (f"noarch/{A}", "has other bytes than its record, so its patch stays")
    ]
    with pytest.raises(SkippedError) as raised:
        finish(done.report)
    assert raised.value.remedy == UNPATCH_AGAIN
    # The record is patched still, and so the patch is there.
    assert patched.patches().keys() == {A}
    assert "removing" not in patched.patches()[A]
    patched.store.put(key, old)
    assert remove(patched.open(), [A]).removed == (f"noarch/{A}",)


def test_a_yanked_package_whose_file_is_missing_keeps_its_patch() -> None:
    """Its yank has the patched record, with which it would come back."""
    patched = Patched()
    before = patched.record("a")
    add(patched.open(), [A], CHANGES)
    yank(patched.open(), [A], None)
    saved = patched.store.objects.pop(f"{FOLDER}/{A}")
    done = remove(patched.open(), [A])
    assert done.removed == ()
    assert [(each.package, each.reason) for each in done.report.left_out] == [
        (f"noarch/{A}", "is yanked, and its file is missing, so its patch stays")
    ]
    with pytest.raises(SkippedError) as raised:
        finish(done.report)
    assert raised.value.remedy == PUT_BACK
    assert patched.patches().keys() == {A}
    patched.store.put(f"{FOLDER}/{A}", saved)
    remove(patched.open(), [A])
    unyank(patched.open(), [A])
    assert patched.record("a") == before
    assert patched.patches() == {}


def test_a_package_that_is_deleted_for_good_meanwhile_gets_no_record() -> None:
    patched = Patched()
    add(patched.open(), [A], CHANGES)

    def deleted(kind: str, key: str) -> None:
        # The package was read.
        if kind == "put" and key == PATCHES:
            patched.store.before = lambda kind, key: None
            there = patched.open()
            delete(there, plan(there, [A]), "leaked")

    patched.store.before = deleted
    done = remove(patched.open(), [A])
    assert A not in patched.records()
    assert (done.removed, done.remade) == ((f"noarch/{A}",), ())
    assert patched.patches() == {}


@pytest.mark.parametrize("at", [INDEX, PATCHES])
def test_a_removal_that_was_killed_goes_on(at: str) -> None:
    patched = Patched()
    before = patched.record("b")
    add(patched.open(), ["b"], CHANGES)
    puts = [PATCHES, INDEX]
    seen: list[str] = []

    def killed(kind: str, key: str) -> None:
        if kind == "put" and key in puts:
            seen.append(key)
            if seen in ([PATCHES, INDEX], [PATCHES, INDEX, PATCHES]) and key == at:
                raise StorageError("killed")

    patched.store.before = killed
    with pytest.raises(StorageError, match="killed"):
        remove(patched.open(), ["b"])
    patched.store.before = lambda kind, key: None
    assert [each.applies for each in list_patches(patched.open())] == ["removing"]
    reindex(patched.open(), ["noarch"])
    remove(patched.open(), ["b"])
    assert patched.record("b") == before
    assert patched.patches() == {}
