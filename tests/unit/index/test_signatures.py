"""Sidecars of packages (CEP 50) through publish and forced overwrite, on a store in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.yank import unyank, yank
from support.channels.archives import conda, index_json
from support.channels.bundles import bundle, digest, sidecar
from support.channels.signed_folder import BOTH, FILE, FIRST, ONE, OTHER, PACKAGE, SECOND, Folder


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
