"""Sidecars of packages (CEP 50) through re-index, yank and unyank, on a store in memory."""

from __future__ import annotations

import dataclasses
import json

import pytest

from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.yank import unyank, yank
from support.channels.bundles import digest
from support.channels.signed_folder import BOTH, FILE, ONE, PACKAGE, Folder, left_out


def test_reindex_gives_changes_and_removes_the_field(folder: Folder) -> None:
    folder.publish()
    without = folder.record()
    folder.put(ONE)
    report = folder.reindex()
    assert (report.signed, folder.field()) == ((FILE,), digest(ONE))
    assert folder.copies() == {digest(ONE)}
    folder.put(BOTH)
    assert folder.reindex().signed == (FILE,)
    assert folder.field() == digest(BOTH)
    folder.delete()
    assert folder.reindex().signed == (FILE,)
    assert folder.record() == without


def test_reindex_reads_a_sidecar_only_if_it_is_new(folder: Folder) -> None:
    folder.publish(beside=ONE)
    folder.store.log.clear()
    assert not folder.reindex().differed
    assert not [key for kind, key in folder.store.log if ".sigs" in key or kind == "put"]
    folder.put(BOTH)
    folder.reindex()
    about = [(kind, key) for kind, key in folder.store.log if key.endswith((".sigs", ".conda"))]
    assert ("get", f"c/noarch/{FILE}.sigs") in about
    assert ("get", f"c/noarch/{FILE}") not in about


def test_where_etags_are_no_md5_reindex_remembers_sidecars(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a bucket with SSE-KMS: the ETags of objects with the same bytes differ."""
    entry = folder.store.entry

    def encrypted(key: str) -> ObjectMeta:
        if ".sigs" not in key:
            return entry(key)
        return dataclasses.replace(entry(key), etag=f'"{digest(key.encode() + folder.store.objects[key].data)[:32]}"')

    monkeypatch.setattr(folder.store, "entry", encrypted)
    folder.publish(beside=ONE)
    folder.reindex()
    folder.store.log.clear()
    assert not folder.reindex().differed
    assert not [key for _, key in folder.store.log if ".sigs" in key]
    folder.put(BOTH)
    assert folder.reindex().signed == (FILE,)
    assert folder.field() == digest(BOTH)


@pytest.mark.parametrize("scope", ["changed", "all"])
def test_reindex_of_a_new_package_with_a_sidecar(folder: Folder, scope: Scope) -> None:
    folder.put(PACKAGE, FILE)
    folder.put_both(ONE)
    report = folder.reindex(scope)
    assert (report.added, report.signed, folder.field()) == ((FILE,), (), digest(ONE))
    again = folder.reindex(scope)
    assert (again.replaced, again.signed, folder.field()) == ((), (), digest(ONE))


def test_reindex_puts_a_copy_that_is_missing(folder: Folder) -> None:
    """Without it clients cannot read the attestations, and rattler's indexer stops."""
    folder.publish(beside=ONE)
    folder.delete(f"{FILE}.sigs.{digest(ONE)}")
    channel = folder.channel()
    checked = reindex_subdir(channel.subdir_index("noarch"), mode="check")
    assert (checked.signed, folder.copies()) == ((FILE,), set())
    assert folder.reindex().signed == (FILE,)
    assert folder.copies() == {digest(ONE)}
    assert not folder.reindex().differed


def test_check_writes_nothing(folder: Folder) -> None:
    folder.publish()
    folder.put(ONE)
    before = dict(folder.store.objects)
    report = reindex_subdir(folder.channel().subdir_index("noarch"), mode="check")
    assert report.differed
    assert report.signed == (FILE,)
    assert folder.store.objects == before


@pytest.mark.parametrize("broken", [b"", b"[]", b"{", b"[1]", b"[" * 100_000, b"x" * (2 << 20)])
@pytest.mark.parametrize("scope", ["changed", "all"])
def test_reindex_names_a_broken_sidecar_and_keeps_what_the_record_says(
    folder: Folder, broken: bytes, scope: Scope
) -> None:
    """The copy that the record names is still there, so clients still verify the package."""
    folder.publish(beside=ONE)
    folder.put(broken)
    for _ in range(2):
        report = folder.reindex(scope)
        assert [path for path, _ in left_out(report)] == [f"noarch/{FILE}.sigs"]
        assert (folder.field(), report.signed) == (digest(ONE), ())
    folder.put(ONE)
    assert not folder.reindex().left_out


@pytest.mark.parametrize("meanwhile", [None, BOTH])
def test_a_yanked_package_keeps_its_sidecar_and_unyank_restores_the_field(
    folder: Folder, meanwhile: bytes | None
) -> None:
    folder.publish(beside=ONE)
    before = folder.record()
    yank(folder.channel(), [FILE], None)
    assert (folder.record(), folder.sidecar()) == (None, ONE)
    assert not folder.reindex().differed
    if meanwhile:
        folder.put_both(meanwhile)
    unyank(folder.channel(), [FILE])
    assert before is not None
    assert folder.record() == {**before, "attestations_sha256": digest(meanwhile or ONE)}


def test_unyank_names_a_broken_sidecar(folder: Folder) -> None:
    folder.publish(beside=ONE)
    yank(folder.channel(), [FILE], None)
    folder.put(b"broken")
    done = unyank(folder.channel(), [FILE])
    assert [each.package for each in done.report.left_out] == [f"noarch/{FILE}.sigs"]
    assert done.changed == (f"noarch/{FILE}",)
    assert folder.field() == digest(ONE)


@pytest.mark.parametrize("field", [5, "none", "0" * 64, "F" * 64])
def test_a_field_that_another_tool_wrote_wrong_is_put_right(folder: Folder, field: object) -> None:
    folder.publish(beside=ONE)
    right = folder.record()
    document = json.loads(folder.store.objects["c/noarch/repodata.json"].data)
    document.pop("chaninfra", None)
    document["packages.conda"][FILE]["attestations_sha256"] = field
    for key in [key for key in folder.store.objects if "repodata" in key or "/shards/" in key or "/history/" in key]:
        del folder.store.objects[key]
    folder.put(json.dumps(document).encode(), "repodata.json")
    folder.reindex()
    assert right is not None
    record = folder.record() or {}
    assert {**right, "indexed_timestamp": 0} == {**record, "indexed_timestamp": 0}
