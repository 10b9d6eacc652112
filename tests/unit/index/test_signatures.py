"""Sidecars of packages (CEP 50) through publish, re-index, yank and forced overwrite, on a store in memory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.channel.objects import ObjectBody, ObjectMeta
from chaninfra.index.channel import Channel
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.published import Published
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import SubdirReport
from chaninfra.index.upload import Existing
from chaninfra.index.yank import unyank, yank
from support.channels.archives import conda, index_json
from support.channels.bundles import bundle, digest, sidecar
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime

FILE = "a-1-0.conda"
PACKAGE = conda(index_json("a", noarch="generic"))
OTHER = conda(index_json("a", noarch="generic"), payload=b"other")
FIRST = bundle(FILE, PACKAGE)
SECOND = bundle(FILE, PACKAGE, b"second")
ONE, BOTH = sidecar(FIRST), sidecar(FIRST, SECOND)


class Folder:
    """A channel in memory with the subdir noarch, and a folder on disk for what is published."""

    def __init__(self, disk: Path) -> None:
        self.store = MemoryStore()
        self.disk = disk
        self.count = 0
        for name, body in empty_index("noarch", self.channel().descriptor.index):
            self.store.objects[f"c/noarch/{name}"] = body

    def channel(self) -> Channel:
        """The channel for one command."""
        self.count += 1
        channel = Channel(descriptor=descriptor("c", subdirs=("noarch",)), credentials=None)
        # Sets the cached properties, and what reads.
        vars(channel).update(writer=self.store, runtime=SequentialRuntime(f"r{self.count}-"), store=lambda: self.store)
        return channel

    def publish(
        self, package: bytes = PACKAGE, beside: bytes | None = None, existing: Existing = "refuse"
    ) -> Published:
        """`chaninfra publish` of a-1-0.conda, with this sidecar beside it."""
        path = self.disk / FILE
        path.write_bytes(package)
        self.on_disk.unlink(missing_ok=True)
        if beside is not None:
            self.on_disk.write_bytes(beside)
        return publish(self.channel(), [read(path)], existing, Silent())

    @property
    def on_disk(self) -> Path:
        """The sidecar on disk."""
        return self.disk / f"{FILE}.sigs"

    def reindex(self, scope: Scope = "changed") -> SubdirReport:
        """`chaninfra reindex`."""
        return reindex_subdir(self.channel().subdir_index("noarch"), scope)

    def put(self, data: bytes, name: str = f"{FILE}.sigs") -> None:
        """Put an object, as another tool or person would."""
        self.store.objects[f"c/noarch/{name}"] = ObjectBody(data=data, content_type="")

    def put_both(self, data: bytes) -> None:
        """Put a sidecar and its copy."""
        self.put(data)
        self.put(data, f"{FILE}.sigs.{digest(data)}")

    def delete(self, name: str = f"{FILE}.sigs") -> None:
        """Delete an object."""
        del self.store.objects[f"c/noarch/{name}"]

    def sidecar(self) -> bytes | None:
        """The sidecar in the bucket."""
        body = self.store.objects.get(f"c/noarch/{FILE}.sigs")
        return body.data if body else None

    def copies(self) -> set[str]:
        """The digests of the copies, each of which has the bytes that its name says."""
        start = f"c/noarch/{FILE}.sigs."
        found = {key.removeprefix(start): body for key, body in self.store.objects.items() if key.startswith(start)}
        assert all(digest(body.data) == name for name, body in found.items())
        return {*found}

    def record(self) -> dict[str, Any] | None:
        """The record of the package, which is the same in repodata.json, its zst and the shards."""
        files = {name: self.store.objects[f"c/noarch/{name}"].data for name in ("repodata.json", "repodata.json.zst")}
        assert decompress(files["repodata.json.zst"], 1 << 20) == files["repodata.json"]
        found: dict[str, Any] | None = json.loads(files["repodata.json"])["packages.conda"].get(FILE)
        return found

    def field(self) -> str | None:
        """The record's `attestations_sha256`."""
        record = self.record()
        assert record is not None
        field: str | None = record.get("attestations_sha256")
        return field


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def left_out(report: SubdirReport) -> list[tuple[str, str]]:
    """(path, reason) of what was left out."""
    return [(each.package, each.reason) for each in report.left_out]


