"""Patching packages: what the index says then, whatever comes after it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.patch import REVOKED, Patch
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError, RefusedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import update_patches
from chaninfra.index.patches.listing import list_patches
from chaninfra.index.patches.remove import remove
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.reindex import reindex
from chaninfra.index.yank import unyank, yank
from support.channels.patched_channel import Patched
from support.index_model.memory_store import SequentialRuntime
from support.index_model.other_tool import overwriting
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, INDEX, JSON, ZST, file, package

A = file("a")


def test_a_patch_changes_the_records_that_the_words_select() -> None:
    patched = Patched()
    before = patched.records()
    done = add(patched.open(), ["a"], {"depends": ["python >=3"], "constrains": ["q"]}, reason="why")
    after = patched.records()
    assert after[file("b")] == before[file("b")]
    for each in (A, file("a-2")):
        assert after[each] == {**before[each], "depends": ["python >=3"], "constrains": ["q"]}
    assert [each.package for each in done.packages] == [f"noarch/{A}", f"noarch/{file('a-2')}"]
    assert {each.state for each in done.packages} == {"patched"}
    assert (done.packages[0].before, done.packages[0].after) == (
        {"depends": []},
        {"depends": ["python >=3"], "constrains": ["q"]},
    )
    assert done.report.subdirs[0].patched == (A, file("a-2"))
    stored = patched.patches()[A]
    assert (stored["sha256"], stored["reason"]) == (before[A]["sha256"], "why")


def test_the_same_again_changes_nothing() -> None:
    patched = Patched()
    add(patched.open(), ["a"], {"license": "X"})
    before = patched.store.objects[PATCHES]
    done = add(patched.open(), ["a"], {"license": "X"})
    assert {each.state for each in done.packages} == {"already"}
    assert patched.store.objects[PATCHES] == before


def test_a_second_patch_keeps_the_keys_of_the_first() -> None:
    patched = Patched()
    add(patched.open(), [A], {"license": "X", "depends": ["b"]})
    add(patched.open(), [A], {"depends": []}, revoke=True)
    assert patched.record("a")["license"] == "X"
    assert patched.record("a")["depends"] == [REVOKED]
    assert patched.patches()[A]["changes"] == {"license": "X", "depends": []}


@pytest.mark.parametrize("scope", ["changed", "all"])
def test_a_reindex_keeps_it(scope: Any) -> None:
    patched = Patched()
    add(patched.open(), ["a"], {"license": "X"})
    before = patched.records()
    report = reindex(patched.open(), ["noarch"], scope)
    assert patched.records() == before
    assert not report.subdirs[0].remade
    assert not report.subdirs[0].replaced
    assert not report.subdirs[0].patched


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("scope", ["changed", "all"])
@pytest.mark.parametrize("history", [True, False])
def test_another_tool_and_then_ours_keep_it(scope: Any, keeps: bool, history: bool) -> None:
    patched = Patched("a", "b")
    add(patched.open(), ["a"], {"license": "X"})
    # It makes its own records: it has not seen ours.
    for key in (JSON, ZST, INDEX):
        del patched.store.objects[key]
    overwriting(keeps=keeps).run(patched.store, SequentialRuntime("other"))
    assert "license" not in patched.record("a")
    if not history:
        for key in [key for key in patched.store.objects if "/history/" in key]:
            del patched.store.objects[key]
    checked = reindex(patched.open(), ["noarch"], scope, "check")
    assert checked.subdirs[0].differed
    reindex(patched.open(), ["noarch"], scope)
    assert patched.record("a")["license"] == "X"
    assert reindex(patched.open(), ["noarch"], "changed").subdirs[0].differed is False


def test_a_patch_whose_commit_was_killed_is_found_and_applied_by_a_reindex() -> None:
    patched = Patched()
    before = patched.records()

    def killed(kind: str, key: str) -> None:
        if kind == "put" and key == INDEX:
            raise StorageError("killed")

    patched.store.before = killed
    with pytest.raises(StorageError, match="killed"):
        add(patched.open(), ["b"], {"license": "X"})
    patched.store.before = lambda kind, key: None
    assert patched.records() == before
    assert [each.applies for each in list_patches(patched.open())] == ["missing"]
    report = reindex(patched.open(), ["noarch"], "changed", "check")
    assert report.subdirs[0].patched == (file("b"),)
    assert report.subdirs[0].differed
    assert patched.records() == before
    assert reindex(patched.open(), ["noarch"]).subdirs[0].patched == (file("b"),)
    assert patched.record("b")["license"] == "X"
    assert [each.applies for each in list_patches(patched.open())] == ["applied"]


def test_other_bytes_of_the_name_are_not_patched_and_the_same_bytes_are() -> None:
    patched = Patched()
    add(patched.open(), [A], {"license": "X"})
    done = publish(patched.open(), [package("a")], "overwrite", Silent())
    assert (done.packages[0].outcome, patched.record("a")["license"]) == ("present", "X")
    done = publish(patched.open(), [package("a", b"other")], "overwrite", Silent())
    assert done.packages[0].patch == "other-bytes"
    assert "license" not in patched.record("a")
    assert [each.applies for each in list_patches(patched.open())] == ["other-bytes"]
    # Those are patched on their own: what was patched of the old bytes is not true of them.
    add(patched.open(), [A], {"constrains": ["q"]})
    assert "license" not in patched.record("a")
    assert patched.record("a")["constrains"] == ["q"]


def test_the_old_bytes_again_are_patched_again() -> None:
    patched = Patched()
    add(patched.open(), [A], {"license": "X"})
    patched.change_package("a", b"other")
    done = publish(patched.open(), [package("a")], "overwrite", Silent())
    assert done.packages[0].patch == "applied"
    assert patched.record("a")["license"] == "X"


def test_a_patch_of_what_is_not_there_is_kept() -> None:
    patched = Patched()
    done = add(patched.open(), ["noarch/new-1-0.conda"], {"license": "X"})
    assert [(each.package, each.state) for each in done.packages] == [("noarch/new-1-0.conda", "absent")]
    assert "sha256" not in patched.patches()["new-1-0.conda"]
    assert [each.applies for each in list_patches(patched.open())] == ["absent"]
    published = publish(patched.open(), [package("new")], "refuse", Silent())
    assert published.packages[0].patch == "applied"
    assert patched.record("new")["license"] == "X"
    # It is of any bytes until it is patched again.
    patched.change_package("new", b"other")
    assert patched.record("new")["license"] == "X"
    add(patched.open(), ["new"], {"license": "Y"})
    patched.change_package("new", b"third")
    assert "license" not in patched.record("new")


def test_a_package_whose_record_was_dropped_comes_back_patched() -> None:
    patched = Patched()
    add(patched.open(), ["b"], {"license": "X"})
    data = patched.store.objects.pop(f"{FOLDER}/{file('b')}")
    reindex(patched.open(), ["noarch"])
    assert file("b") not in patched.records()
    patched.store.objects[f"{FOLDER}/{file('b')}"] = data
    assert reindex(patched.open(), ["noarch"]).subdirs[0].added == (file("b"),)
    assert patched.record("b")["license"] == "X"


def test_a_yanked_package_is_patched_when_it_is_back() -> None:
    patched = Patched()
    yank(patched.open(), ["b"], None)
    done = add(patched.open(), ["b"], {"license": "X"})
    assert [each.state for each in done.packages] == ["yanked"]
    assert [each.applies for each in list_patches(patched.open())] == ["yanked"]
    assert file("b") not in patched.records()
    unyank(patched.open(), ["b"])
    assert patched.record("b")["license"] == "X"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depends": ["python >=<3"]}, "`depends` has 'python >=<3', which is not a match spec"),
        ({"depends": [""]}, "which is not a match spec"),
        ({"constrains": ['a[when="__win"]']}, "which only records below `v3` may have"),
        ({"extra_depends": {"test": ["a >=<1"]}}, "`extra_depends` has 'a >=<1'"),
        ({"depends": ["a " + "(" * 2000]}, "length <= 1000"),
        ({"flags": ["Not A Flag"]}, "which is not a flag"),
        ({"purls": ["x"]}, "`purls`"),
        ({"sha256": "0" * 64}, "no patch changes that"),
        ({"version": "2"}, "no patch changes that"),
        ({"depends": "a"}, "Expected `array`"),
        ({"license": 5}, "Expected `str | null`"),
    ],
)
@pytest.mark.parametrize("word", ["a", "noarch/new-1-0.conda"])
def test_a_patch_that_makes_an_unreadable_record_is_refused(word: str, changes: dict[str, Any], message: str) -> None:
    patched = Patched()
    before = dict(patched.store.objects)
    with pytest.raises(ConfigurationError) as raised:
        add(patched.open(), ["b", word], changes)
    assert message in str(raised.value)
    assert patched.store.objects == before


NO_REASONS = ["x" * 1001, "two\nlines", "\x1b[2J", "\u202egnp", "::error::x", "a \udcff"]


@pytest.mark.parametrize("reason", NO_REASONS, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("word", ["a", "noarch/new-1-0.conda"])
def test_a_reason_that_nobody_could_read_again_is_refused(word: str, reason: str) -> None:
    patched = Patched()
    before = dict(patched.store.objects)
    with pytest.raises(ConfigurationError, match="the reason has") as raised:
        add(patched.open(), [word], {"license": "X"}, reason=reason)
    assert raised.value.where == "--reason"
    assert patched.store.objects == before
    add(patched.open(), [word], {"license": "X"}, reason="\u00e9" * 1000)
    assert len(list_patches(patched.open())[0].patch.reason or "") == 1000


def test_an_empty_reason_is_none() -> None:
    patched = Patched()
    add(patched.open(), [A], {"license": "X"}, reason=" ")
    assert "reason" not in patched.patches()[A]


@pytest.mark.parametrize(
    ("file", "patch"),
    [
        (A, {"reason": "x" * 1001}),
        (A, {"sha256": "xyz"}),
        (A, {"when": "now"}),
        (A, {"changes": {"license": "x" * (300 << 10)}}),
        (A, {"changes": {"license": "\udcff"}}),
        ("a\x1b-1-0.conda", {}),
    ],
)
def test_a_document_that_nobody_could_read_is_not_written(file: str, patch: dict[str, Any]) -> None:
    patched = Patched()
    add(patched.open(), ["b"], {"license": "X"})
    before = dict(patched.store.objects)
    wrong = Patch(**{"when": "2026-01-01T00:00:00Z", **patch})
    with pytest.raises(StorageError, match=r"would not be valid.*nobody could read it") as raised:
        update_patches(patched.open().subdir_index("noarch"), lambda old: {**old, file: wrong})
    assert raised.value.where == PATCHES
    assert patched.store.objects == before


def test_a_record_of_another_tool_with_its_digest_in_capitals_is_patched() -> None:
    patched = Patched("a")
    document = msgspec.json.decode(patched.store.objects[JSON].data)
    record = document["packages.conda"][A]
    record["sha256"] = record["sha256"].upper()
    for key in (ZST, INDEX):
        del patched.store.objects[key]
    patched.store.objects[JSON] = ObjectBody(data=msgspec.json.encode(document), content_type="")
    add(patched.open(), [A], {"license": "X"})
    assert patched.record("a")["license"] == "X"
    assert [each.applies for each in list_patches(patched.open())] == ["applied"]
    remove(patched.open(), [A])
    assert "license" not in patched.record("a")


def test_a_word_that_names_nothing_is_refused() -> None:
    patched = Patched()
    before = dict(patched.store.objects)
    for word, message in (
        ("new-1-0.conda", "there is no such package"),
        ("nothing", "there is no such package"),
        ("linux-64/new-1-0.conda", "the channel has no subdir linux-64"),
        ("noarch/new-1.conda", "is not the name of a package: NAME-VERSION-BUILD"),
        ("noarch/new.tar.bz2", "is not the name of a package: NAME-VERSION-BUILD"),
        ("noarch/../x-1-0.conda", "is not a match spec"),
    ):
        with pytest.raises(ChaninfraError, match=message):
            add(patched.open(), ["a", word], {"license": "X"})
    with pytest.raises(ChaninfraError) as raised:
        add(patched.open(), ["new-1-0.conda"], {"license": "X"})
    assert "a package that is not there yet is named by its path, such as noarch/new-1-0.conda" in str(
        raised.value.remedy
    )
    assert patched.store.objects == before


def test_whoever_may_not_write_the_patches_changes_nothing() -> None:
    patched = Patched()
    before = dict(patched.store.objects)

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key == PATCHES:
            raise DeniedError("denied", code="AccessDenied", status=403)

    patched.store.before = denied
    with pytest.raises(DeniedError) as raised:
        add(patched.open(), ["a"], {"license": "X"})
    assert "only maintainers and promoters may patch" in str(raised.value.remedy)
    assert patched.store.objects == before


def _document(**patch: Any) -> dict[str, Any]:
    return {"version": 1, "files": {A: {"when": "2026-01-01T00:00:00Z", **patch}}}


HOSTILE: dict[str, bytes | dict[str, Any]] = {
    "not JSON": b"{",
    "nothing": b"",
    "a list": b"[]",
    "deep": b'{"version":1,"files":{"a-1-0.conda":{"when":"2026-01-01T00:00:00Z","changes":{"x":'
    + b"[" * 100_000
    + b"]" * 100_000
    + b"}}}}",
    "nested more than 64": _document(changes={"x": msgspec.json.decode(b"[" * 70 + b"]" * 70)}),
    "another key": {"version": 1, "files": {}, "more": 1},
    "another key in a patch": _document(more=1),
    "a path": {"version": 1, "files": {"../a-1-0.conda": {"when": "2026-01-01T00:00:00Z"}}},
    "no package": {"version": 1, "files": {"repodata.json": {"when": "2026-01-01T00:00:00Z"}}},
    "a control character": {"version": 1, "files": {"a\x1b-1-0.conda": {"when": "2026-01-01T00:00:00Z"}}},
    "no time": {"version": 1, "files": {A: {"changes": {}}}},
    "a wrong digest": _document(sha256="xyz"),
    "another name": _document(changes={"name": "evil"}),
    "no list": _document(changes={"depends": "evil"}),
    "version 0": {"version": 0, "files": {}},
    "too large": b" " * ((8 << 20) + 1),
    "not UTF-8": b'{"version":1,"files":{"\xff-1-0.conda":{"when":"2026-01-01T00:00:00Z"}}}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_damaged_document_stops_whoever_would_lose_its_patches(kind: str) -> None:
    patched = Patched()
    patched.put_patches(HOSTILE[kind])
    before = dict(patched.store.objects)
    for run in (
        lambda: add(patched.open(), ["a"], {"license": "X"}),
        lambda: reindex(patched.open(), ["noarch"]),
        lambda: reindex(patched.open(), ["noarch"], "all"),
        lambda: list_patches(patched.open()),
    ):
        with pytest.raises(StorageError) as raised:
            run()
        assert raised.value.where == PATCHES
        assert "`chaninfra patch import FILE --subdir noarch`" in str(raised.value.remedy)
    assert {key: held for key, held in patched.store.objects.items() if "/shards/" not in key} == {
        key: held for key, held in before.items() if "/shards/" not in key
    }
    with pytest.raises(StorageError, match="in the bucket, but possibly not in the index"):
        publish(patched.open(), [package("new")], "refuse", Silent())


def test_a_later_version_says_that_it_is_one() -> None:
    patched = Patched()
    patched.put_patches({"version": 2, "files": {}, "new": []})
    with pytest.raises(StorageError) as raised:
        reindex(patched.open(), ["noarch"])
    assert "version 2 of this file is newer" in str(raised.value)
    assert raised.value.remedy == "upgrade chaninfra"


def test_dependencies_that_somebody_wrote_into_the_document_are_checked_before_they_are_applied() -> None:
    patched = Patched()
    patched.put_patches(_document(changes={"depends": ["python >=<3"]}))
    before = patched.records()
    with pytest.raises(StorageError, match=r"a-1-0\.conda would make a record that clients cannot read") as raised:
        reindex(patched.open(), ["noarch"])
    assert raised.value.where == PATCHES
    assert patched.records() == before


def test_a_patch_that_is_being_removed_is_not_added_to() -> None:
    patched = Patched()
    patched.put_patches(_document(changes={"license": "X"}, removing=True))
    with pytest.raises(RefusedError, match="is being removed"):
        add(patched.open(), [A], {"depends": []})
    assert [each.applies for each in list_patches(patched.open())] == ["removing"]


def test_the_patches_of_two_writers_are_both_kept() -> None:
    patched = Patched()
    other = [lambda: add(patched.open(), ["b"], {"license": "Y"})]

    def meanwhile(kind: str, key: str) -> None:
        if kind == "put" and key == PATCHES and other:
            other.pop()()

    patched.store.before = meanwhile
    add(patched.open(), [A], {"license": "X"})
    assert patched.patches().keys() == {A, file("b")}
    assert (patched.record("a")["license"], patched.record("b")["license"]) == ("X", "Y")


def test_attestations_and_the_time_of_indexing_stay() -> None:
    patched = Patched()
    before = patched.record("a")
    add(patched.open(), [A], {"license": "X"})
    assert patched.record("a")["indexed_timestamp"] == before["indexed_timestamp"]


def test_a_commit_that_touches_nothing_does_not_read_the_patches() -> None:
    from chaninfra.index.commit.change import Change
    from chaninfra.index.commit.commit import commit

    patched = Patched()
    patched.store.log.clear()
    commit(patched.open().subdir_index("noarch"), Change, when="changed")
    assert ("get", PATCHES) not in patched.store.log
