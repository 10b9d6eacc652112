"""A rollback: the channel says again what it said then, and nothing brings back what it has taken out."""

from __future__ import annotations

import dataclasses

import pytest

from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.rollback.plan import plan_rollback
from support.channels.archives import conda, index_json
from support.index_model.processes import (
    FOLDER,
    channel_with,
    file,
    forcing,
    publishing,
    reindexing,
    unyanking,
    yanking,
)
from support.index_model.rolling_back import (
    HOUR,
    opened,
    patched,
    ran,
    records,
    rolled_back,
    snapshot,
    time_of,
    yanked,
)
from support.index_model.scenarios import NEVER


def test_it_says_again_what_it_said_then() -> None:
    store = channel_with("a", "b", "c")
    ran(store, yanking("c"))
    before = records(store)
    snapshot(store)
    ran(store, yanking("a"), publishing("a-2"), publishing("d"), unyanking("c"))
    patched(store, "b", depends=["a"])
    assert records(store) != before
    plan, done = rolled_back(store)
    assert records(store) == before
    assert ({*plan.subdirs[0].back}, {*plan.subdirs[0].restored}) == ({file("a")}, {file("b")})
    assert yanked(store) == {
        file("a-2"): f"rolled back to the snapshot v1, of {plan.target.at}",
        file("d"): f"rolled back to the snapshot v1, of {plan.target.at}",
        file("c"): "broken",
    }
    assert plan.subdirs[0].again == {file("c")}
    assert (done.meanwhile, done.report.left_out) == ((), ())
    (report,) = done.report.subdirs
    assert (report.added, report.remade) == ((file("a"),), (file("b"),))
    assert {*report.yanked} == {file(name) for name in ("a-2", "d", "c")}
    # What came since stays in the bucket, and nothing puts it into the index again.
    ran(store, reindexing(), dataclasses.replace(publishing("d"), makes=None))
    assert f"{FOLDER}/{file('d')}" in store.objects
    assert records(store) == before


def test_it_is_one_commit_and_its_shards_are_new() -> None:
    store = channel_with("a", "b")
    snapshot(store)
    old = {key for key in store.objects if "/shards/" in key}
    ran(store, yanking("a"), publishing("c"))
    number = opened(store).subdir_index("noarch")
    before = read_our_authority(number)
    rolled_back(store)
    after = read_our_authority(number)
    assert after.stamp.number == before.stamp.number + 1
    assert after.index is not None
    assert before.index is not None
    changed = {name for name, digest in after.index.hashes.items() if before.index.hashes[name] != digest}
    assert changed == {"a", "c"}
    assert not {key for key in old if any(after.index.hashes[name].hex() in key for name in changed)}


def test_only_the_names_that_differ_are_read() -> None:
    store = channel_with(*(f"p{number}" for number in range(20)), index=NEVER)
    snapshot(store, index=NEVER)
    ran(store, yanking("p3", index=NEVER))
    store.log.clear()
    plan_rollback(opened(store, index=NEVER), "v1")
    # That of then, and that of now.
    assert len([key for kind, key in store.log if kind == "get" and "/shards/" in key]) == 2
    assert not [each for each in store.log if each[0] in ("put", "delete")]


def test_a_second_one_to_the_same_state_changes_nothing() -> None:
    store = channel_with("a")
    snapshot(store)
    ran(store, yanking("a"), publishing("b"))
    rolled_back(store)
    before = dict(store.objects)
    store.log.clear()
    plan, done = rolled_back(store, process="again")
    assert not plan.changes
    assert done.report.left_out == ()
    assert store.objects == before
    assert not [each for each in store.log if each[0] in ("put", "delete")]


def test_by_a_time_and_back_again() -> None:
    store = channel_with("a")
    ran(store, publishing("b"), yanking("a"))
    then = time_of(store)
    ran(store, publishing("c"))
    newest = records(store)
    store.now += HOUR
    moment = store.now
    store.now += HOUR
    rolled_back(store, then)
    assert records(store).keys() == {file("a"), file("b")}
    assert yanked(store) == {file("c"): f"rolled back to {then}"}
    store.now += HOUR
    # A rollback is rolled back by a time before it.
    rolled_back(store, moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "back")
    assert records(store) == newest
    assert yanked(store) == {file("a"): "broken"}


def test_deleted_and_overwritten_packages_stay_as_they_are_and_are_named() -> None:
    store = channel_with("a", "b", "c", "d", "e")
    snapshot(store)
    ran(store, yanking("a"), yanking("b"), forcing("c", b"new"))
    ran(store, yanking("e"))
    # Deleted while it was yanked, overwritten while it was yanked, and deleted with a re-index.
    del store.objects[f"{FOLDER}/{file('a')}"], store.objects[f"{FOLDER}/{file('d')}"]
    ran(store, forcing("b", b"new"), reindexing())
    of_new_bytes = records(store)[file("c")]
    plan, done = rolled_back(store)
    assert {each.package: each.reason for each in done.report.left_out} == {
        f"noarch/{file('a')}": "was deleted",
        f"noarch/{file('b')}": "has other bytes than then",
        f"noarch/{file('c')}": "has other bytes than then",
        f"noarch/{file('d')}": "was deleted",
    }
    assert {*plan.subdirs[0].back} == {file("e")}
    assert records(store).keys() == {file("c"), file("e")}
    assert records(store)[file("c")] == of_new_bytes
    assert {*yanked(store)} == {file("a"), file("b")}
    # Also those that cannot come back are no reason to write again.
    before = dict(store.objects)
    assert rolled_back(store, process="again")[1].report.left_out == plan.left_out
    assert store.objects == before


def test_a_package_that_was_put_back_by_hand_gets_its_record_of_then() -> None:
    store = channel_with("a", "b")
    snapshot(store)
    wanted, body = records(store), store.objects[f"{FOLDER}/{file('a')}"]
    ran(store, forcing("a", b"new"))
    store.objects[f"{FOLDER}/{file('a')}"] = body
    rolled_back(store)
    assert records(store) == wanted


def test_the_etag_need_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a", "b")
    for name in ("a", "b"):
        store.etags[f"{FOLDER}/{file(name)}"] = f'"of-{name}-2"'
    snapshot(store)
    ran(store, yanking("a"), yanking("b"))
    data = conda(index_json("b", "1", noarch="generic"), payload=b"other")
    store.objects[f"{FOLDER}/{file('b')}"] = ObjectBody(data=data, content_type="")
    _, done = rolled_back(store)
    assert records(store).keys() == {file("a")}
    assert [each.package for each in done.report.left_out] == [f"noarch/{file('b')}"]


def test_attestations_are_those_of_the_sidecar() -> None:
    store = channel_with("a", "b")
    snapshot(store)
    patched(store, "b", attestations_sha256="0" * 64)
    plan, _ = rolled_back(store)
    # A re-index brings that in line with the sidecar, whatever the record said then.
    assert not plan.changes