def test_publish_uploads_the_sidecar_beside_the_package(folder: Folder) -> None:
    done = folder.publish(beside=ONE)
    assert not done.report.left_out
    assert folder.sidecar() == ONE
    assert folder.copies() == {folder.field()} == {digest(ONE)}
    puts = [key.removeprefix("c/noarch/") for kind, key in folder.store.log if kind == "put"]
    order = [puts.index(name) for name in (f"{FILE}.sigs.{digest(ONE)}", f"{FILE}.sigs", "repodata_shards.msgpack.zst")]
    assert order == sorted(order)
    mutable = folder.store.objects[f"c/noarch/{FILE}.sigs"]
    copy = folder.store.objects[f"c/noarch/{FILE}.sigs.{digest(ONE)}"]
    assert (mutable.content_type, mutable.cache_control) == ("application/json", "no-cache")
    assert (copy.content_type, copy.cache_control) == ("application/json", "max-age=31536000, immutable")


def test_without_a_sidecar_publish_takes_one_request_more(folder: Folder) -> None:
    folder.publish()
    assert folder.field() is None
    about = [(kind, key) for kind, key in folder.store.log if ".sigs" in key]
    assert about == [("get", f"c/noarch/{FILE}.sigs")]


def test_with_a_sidecar_publish_takes_two_requests_more(folder: Folder) -> None:
    folder.publish(beside=ONE)
    assert [kind for kind, key in folder.store.log if ".sigs" in key] == ["put", "put"]


def test_publish_takes_account_of_a_sidecar_in_the_bucket(folder: Folder) -> None:
    folder.put(ONE)
    folder.publish()
    assert folder.copies() == {folder.field()} == {digest(ONE)}


def test_publish_again_appends_to_the_sidecar(folder: Folder) -> None:
    folder.publish(beside=ONE)
    before = folder.record()
    done = folder.publish(beside=sidecar(SECOND))
    assert [each.outcome for each in done.packages] == ["present"]
    assert [each.signed for each in done.report.subdirs] == [(FILE,)]
    appended = folder.sidecar() or b""
    assert json.loads(appended) == [FIRST, SECOND]
    assert folder.field() == digest(appended)
    assert folder.copies() == {digest(ONE), digest(appended)}
    assert before is not None
    assert folder.record() == {**before, "attestations_sha256": digest(appended)}


def test_publish_never_takes_bundles_away(folder: Folder) -> None:
    folder.put_both(BOTH)
    folder.publish(beside=ONE)
    assert folder.sidecar() == BOTH
    assert folder.field() == digest(BOTH)
    folder.publish()
    assert (folder.sidecar(), folder.field()) == (BOTH, digest(BOTH))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"none", "not a JSON array"),
        (json.dumps(FIRST).encode(), "one Sigstore bundle and not an array"),
        (b"[" + b" " * (2 << 20) + ONE[1:], "larger than 1 MiB"),
        (sidecar(bundle(FILE, OTHER)), f"about other bytes than those of {FILE}"),
    ],
)
def test_a_bad_sidecar_on_disk_stops_before_the_first_write(folder: Folder, data: bytes, reason: str) -> None:
    before = dict(folder.store.objects)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        folder.publish(beside=data)
    assert caught.value.where == str(folder.on_disk)
    assert folder.store.objects == before


def test_a_folder_in_the_place_of_a_sidecar_is_named(folder: Folder) -> None:
    path = folder.disk / FILE
    path.write_bytes(PACKAGE)
    folder.on_disk.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        publish(folder.channel(), [read(path)], "refuse", Silent())


@pytest.mark.parametrize("beside", [None, ONE])
def test_publish_names_a_broken_sidecar_in_the_bucket_and_leaves_it(folder: Folder, beside: bytes | None) -> None:
    folder.put(b"broken")
    done = folder.publish(beside=beside)
    assert [each.package for each in done.report.left_out] == [f"noarch/{FILE}.sigs"]
    assert done.error is None
    assert (folder.sidecar(), folder.field()) == (b"broken", None)


