"""What prune yanks, deletes and keeps, in a channel in memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import ConfigurationError, DeniedError, RefusedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.locks import Lock, LockedPackage
from chaninfra.index.prune import prepare as module
from chaninfra.index.prune.packages import Package
from chaninfra.index.prune.plan import Matchers, plan
from chaninfra.index.prune.prepare import matchers_of, prepare
from chaninfra.index.prune.prune import carry_out
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.snapshots.remove import remove
from chaninfra.index.yank import open_indexes, unyank, yank
from support.index_model.pruned_channel import PREFIX, PrunedChannel, paths, rules

NEWEST = rules(newest={"keep-newest": 1, "grace": "10d"})
ONE, TWO, THREE = (f"a-{version}-0.conda" for version in (1, 2, 3))
WHERE = "s3://my-bucket/c/channel.json"


def with_two(**more: Any) -> PrunedChannel:
    """A channel with a 1 and 2, of which a rule takes 1."""
    pruned = PrunedChannel(NEWEST, **more)
    pruned.add(ONE, TWO)
    return pruned


def packages_of(pruned: PrunedChannel) -> list[Package]:
    """The packages of the channel, as a plan takes them."""
    return [*module.packages_of(open_indexes(pruned.channel()))]


def lock(*files: str, hashes: frozenset[str] = frozenset()) -> Lock:
    found = [*((file, None) for file in files), *((f"by-hash-{sha256}.conda", sha256) for sha256 in hashes)]
    return Lock(
        path="pixi.lock",
        packages=tuple(
            LockedPackage(channel="s3://elsewhere", subdir="noarch", file=file, sha256=sha256, md5=None)
            for file, sha256 in found
        ),
    )


@pytest.mark.parametrize("monolith", ["never", "each-commit"])
def test_it_yanks_and_deletes_after_the_grace_period(monolith: Any) -> None:
    pruned = with_two(monolith=monolith)
    pruned.store.objects[f"{PREFIX}/noarch/{ONE}.sigs"] = ObjectBody(data=b"[]", content_type="")
    assert paths(pruned.at(1).prune().yanked) == [f"noarch/{ONE}"]
    assert pruned.listed() == {f"noarch/{TWO}"}
    assert pruned.files() == {f"noarch/{ONE}", f"noarch/{TWO}"}
    found = pruned.yanked()[f"noarch/{ONE}"]
    assert (found.rule, found.when) == ("newest", "2026-01-02T00:00:00+00:00")
    assert found.reason == "retention rule newest: not of the newest version"
    before = dict(pruned.store.objects)
    assert not pruned.at(10.9).prune().deleted
    assert pruned.store.objects == before
    assert paths(pruned.at(11).plan().delete) == [f"noarch/{ONE}"]
    assert paths(pruned.prune().deleted) == [f"noarch/{ONE}"]
    assert pruned.files() == {f"noarch/{TWO}"}
    assert not [key for key in pruned.store.objects if key.endswith(".sigs")]
    assert not pruned.yanked()
    document = msgspec.json.decode(pruned.store.objects[f"{PREFIX}/yanked.json"].data)
    assert not document.get("packages")
    # Nothing of it is left in the index, also not as removed.
    assert not [
        key for key, body in pruned.store.objects.items() if "repodata.json" in key and ONE.encode() in body.data
    ]
    before = dict(pruned.store.objects)
    assert not pruned.prune().report.subdirs
    assert pruned.store.objects == before


def test_what_is_revoked_is_none_of_the_newest() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 1, "grace": "10d"}))
    pruned.add(ONE, TWO)
    pruned.add(THREE, revoked=True, depends=["package_has_been_revoked"])
    planned = pruned.at(1).plan()
    assert paths(planned.yank) == [f"noarch/{ONE}"]
    pruned.rules = rules(newest={"keep-newest": 2, "grace": "10d"})
    assert not pruned.plan().yank


def test_a_revoked_package_below_the_newest_goes() -> None:
    pruned = PrunedChannel(NEWEST)
    pruned.add(ONE, revoked=True)
    pruned.add(TWO)
    assert paths(pruned.plan().yank) == [f"noarch/{ONE}"]


def test_revoked_builds_do_not_count() -> None:
    pruned = PrunedChannel(rules(builds={"keep-newest": 1, "per": "version", "grace": "10d"}))
    pruned.add("a-1-0_0.conda", "a-1-0_1.conda")
    pruned.add("a-1-0_2.conda", "a-1-0_2.tar.bz2", revoked=True)
    assert paths(pruned.plan().yank) == ["noarch/a-1-0_0.conda"]


def test_a_subdir_where_only_revoked_packages_are_left_is_emptied() -> None:
    pruned = PrunedChannel(rules(old={"older-than": "10d"}))
    pruned.add(ONE)
    pruned.at(20).add(TWO, revoked=True)
    assert pruned.plan().plan.emptied == {"noarch": 1}


def test_what_was_yanked_by_hand_is_never_deleted() -> None:
    pruned = with_two()
    yank(pruned.channel(), ["a ==1"], "broken")
    for day in (1, 100):
        done = pruned.at(day).prune()
        assert not done.yanked
        assert not done.deleted
    assert pruned.yanked()[f"noarch/{ONE}"].rule is None


def test_a_run_that_was_killed_after_the_deletion_is_finished_by_the_next() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    pruned.at(20)
    deleted: list[str] = []

    def kill(kind: str, key: str) -> None:
        if deleted and kind == "put":
            raise KeyboardInterrupt
        if kind == "delete":
            deleted.append(key)

    pruned.store.before = kill
    with pytest.raises(KeyboardInterrupt):
        pruned.prune()
    pruned.store.before = lambda kind, key: None
    assert deleted == [f"{PREFIX}/noarch/{ONE}"]
    assert pruned.yanked()
    planned = pruned.plan()
    assert not planned.delete
    assert paths(planned.gone) == [f"noarch/{ONE}"]
    pruned.prune()
    assert not pruned.yanked()
    assert pruned.listed() == pruned.files() == {f"noarch/{TWO}"}


def test_a_denied_deletion_changes_nothing() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    before = dict(pruned.store.objects)

    def deny(kind: str, key: str) -> None:
        if kind == "delete":
            raise DeniedError("no", where=key, code="AccessDenied", status=403)

    pruned.at(20).store.before = deny
    with pytest.raises(DeniedError, match="only maintainers may delete packages"):
        pruned.prune()
    assert pruned.store.objects == before


def test_nothing_is_deleted_where_the_patches_cannot_be_read() -> None:
    """The commit that drops the yanks needs them."""
    pruned = with_two()
    pruned.at(1).prune()
    pruned.store.objects[f"{PREFIX}/.chaninfra/patches/noarch.json"] = ObjectBody(data=b"{", content_type="")
    before = dict(pruned.store.objects)
    with pytest.raises(StorageError, match="not valid"):
        pruned.at(20).prune()
    assert pruned.store.objects == before


def test_what_was_brought_back_is_yanked_again_with_a_grace_period_of_its_own() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    unyank(pruned.at(9).channel(), [ONE])
    assert paths(pruned.at(20).prune().yanked) == [f"noarch/{ONE}"]
    assert not pruned.at(29).prune().deleted
    assert paths(pruned.at(30).prune().deleted) == [f"noarch/{ONE}"]


def test_what_is_brought_back_while_prune_runs_is_not_deleted() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    opened = pruned.at(20).channel()
    matchers = matchers_of(opened)
    planned = prepare(opened, matchers)
    assert planned.delete
    unyank(pruned.channel(), [ONE])
    done = carry_out(opened, planned, matchers.rules)
    assert not done.deleted
    assert [each.needed_by for each in done.kept] == ["somebody has brought it back, or yanked it anew"]
    assert pruned.listed() == pruned.files() == {f"noarch/{ONE}", f"noarch/{TWO}"}


def test_the_grace_period_begins_anew_when_the_file_is_put_again() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    key = f"{PREFIX}/noarch/{ONE}"
    pruned.at(8).store.put(key, pruned.store.objects[key])
    planned = pruned.at(12).plan()
    assert not planned.delete
    assert paths(planned.waiting) == [f"noarch/{ONE}"]
    assert paths(pruned.at(18).prune().deleted) == [f"noarch/{ONE}"]


def test_a_file_with_other_bytes_stays() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    pruned.store.put(f"{PREFIX}/noarch/{ONE}", ObjectBody(data=b"other bytes, and more of them", content_type=""))
    done = pruned.at(30).prune()
    assert not done.deleted
    assert [each.needed_by for each in pruned.plan().kept] == ["its file has other bytes than when it was yanked"]


def test_what_no_rule_takes_any_more_stays_yanked_and_is_named() -> None:
    pruned = with_two()
    pruned.at(1).prune()
    pruned.rules = rules(newest={"keep-newest": 2, "grace": "10d"})
    planned = pruned.at(50).plan()
    assert [each.path_in_channel for each in planned.plan.released] == [f"noarch/{ONE}"]
    assert not pruned.prune().deleted
    assert f"noarch/{ONE}" in pruned.yanked()


def test_never_of_any_rule_holds_for_all_rules_and_with_a_rule_of_its_own_choice() -> None:
    pruned = PrunedChannel(
        rules(newest={"keep-newest": 1, "grace": "1d"}, other={"match": "b", "keep-newest": 1, "never": ["a ==1"]})
    )
    pruned.add(ONE, TWO, THREE)
    for only in ([], ["newest"]):
        assert paths(pruned.at(1).plan(only).yank) == [f"noarch/{TWO}"]


@pytest.mark.parametrize("by", ["file", "sha256"])
def test_what_a_lock_has_is_neither_yanked_nor_deleted(by: str) -> None:
    pruned = with_two().at(1)
    sha256 = pruned.plan().yank[0].facts.sha256
    assert sha256
    given = lock(ONE) if by == "file" else lock("mirrored.conda", hashes=frozenset({sha256}))
    assert not pruned.prune(locks=[given]).yanked
    planned = pruned.plan(locks=[given])
    assert [(each.needed_by, *paths([each])) for each in planned.kept] == [("pixi.lock", f"noarch/{ONE}")]
    assert not planned.unused
    pruned.prune()
    assert not pruned.at(40).prune(locks=[given]).deleted
    assert paths(pruned.prune().deleted) == [f"noarch/{ONE}"]


def test_a_lock_of_another_channel_is_told() -> None:
    assert with_two().at(1).plan(locks=[lock("other-1-0.conda")]).unused == ("pixi.lock",)


def test_what_a_snapshot_has_is_yanked_and_not_deleted() -> None:
    pruned = with_two()
    create(pruned.channel(), "v1")
    assert paths(pruned.at(1).prune().yanked) == [f"noarch/{ONE}"]
    # One that lists it no more, and one of a name of its own.
    pruned.add("b-1-0.conda")
    create(pruned.at(2).channel(), "v2")
    done = pruned.at(30).prune()
    assert not done.deleted
    assert [each.needed_by for each in pruned.plan().kept] == ["the snapshot v1 has it"]
    remove(pruned.channel(), "v1")
    assert paths(pruned.prune().deleted) == [f"noarch/{ONE}"]


@pytest.mark.parametrize("what", ["damaged index", "missing index", "being made", "damaged shard"])
def test_nothing_is_deleted_while_a_snapshot_cannot_be_read(what: str) -> None:
    pruned = with_two()
    create(pruned.channel(), "v1")
    pruned.at(1).prune()
    index = f"{PREFIX}/snapshots/v1/noarch/repodata_shards.msgpack.zst"
    before = dict(pruned.store.objects)
    if what == "damaged index":
        pruned.store.objects[index] = ObjectBody(data=b"x", content_type="")
    elif what == "damaged shard":
        living = pruned.channel().subdir_index("noarch")
        found = ShardIndex.parse(before[index].data)
        assert found is not None
        key = living.key(f"shards/{found.hashes['a'].hex()}.msgpack.zst")
        pruned.store.objects[key] = ObjectBody(data=b"x", content_type="")
    else:
        del pruned.store.objects[index]
        if what == "being made":
            key = f"{PREFIX}/snapshots/index.json"
            pruned.store.objects[key] = ObjectBody(
                data=before[key].data.replace(b'"ready"', b'"creating"'), content_type=""
            )
            assert read_snapshots(pruned.store, key)[0].snapshots["v1"].stage == "creating"
    pruned.at(30).prune()
    assert pruned.files() == {f"noarch/{ONE}", f"noarch/{TWO}"}
    assert pruned.plan().unknown.keys() == {"noarch"}


@pytest.mark.parametrize(
    "pin", ["a ==1 0", "a=1=0", "a 1 0", "a 1.0.0 0", "a[version='1',build='0']", "conda-forge::a 1 0"]
)
def test_what_a_kept_record_pins_stays(pin: str) -> None:
    pruned = with_two()
    pruned.add("b-1-0.conda", subdir="linux-64", depends=["python", pin])
    planned = pruned.at(1).plan()
    assert not planned.yank
    assert [each.needed_by for each in planned.kept] == ["linux-64/b-1-0.conda pins it"]


@pytest.mark.parametrize("pin", ["a", "a >=1", "a ==1", "a 1 1", "a 1.* 0", "a 1 0*", "b 1 0", "a 2 0"])
def test_what_is_no_exact_pin_keeps_nothing(pin: str) -> None:
    pruned = with_two()
    pruned.add("c-1-0.conda", depends=[pin])
    assert paths(pruned.at(1).plan().yank) == [f"noarch/{ONE}"]


def test_pins_hold_what_is_pinned_by_what_they_keep() -> None:
    pruned = PrunedChannel(rules(old={"older-than": "1d", "never": ["top"]}))
    pruned.add("top-1-0.conda", depends=["a 1 0"])
    pruned.add("a-1-0.conda", "d-1-0.conda", subdir="linux-64", depends=["b 1 0"])
    pruned.add("b-1-0.conda", depends=["c 1 0"])
    pruned.add("c-1-0.conda", "e-1-0.conda")
    planned = pruned.at(5).plan()
    assert paths(planned.yank) == ["linux-64/d-1-0.conda", "noarch/e-1-0.conda"]
    assert paths(planned.kept) == ["linux-64/a-1-0.conda", "noarch/b-1-0.conda", "noarch/c-1-0.conda"]


def test_what_goes_pins_nothing() -> None:
    pruned = PrunedChannel(rules(old={"older-than": "1d"}))
    pruned.add("a-1-0.conda", depends=["b 1 0"])
    pruned.add("b-1-0.conda")
    pruned.at(5).add("z-1-0.conda")
    assert len(pruned.plan().yank) == 2


def test_a_rule_that_would_empty_a_subdir_is_refused_without_all() -> None:
    pruned = PrunedChannel(rules(old={"older-than": "1d"}))
    pruned.add(ONE)
    pruned.add(TWO, subdir="linux-64")
    pruned.at(5).add(THREE)
    before = dict(pruned.store.objects)
    with pytest.raises(RefusedError, match=r"left in the index of linux-64 \(1 package\): old takes all"):
        pruned.prune()
    assert pruned.store.objects == before
    assert len(pruned.prune(everything=True).yanked) == 2


def test_two_rules_that_take_the_same_package_the_first_one_counts() -> None:
    both = {"older-than": "1d", "grace": "20d"}, {"keep-newest": 1, "grace": "5d"}
    pruned = PrunedChannel(rules(second=both[0], first=both[1]))
    pruned.add(ONE)
    pruned.at(5).add(TWO, "never-1-0.conda", indexed_timestamp=4_000_000_000_000)
    pruned.prune()
    assert pruned.yanked()[f"noarch/{ONE}"].rule == "second"
    assert not pruned.at(11).prune().deleted
    # By the other one alone its grace period counts.
    assert paths(pruned.prune(["first"]).deleted) == [f"noarch/{ONE}"]


def test_with_both_keys_both_must_say_so() -> None:
    pruned = PrunedChannel(rules(both={"keep-newest": 1, "older-than": "10d"}))
    pruned.add(ONE)
    pruned.at(8).add(TWO)
    pruned.at(9).add(THREE)
    assert not pruned.at(10).plan().yank
    assert paths(pruned.at(10.1).plan().yank) == [f"noarch/{ONE}"]


def test_versions_are_ordered_as_conda_does_and_equal_ones_count_once() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 2}))
    pruned.add("a-1.10-0.conda", "a-1.9-0.conda", "a-1.10.0-1.conda", "a-1.2dev1-0.conda", "a-1.2-0.conda")
    assert paths(pruned.plan().yank) == ["noarch/a-1.2-0.conda", "noarch/a-1.2dev1-0.conda"]


def test_builds_are_ordered_by_number_then_time() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 2, "per": "version"}))
    pruned.add("a-1-x_1.conda", timestamp=5_000_000_000_000)
    pruned.add("a-1-y_2.conda", "a-1-z_0.conda", timestamp=1_000_000_000_000)
    # In seconds, as some tools write it.
    pruned.add("a-1-w_1.conda", timestamp=6_000_000_000)
    pruned.add("a-2-0.conda")
    assert paths(pruned.plan().yank) == ["noarch/a-1-x_1.conda", "noarch/a-1-z_0.conda"]


def test_both_formats_of_a_build_count_once() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 1, "per": "version"}))
    pruned.add("a-1-0.conda", "a-1-x_1.conda")
    # A stand-in for the .tar.bz2, whose record is in another table.
    found = packages_of(pruned)
    both = [*found, dataclasses.replace(found[1], file="a-1-x_1.tar.bz2")]
    assert paths(plan(both, Matchers(pruned.rules, "x"), 0).yank) == ["noarch/a-1-0.conda"]


def test_the_age_is_the_time_in_the_channel_and_else_that_since_the_build() -> None:
    pruned = PrunedChannel(rules(old={"older-than": "10d"}))
    pruned.at(100)
    pruned.add("copied-1-0.conda", timestamp=1)
    pruned.add("built-1-0.conda", timestamp=1_000_000_000_000, indexed_timestamp=None)
    pruned.add("ageless-1-0.conda", timestamp=None, indexed_timestamp=None)
    pruned.add("future-1-0.conda", indexed_timestamp=5_000_000_000_000)
    assert paths(pruned.at(105).plan().yank) == ["noarch/built-1-0.conda"]


@pytest.mark.parametrize("fields", [{"version": "0.1"}, {"build": "x"}, {"build": None}, {"version": 5}])
def test_a_record_that_says_something_else_than_its_file_takes_nothing(fields: dict[str, Any]) -> None:
    pruned = PrunedChannel(rules(old={"older-than": "1d"}))
    pruned.add(TWO)
    pruned.add(ONE, **fields)
    pruned.at(9).add("z-1-0.conda")
    assert paths(pruned.plan().yank) == [f"noarch/{TWO}"]


def test_a_rule_that_matches_nothing_is_named() -> None:
    pruned = PrunedChannel(rules(a={"match": "a", "keep-newest": 9}, b={"match": "b >=1", "keep-newest": 9}))
    pruned.add(ONE)
    assert pruned.plan().plan.idle == ("b",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "the channel has no retention rules"),
        ({"a": {"keep-newest": 1, "match": "a >="}}, "key retention.a.match: a >= is not a match spec"),
        ({"a": {"keep-newest": 1, "never": ["b", "a ]"]}}, "key retention.a.never: a ]"),
        ({"a": {"keep-newest": 1, "match": "conda-forge::a"}}, "names a channel"),
        ({"a": {"match": "a"}}, "key retention.a: the rule does not say which packages go"),
    ],
)
def test_rules_that_are_not_valid_are_errors_before_anything_is_read(given: Any, message: str) -> None:
    pruned = PrunedChannel(rules(**given))
    pruned.store.log.clear()
    with pytest.raises(ConfigurationError) as raised:
        pruned.plan()
    assert message in str(raised.value)
    assert WHERE in str(raised.value)
    assert not pruned.store.log


def test_an_unknown_rule_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"there is no rule 'old'\n  known are: newest"):
        with_two().plan(["old"])


def test_no_more_is_yanked_than_yanked_json_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DOCUMENT_BYTES", 3000)
    pruned = PrunedChannel(rules(newest={"keep-newest": 1, "grace": "1d"}))
    pruned.add(*(f"a-{version}-0.conda" for version in range(20)))
    planned = pruned.plan()
    assert len(planned.yank) + planned.later == 19
    assert 0 < len(planned.yank) < 10
    for day in range(1, 60):
        pruned.at(day).prune()
        assert len(pruned.store.objects[f"{PREFIX}/yanked.json"].data) <= 3000
    assert pruned.files() == {"noarch/a-19-0.conda"}
