"""Copies between two channels in memory: what the index of the target says then."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.records import found_patch
from chaninfra.index.copy.report import Copied
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import read_patches
from chaninfra.index.reindex import reindex
from support.channels.bundles import bundle, sidecar
from support.index_model.copying import URL, MemorySource, copied
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import FOLDER, channel_with, file, package, publishing, yanking
from support.index_model.rolling_back import opened, ran, records, yanked

A, B = file("a"), file("b")


def source_with(*names: str, **how: Any) -> MemorySource:
    """A source with these packages, an hour later than those of the target."""
    return MemorySource(store=channel_with(*names), **how)


def patches(store: MemoryStore) -> dict[str, dict[str, Any]]:
    """File → the changes of its patch."""
    return {name: each.changes for name, each in read_patches(opened(store).subdir_index("noarch"))[0].items()}


def made_again(store: MemoryStore) -> dict[str, Any]:
    """The records after a re-index that makes all again from the packages."""
    reindex(opened(store, f"force-{len(store.log)}"), ["noarch"], "all")
    return records(store)


def without_time(found: dict[str, Any]) -> dict[str, Any]:
    return {name: {k: v for k, v in each.items() if k != "indexed_timestamp"} for name, each in found.items()}


def ways(done: Copied) -> dict[str, tuple[str, str]]:
    return {each.package.file: (each.doing, each.way) for each in done.packages}


def test_bytes_and_records_are_those_of_the_source_and_the_time_is_new() -> None:
    source, store = source_with("a", "b"), channel_with("x")
    store.now = store.now.replace(year=2027)
    done = copied(store, source, "a", "b")
    assert ways(done) == {A: ("new", "streamed"), B: ("new", "streamed")}
    now = records(store)
    assert {A: now[A], B: now[B]} == {
        name: {**each, "indexed_timestamp": int(store.now.timestamp() * 1000)}
        for name, each in records(source.store).items()
    }
    for name in (A, B):
        assert store.objects[f"{FOLDER}/{name}"].data == source.store.objects[f"{FOLDER}/{name}"].data
    assert now.keys() == {A, B, file("x")}
    assert patches(store) == {}


def test_what_is_right_already_costs_no_write_and_no_request_of_its_own() -> None:
    source, store = source_with("a", "b"), channel_with("x")
    copied(store, source)
    before, _ = dict(store.objects), store.log.clear()
    done = copied(store, source, process="again")
    assert (done.packages, done.already) == ((), (f"noarch/{A}", f"noarch/{B}"))
    assert store.objects == before
    assert not [key for kind, key in store.log if kind == "put" or key.endswith(".conda")]


def test_other_bytes_in_the_target_are_refused_before_anything_is_written() -> None:
    source = source_with("a", "b")
    for store in (channel_with("x"), channel_with("x")):
        ran(store, publishing("a", b"other"))
        before = dict(store.objects)
        with pytest.raises(ConflictError, match=r"other bytes under the same name: noarch/a-1-0\.conda"):
            copied(store, source)
        assert store.objects == before
    # Without a record: of another size, and of the same.
    body = source.store.objects[f"{FOLDER}/{A}"].data
    for data in (b"other", bytes(len(body))):
        store = channel_with("x")
        store.objects[f"{FOLDER}/{A}"] = ObjectBody(data=data, content_type="")
        before = dict(store.objects)
        with pytest.raises(ConflictError, match=r"noarch/a-1-0\.conda"):
            copied(store, source)
        assert store.objects == before


def test_what_is_in_the_bucket_and_not_in_the_index_is_not_brought_again() -> None:
    source, store = source_with("a"), channel_with("x")
    store.objects[f"{FOLDER}/{A}"] = source.store.objects[f"{FOLDER}/{A}"]
    done = copied(store, source)
    assert ways(done) == {A: ("new", "present")}
    assert source.answers == []
    assert A in records(store)


def test_a_patch_of_a_channel_of_ours_is_one_of_the_target() -> None:
    source, store = source_with("a"), channel_with("x")
    add(opened(source.store), ["a"], {"depends": ["q >=1"], "license": "X"}, reason="why")
    done = copied(store, source)
    assert [each.patch for each in done.packages] == ["source"]
    assert patches(store) == {A: {"depends": ["q >=1"], "license": "X"}}
    patch = read_patches(opened(store).subdir_index("noarch"))[0][A]
    assert (patch.reason, patch.source) == ("why", URL)
    found = without_time(records(store))[A]
    assert found == without_time(records(source.store))[A]
    assert without_time(made_again(store))[A] == found


@pytest.mark.parametrize("reads", [True, False], ids=["read on its way", "read in the target"])
def test_a_record_that_was_patched_elsewhere_becomes_a_patch(*, reads: bool) -> None:
    def hotfix(record: dict[str, Any]) -> None:
        record |= {"depends": ["q >=1,<2"], "constrains": [], "of-another-tool": {"x": [1]}}

    source = source_with("a", "b", tells_patches=False, hotfixes={A: hotfix})
    store = channel_with("x")
    done = copied(store, source, reads=reads)
    assert {each.package.file: each.patch for each in done.packages} == {A: "source", B: None}
    assert patches(store) == {A: {"depends": ["q >=1,<2"]}}
    found = without_time(records(store))[A]
    added = {"depends": ["q >=1,<2"], "constrains": [], "of-another-tool": {"x": [1]}}
    assert found == {**without_time(records(source.store))[A], **added}
    assert without_time(made_again(store))[A]["depends"] == ["q >=1,<2"]


def test_a_patch_that_the_source_changes_or_takes_back_changes_here() -> None:
    source, store = source_with("a"), channel_with("x")
    fixes = {A: lambda record: record.update(license="X")}
    source = MemorySource(store=source.store, tells_patches=False, hotfixes=fixes)
    copied(store, source)
    assert patches(store) == {A: {"license": "X"}}
    fixes[A] = lambda record: record.update(depends=["q"])
    done = copied(store, source, process="again")
    assert ways(done) == {A: ("record", "present")}
    assert patches(store) == {A: {"depends": ["q"]}}
    assert without_time(records(store))[A] == {**without_time(records(source.store))[A], "depends": ["q"]}
    del fixes[A]
    copied(store, source, process="third")
    assert patches(store) == {}
    assert without_time(records(store))[A] == without_time(records(source.store))[A]
    assert without_time(made_again(store))[A] == without_time(records(source.store))[A]


def test_a_patch_of_the_target_itself_stays_over_the_record() -> None:
    source, store = source_with("a"), channel_with("x")
    add(opened(store), [f"noarch/{A}"], {"license": "ours"})
    add(opened(source.store), ["a"], {"license": "theirs", "depends": ["q"]})
    done = copied(store, source)
    assert [each.patch for each in done.packages] == ["own"]
    assert patches(store) == {A: {"license": "ours"}}
    assert (records(store)[A]["license"], records(store)[A]["depends"]) == ("ours", ["q"])
    assert copied(store, source, process="again").packages == ()


def test_whoever_patches_here_what_was_copied_keeps_that() -> None:
    source, store = source_with("a"), channel_with("x")
    add(opened(source.store), ["a"], {"license": "theirs"})
    copied(store, source)
    add(opened(store, "patch"), ["a"], {"depends": ["ours"]})
    add(opened(source.store, "later"), ["a"], {"license": "later"})
    copied(store, source, process="again")
    assert patches(store) == {A: {"license": "theirs", "depends": ["ours"]}}
    assert records(store)[A]["depends"] == ["ours"]


def test_yanked_stays_yanked_on_both_sides() -> None:
    source, store = source_with("a", "b"), channel_with("x")
    ran(source.store, yanking("a"))
    done = copied(store, source)
    assert {each.package.file: each.yanked for each in done.packages} == {A: True, B: False}
    assert records(store).keys() == {B, file("x")}
    assert yanked(store) == {A: "broken"}
    assert store.objects[f"{FOLDER}/{A}"].data
    # What is yanked here only stays so.
    ran(store, yanking("b"))
    assert copied(store, source, process="again").already == (f"noarch/{B}", f"noarch/{A}")
    assert {*yanked(store)} == {A, B}


def test_what_the_source_yanks_later_becomes_yanked_here() -> None:
    source, store = source_with("a"), channel_with("x")
    copied(store, source)
    ran(source.store, yanking("a"))
    assert ways(copied(store, source, process="again")) == {A: ("yank", "present")}
    assert yanked(store) == {A: "broken"}


def test_a_package_that_fails_is_named_and_the_others_go_on() -> None:
    source, store = source_with("a", "b", "c"), channel_with("x")
    del source.store.objects[f"{FOLDER}/{B}"]
    source.store.objects[f"{FOLDER}/{file('c')}"] = ObjectBody(data=b"a lie", content_type="")
    done = copied(store, source)
    assert [(each.package, each.error.message) for each in done.failed] == [
        (f"noarch/{B}", "the source has no such file"),
        (f"noarch/{file('c')}", "the source has other bytes than its index says"),
    ]
    assert records(store).keys() == {A, file("x")}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "other"}, "its record is of another package: other"),
        ({"sha256": None}, "its record has no sha256"),
        ({"subdir": "linux-64"}, "its record is of another subdir: linux-64"),
        ({"depends": "q"}, "clients cannot read its record"),
    ],
)
def test_a_record_that_no_channel_can_have_is_left_out(change: dict[str, Any], why: str) -> None:
    source = source_with("a", "b", hotfixes={A: lambda record: record.update(change)})
    store = channel_with("x")
    done = copied(store, source)
    assert [(each.package, each.reason.startswith(why)) for each in done.left_out] == [(f"noarch/{A}", True)]
    assert records(store).keys() == {B, file("x")}


def test_a_record_that_lies_about_its_package_is_not_taken() -> None:
    source = source_with("a", tells_patches=False, hotfixes={A: lambda record: record.update(version="2")})
    store = channel_with("x")
    done = copied(store, source)
    assert [each.error.message for each in done.failed] == [
        "what the source says of it cannot be kept: it is another package than its record says"
    ]
    assert A not in records(store)


def test_attestations_come_along_and_broken_ones_are_named() -> None:
    source, store = source_with("a", "b"), channel_with("x")
    for name in "ab":
        signed = sidecar(bundle(file(name), package(name).path.read_bytes()))
        source.store.objects[f"{FOLDER}/{file(name)}.sigs"] = ObjectBody(data=signed, content_type="")
    reindex(opened(source.store, "signed"), ["noarch"])
    source.store.objects[f"{FOLDER}/{B}.sigs"] = ObjectBody(data=b"[1]", content_type="")
    done = copied(store, source)
    assert [each.package for each in done.report.left_out] == [f"noarch/{B}.sigs"]
    digest = records(source.store)[A]["attestations_sha256"]
    assert records(store)[A]["attestations_sha256"] == digest
    assert "attestations_sha256" not in records(store)[B]
    signed = source.store.objects[f"{FOLDER}/{A}.sigs"].data
    assert {store.objects[f"{FOLDER}/{A}.sigs{end}"].data for end in ("", f".{digest}")} == {signed}
    # Those that come later are added, and the package is not brought again.
    source.answers.clear()
    source.store.objects[f"{FOLDER}/{B}.sigs"] = ObjectBody(
        data=sidecar(bundle(B, package("b").path.read_bytes())), content_type=""
    )
    assert ways(copied(store, source, process="again")) == {B: ("attestations", "present")}
    assert records(store)[B]["attestations_sha256"] == records(source.store)[B]["attestations_sha256"]
    assert source.answers == []


@pytest.mark.parametrize("changes", [{"name": "other"}, {"depends": ["q >="]}, {"license": ["x"]}])
def test_a_patch_of_the_source_that_nobody_could_read_is_not_copied(changes: dict[str, Any]) -> None:
    class Hostile(MemorySource):
        def packages(self, *given: Any) -> Iterator[SourcePackage]:
            for each in super().packages(*given):
                patch = Patch(sha256=each.facts.sha256, changes=changes, when="2026-01-01T00:00:00Z")
                yield dataclasses.replace(each, patch=patch if each.file == A else None)

    store = channel_with("x")
    done = copied(store, Hostile(store=source_with("a", "b").store))
    assert [(each.package, each.reason.split(":")[0]) for each in done.left_out] == [
        (f"noarch/{A}", "its patch cannot be copied")
    ]
    assert records(store).keys() == {B, file("x")}
    assert patches(store) == {}


@pytest.mark.parametrize(
    ("key", "built", "said"),
    [
        ("run_exports", {"weak": ["q >=1"]}, {}),
        ("purls", ["pkg:pypi/a"], []),
        ("flags", ["x"], []),
        ("license_family", "MIT", ""),
    ],
)
def test_an_empty_value_of_the_source_takes_away_what_the_package_says(key: str, built: Any, said: Any) -> None:
    made = {"name": "a", "version": "1", "build": "0", "build_number": 0, "sha256": "0" * 64}
    made |= {"depends": [], "subdir": "noarch"}

    def patch(*given: Any) -> Patch | None:
        record = Raw(msgspec.json.encode({**made, **({key: given[0]} if given else {})}))
        package = SourcePackage(subdir="noarch", file=A, table="packages.conda", key=A, record=record)
        return found_patch(package, {**made, key: built}, "2026-01-01T00:00:00Z", URL)

    found = patch(said)
    assert found is not None
    assert not found.over({key: built}).get(key)
    # Indexers that do not know the key say nothing of it.
    assert patch() is None
    assert patch(None) is None


def test_what_a_forced_reindex_drops_under_a_patch_of_the_target_the_next_copy_brings_back() -> None:
    source, store = source_with("a"), channel_with("x")
    add(opened(store), [f"noarch/{A}"], {"license": "ours"})
    add(opened(source.store), ["a"], {"depends": ["q"]})
    copied(store, source)
    assert made_again(store)[A]["depends"] == []
    assert ways(copied(store, source, process="again")) == {A: ("record", "present")}
    assert (records(store)[A]["license"], records(store)[A]["depends"]) == ("ours", ["q"])
    assert patches(store) == {A: {"license": "ours"}}