def test_publish_names_a_copy_with_other_bytes(folder: Folder) -> None:
    folder.put(b"other", f"{FILE}.sigs.{digest(ONE)}")
    done = folder.publish(beside=ONE)
    (skipped,) = done.report.left_out
    assert "has other bytes than its copy" in skipped.reason
    assert (folder.sidecar(), folder.field()) == (None, None)


FIRST_COMMANDS = {
    "publish": lambda folder: folder.publish(beside=ONE),
    "reindex": lambda folder: folder.reindex(),
    "force": lambda folder: folder.publish(beside=ONE, existing="overwrite"),
    "unyank": lambda folder: unyank(folder.channel(), [FILE]),
}


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        *((command, begins) for command in ("publish", "reindex", "force") for begins in ("without", "with")),
        ("force", "other bytes"),
        ("unyank", "yanked"),
    ],
)
def test_a_publisher_between_any_two_requests_of_another_command_loses_nothing(
    folder: Folder, tmp_path: Path, command: str, begins: str
) -> None:
    folder.publish(OTHER if begins == "other bytes" else PACKAGE, beside=None)
    if begins == "with":
        # Not in the index yet.
        folder.put_both(ONE)
    if begins == "yanked":
        yank(folder.channel(), [FILE], None)
    objects = dict(folder.store.objects)
    between = 0
    while True:
        folder.store.objects = dict(objects)
        started = len(folder.store.log)

        def second(kind: str, key: str, at: int = started + between) -> None:
            if len(folder.store.log) > at:
                folder.store.before = lambda kind, key: None
                other = Folder.__new__(Folder)
                other.store, other.disk, other.count = folder.store, tmp_path / "second", 1000
                other.disk.mkdir(exist_ok=True)
                other.publish(beside=sidecar(SECOND), existing="overwrite" if command == "force" else "refuse")

        folder.store.before = second
        FIRST_COMMANDS[command](folder)
        if folder.store.before is second:
            break
        between += 1
        data = folder.sidecar() or b""
        bundles = [SECOND, *([FIRST] if begins == "with" or command in ("publish", "force") else [])]
        assert sorted(map(str, json.loads(data))) == sorted(map(str, bundles)), between
        assert folder.field() == digest(data), between
        assert folder.field() in folder.copies()
    assert between > 5


def test_publishing_several_files_uploads_the_sidecars_that_lie_beside_them(folder: Folder) -> None:
    folder.on_disk.write_bytes(ONE)
    (folder.disk / FILE).write_bytes(PACKAGE)
    other = folder.disk / "b-1-0.conda"
    other.write_bytes(conda(index_json("b", noarch="generic")))
    publish(folder.channel(), [read(folder.disk / FILE), read(other)], "refuse", Silent())
    assert folder.field() == digest(ONE)
    assert [key for key in folder.store.objects if "b-1-0.conda." in key] == []


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


def test_a_forced_overwrite_leaves_the_old_attestations_behind(folder: Folder) -> None:
    """An attestation is about a digest. The sidecar stays: bundles are never taken away."""
    folder.publish(beside=ONE)
    folder.publish(OTHER, existing="overwrite")
    assert (folder.sidecar(), folder.field()) == (ONE, None)
    assert not folder.reindex().differed
    assert folder.field() is None
    # The old bytes again.
    folder.publish(existing="overwrite")
    assert folder.field() == digest(ONE)


def test_a_forced_overwrite_with_new_attestations_appends_them(folder: Folder) -> None:
    folder.publish(beside=ONE)
    new = bundle(FILE, OTHER)
    folder.publish(OTHER, beside=sidecar(new), existing="overwrite")
    assert json.loads(folder.sidecar() or b"") == [FIRST, new]
    assert folder.field() == digest(folder.sidecar() or b"")


def test_a_refused_publish_leaves_the_sidecar_alone(folder: Folder) -> None:
    folder.publish(beside=ONE)
    with pytest.raises(ConflictError):
        folder.publish(OTHER, beside=sidecar(bundle(FILE, OTHER)))
    assert (folder.sidecar(), folder.field()) == (ONE, digest(ONE))


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
