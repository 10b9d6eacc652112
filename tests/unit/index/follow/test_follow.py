"""Follow on a store in memory: what is new, replaced, deleted, doubled, late, out of order and held."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Callable

import pytest

from chaninfra.channel.conda.index_settings import Overwrites
from chaninfra.channel.errors import CredentialsError, DeniedError, RefusedError, StorageError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.package.sidecars import immutable_name, sidecar_name
from support.channels.bundles import bundle, sidecar
from support.channels.followed import FollowedChannel, package_bytes, requests
from support.index_model.memory_store import SequentialRuntime
from support.index_model.processes import AUTHORITATIVE, FOLDER, JSON, file, publishing, yanking

BOTH: tuple[Overwrites, ...] = ("hold", "index")


def before_the_commit(channel: FollowedChannel, others: Callable[[], object]) -> None:
    """What others do just before the first PUT of the authoritative index."""
    done: list[int] = []

    def before(kind: str, asked: str) -> None:
        if (kind, asked) == ("put", AUTHORITATIVE) and not done:
            done.append(1)
            others()

    channel.store.before = before


def publish(channel: FollowedChannel, name: str) -> None:
    publishing(name, index=channel.index).run(channel.store, SequentialRuntime("p"))


def sha256(name: str, payload: bytes = b"") -> str:
    return hashlib.sha256(package_bytes(name, payload)).hexdigest()


@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_new_packages_are_indexed_by_one_commit_without_a_listing(monolith: str) -> None:
    channel = FollowedChannel("a", monolith=monolith)
    keys = [channel.upload(name) for name in ("b", "c", "a-2")]
    done = channel.follow(*keys)
    assert channel.files() == {file(name) for name in ("a", "b", "c", "a-2")}
    assert sorted(done.added) == sorted(f"noarch/{file(name)}" for name in ("b", "c", "a-2"))
    assert done.commits == {"noarch": 1}
    assert not requests(channel.store.log, "list")
    assert not [key for key in requests(channel.store.log, "get") if key.endswith(file("a"))]
    assert channel.is_as_reindexed()


@pytest.mark.parametrize("overwrites", BOTH)
def test_a_deleted_package_loses_its_record(overwrites: Overwrites) -> None:
    channel = FollowedChannel("a", "b", overwrites=overwrites)
    done = channel.follow(channel.delete("a"))
    assert done.dropped == [f"noarch/{file('a')}"]
    assert channel.files() == {file("b")}
    assert channel.is_as_reindexed()


def test_a_replaced_package_is_indexed_where_the_channel_says_so() -> None:
    channel = FollowedChannel("a", overwrites="index")
    done = channel.follow(channel.upload("a", b"new"))
    assert done.replaced == [f"noarch/{file('a')}"]
    assert channel.content().records[file("a")].sha256 == sha256("a", b"new")
    assert channel.left_out() == {}
    assert channel.is_as_reindexed()


def test_a_replaced_package_is_held_and_read_once() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("a", b"new")
    done = channel.follow(key)
    path = f"noarch/{file('a')}"
    assert (done.replaced, done.commits, done.held, done.newly_left_out) == ([], {}, [path], [path])
    assert channel.content().records[file("a")].sha256 == sha256("a")
    left = channel.left_out()[path]
    assert (left.kind, left.sha256) == ("held", sha256("a", b"new"))
    again = channel.follow(key)
    assert (again.read, again.held, again.newly_left_out) == (0, [path], [])
    assert not requests(channel.store.log, "put")
    # Other bytes again.
    again = channel.follow(channel.upload("a", b"newer"))
    assert again.newly_left_out == [path]
    assert channel.left_out()[path].sha256 == sha256("a", b"newer")


def test_a_held_package_leaves_the_list_when_its_bytes_are_back() -> None:
    channel = FollowedChannel("a")
    channel.follow(channel.upload("a", b"new"))
    channel.follow(channel.upload("a"))
    assert channel.left_out() == {}
    assert channel.is_as_reindexed()


def test_a_held_package_leaves_the_list_when_it_is_deleted() -> None:
    channel = FollowedChannel("a", "b")
    channel.follow(channel.upload("a", b"new"))
    channel.follow(channel.delete("a"))
    assert (channel.left_out(), channel.files()) == ({}, {file("b")})


def test_a_held_package_leaves_the_list_when_a_reindex_has_taken_it() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("a", b"new")
    channel.follow(key)
    assert not channel.is_as_reindexed()
    channel.follow(*channel.compare().keys)
    assert channel.left_out() == {}


def test_what_was_held_is_indexed_when_the_channel_no_longer_holds() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("a", b"new")
    channel.follow(key)
    held = channel.store.objects
    channel = FollowedChannel("a", overwrites="index")
    channel.store.objects = held
    assert channel.follow(key).replaced == [f"noarch/{file('a')}"]
    assert channel.left_out() == {}


def test_a_doubled_late_or_replayed_hint_costs_one_head() -> None:
    channel = FollowedChannel("a", "b")
    key = channel.upload("c")
    channel.follow(key)
    before = dict(channel.store.objects)
    for keys in ([key, key], [key], [f"{FOLDER}/{file('gone')}"]):
        done = channel.follow(*keys)
        # The index, the shard of the name and left-out.json are read once, whatever the number of hints.
        assert channel.store.requests["head"] == 1
        assert channel.store.requests["get"] <= 3
        assert (done.commits, done.read, channel.store.requests["put"]) == ({}, 0, 0)
    assert channel.store.objects == before


def test_hints_may_come_in_any_order() -> None:
    names = ["a", "b", "c", "d", "a-2"]
    for seed in range(20):
        rng = random.Random(seed)
        channel = FollowedChannel("a", "b", overwrites="index")
        keys: list[str] = []
        for _ in range(12):
            name = rng.choice(names)
            there = f"{FOLDER}/{file(name)}" in channel.store.objects
            keys.append(
                channel.delete(name) if there and rng.random() < 0.4 else channel.upload(name, rng.choice([b"", b"1"]))
            )
            if rng.random() < 0.3:
                rng.shuffle(keys)
                channel.follow(*keys[:3])
        rng.shuffle(keys)
        channel.follow(*keys)
        assert channel.is_as_reindexed(), seed


def test_the_shard_is_renewed_where_the_package_was_put_again_after_it() -> None:
    """A re-index that found the package missing in between then starts again, and does not drop the record."""
    channel = FollowedChannel("a", "b")
    key = channel.upload("a")
    done = channel.follow(key)
    assert (done.commits, done.read) == ({"noarch": 1}, 0)
    assert channel.follow(key).commits == {}


def test_a_package_that_is_none_is_left_out_with_the_reason_until_it_is_mended() -> None:
    channel = FollowedChannel("a")
    key = channel.put(file("b"), b"no package")
    good = channel.upload("c")
    done = channel.follow(key, good)
    path = f"noarch/{file('b')}"
    assert channel.files() == {file("a"), file("c")}
    assert [*done.left_out] == [path]
    left = channel.left_out()[path]
    assert (left.kind, bool(left.reason), bool(left.remedy)) == ("unreadable", True, True)
    # It is not read again as long as it is the same.
    assert channel.follow(key).read == 0
    channel.upload("b")
    assert channel.follow(key).added == [path]
    assert channel.left_out() == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("other-1-0.conda", "the package inside is b-1-0"),
        ("with space-1-0.conda", "a space"),
        ("b.conda", "is not NAME"),
    ],
)
def test_a_package_with_a_wrong_name_is_left_out(name: str, reason: str) -> None:
    channel = FollowedChannel("a")
    channel.follow(channel.put(name, package_bytes("b")))
    assert reason in channel.left_out()[f"noarch/{name}"].reason
    assert channel.files() == {file("a")}


def test_a_package_overwritten_by_none_loses_its_record_only_where_overwrites_are_indexed() -> None:
    for overwrites, files in (("index", {file("b")}), ("hold", {file("a"), file("b")})):
        channel = FollowedChannel("a", "b", overwrites=overwrites)  # type: ignore[arg-type]
        channel.follow(channel.put(file("a"), b"no package"))
        assert channel.files() == files
        assert [*channel.left_out()] == [f"noarch/{file('a')}"]


def test_what_a_hostile_package_says_is_safe_to_print() -> None:
    channel = FollowedChannel()
    channel.follow(channel.put("x-1-0.conda", package_bytes("y\u202e\x1b[31m" + "z" * 2000)))
    left = channel.left_out()["noarch/x-1-0.conda"]
    assert left.reason.isprintable()
    assert len(left.reason) <= 500


def test_a_yanked_package_stays_yanked() -> None:
    channel = FollowedChannel("a", "b")
    yanking("a", index=channel.index).run(channel.store, SequentialRuntime("y"))
    before = dict(channel.store.objects)
    assert channel.follow(f"{FOLDER}/{file('a')}").commits == {}
    assert channel.store.objects == before
    # Also with other bytes, and where it is deleted.
    channel.follow(channel.upload("a", b"new"))
    channel.follow(channel.delete("a"))
    assert channel.files() == {file("b")}
    assert channel.content().removed == {file("a")}


def test_a_sidecar_is_indexed_whether_it_comes_before_the_package_or_after_it() -> None:
    data = package_bytes("b")
    signed = sidecar(bundle(file("b"), data))
    digest = hashlib.sha256(signed).hexdigest()
    for order in ("sidecar first", "package first", "together"):
        channel = FollowedChannel("a")
        put = [lambda: channel.put(sidecar_name(file("b")), signed), lambda: channel.upload("b")]  # noqa: B023
        if order == "package first":
            put.reverse()
        if order == "together":
            channel.follow(*(each() for each in put))
        else:
            for each in put:
                channel.follow(each())
        found = channel.channel().subdir_index("noarch")
        assert digest in channel.store.objects[JSON].data.decode(), order
        assert found.key(immutable_name(file("b"), digest)) in channel.store.objects
        assert channel.is_as_reindexed()


def test_a_deleted_or_broken_sidecar() -> None:
    data = package_bytes("b")
    signed = sidecar(bundle(file("b"), data))
    channel = FollowedChannel("a")
    key = channel.put(sidecar_name(file("b")), signed)
    channel.follow(channel.upload("b"))
    channel.put(sidecar_name(file("b")), b"no sidecar")
    channel.follow(key)
    assert [*channel.left_out()] == [f"noarch/{sidecar_name(file('b'))}"]
    del channel.store.objects[key]
    assert channel.follow(key).signed == [f"noarch/{file('b')}"]
    assert channel.left_out() == {}
    assert b"attestations_sha256" not in channel.store.objects[JSON].data


def test_keys_that_are_none_of_the_channel_cost_nothing() -> None:
    channel = FollowedChannel("a")
    done = channel.follow(
        "",
        "noarch/a-1-0.conda",
        f"other/{FOLDER}/b-1-0.conda",
        f"{FOLDER}/sub/b-1-0.conda",
        f"{FOLDER}//b-1-0.conda",
        f"{FOLDER}/../b-1-0.conda",
        f"{FOLDER}/b\n-1-0.conda",
        f"{FOLDER}/b-1-0.conda\n",
        f"{FOLDER}/{'b' * 300}-1-0.conda",
        f"{FOLDER}/repodata.json",
        f"{FOLDER}/b-1-0.conda.sigs.{'0' * 64}",
        "c/linux-64/b-1-0.conda",
        "c/.chaninfra/left-out.json",
    )
    assert done.others == 13
    assert channel.store.requests.total() == 0


def test_a_package_whose_etag_is_not_its_md5_is_read_once() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b")
    # As an upload in parts, or an encrypted bucket, has it.
    channel.store.etags[key] = '"0123456789abcdef0123456789abcdef-2"'
    assert channel.follow(key).read == 1
    assert channel.follow(key).read == 0
    # After a restart the cache of the channel tells, once a comparison has written it.
    channel.compare()
    channel.seen = {}
    assert channel.follow(*channel.compare().keys, key).read == 0
    channel.store.objects[key] = ObjectBody(data=package_bytes("b", b"new"), content_type="")
    channel.store.etags[key] = '"ffffffffffffffffffffffffffffffff-2"'
    assert channel.follow(key).held == [f"noarch/{file('b')}"]


def test_an_index_of_another_tool_is_taken_over() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b")
    del channel.store.objects[AUTHORITATIVE]
    done = channel.follow(key)
    assert [report.subdir for report in done.reindexed] == ["noarch"]
    assert channel.files() == {file("a"), file("b")}
    assert channel.is_as_reindexed()


def test_an_unreachable_store_stops_before_a_write() -> None:
    channel = FollowedChannel("a", "b")
    key = channel.delete("a")

    def before(kind: str, asked: str) -> None:
        if (kind, asked) == ("head", key):
            raise UnreachableError("no connection")

    channel.store.before = before
    with pytest.raises(UnreachableError):
        channel.follow(key)
    assert not requests(channel.store.log, "put")
    channel.store.before = lambda kind, key: None
    channel.follow(key)
    assert channel.files() == {file("b")}


@pytest.mark.parametrize(
    "error", [StorageError("bad request", code="InvalidRequest", status=400), DeniedError("no", code="AccessDenied")]
)
def test_a_package_that_cannot_be_looked_at_does_not_stop_the_others(error: StorageError) -> None:
    """Put with a key of encryption of its own, or by another account."""
    channel = FollowedChannel("a", "b")
    keys = [channel.upload(name) for name in ("a", "c", "d")]

    def before(kind: str, key: str) -> None:
        if key in keys[:2]:
            raise error

    channel.store.before = before
    done = channel.follow(*keys)
    assert done.added == ["noarch/d-1-0.conda"]
    # What was indexed stays, as for a re-index.
    assert channel.files() == {file(name) for name in "abd"}
    left = channel.left_out()
    assert left.keys() == {"noarch/a-1-0.conda", "noarch/c-1-0.conda"} == {*done.newly_left_out}
    reason = f"cannot be read, while others can ({error.code})"
    assert {each.reason for each in left.values()} == {reason}
    # Alone it does not stop anything either, and is told once.
    assert channel.follow(keys[1]).newly_left_out == []
    channel.store.before = lambda kind, key: None
    assert channel.follow(*keys).added == ["noarch/c-1-0.conda"]
    assert channel.left_out() == {}
    assert channel.is_as_reindexed()


def test_a_key_of_the_store_that_expires_between_two_requests_leaves_nothing_out() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b")

    def before(kind: str, asked: str) -> None:
        if asked == key:
            raise CredentialsError("expired", code="ExpiredToken")

    channel.store.before = before
    with pytest.raises(CredentialsError):
        channel.follow(key)
    assert channel.left_out() == {}


def test_who_may_not_write_the_list_of_what_is_left_out_indexes_all_the_same() -> None:
    channel = FollowedChannel("a")

    def before(kind: str, asked: str) -> None:
        if kind == "put" and asked.endswith("left-out.json"):
            raise DeniedError("denied", status=403)

    channel.store.before = before
    done = channel.follow(channel.put(file("b"), b"none"), channel.upload("c"))
    assert done.left_out_denied
    assert [*done.left_out] == [f"noarch/{file('b')}"]
    assert channel.files() == {file("a"), file("c")}


def test_an_index_that_another_tool_patches_is_refused() -> None:
    channel = FollowedChannel("a")
    # conda-index writes it, and repodata.json.
    old = channel.store.objects[JSON]
    channel.store.objects[JSON] = dataclasses.replace(old, metadata={})
    channel.put("repodata_from_packages.json", old.data.replace(b'"depends":[]', b'"depends":["more"]'))
    with pytest.raises(RefusedError):
        channel.follow(channel.upload("b"))


def test_a_publisher_that_was_faster_is_no_conflict() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b")
    before_the_commit(channel, lambda: publish(channel, "b"))
    followed = channel.follow(key)
    assert (followed.commits, followed.again) == ({}, [])
    assert channel.files() == {file("a"), file("b")}
    assert channel.is_as_reindexed()


def test_a_record_that_came_meanwhile_is_not_replaced_where_overwrites_are_held() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b", b"new")

    def somebody() -> None:
        # Its upload was overwritten before its commit.
        channel.delete("b")
        publish(channel, "b")
        channel.upload("b", b"new")

    before_the_commit(channel, somebody)
    followed = channel.follow(key)
    assert followed.held == [f"noarch/{file('b')}"]
    assert channel.content().records[file("b")].sha256 == sha256("b")


def test_a_package_that_was_deleted_while_its_record_was_added_is_dropped() -> None:
    channel = FollowedChannel("a")
    key = channel.upload("b")
    before_the_commit(channel, lambda: channel.store.objects.pop(key))
    channel.follow(key)
    assert channel.files() == {file("a")}
    assert channel.is_as_reindexed()
