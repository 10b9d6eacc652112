"""A channel in a folder as a source, and a snapshot; what is outside of it is not read."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from rattler.index import index_fs

from chaninfra.channel.errors import ConfigurationError, SkippedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.sources.folder import folder_source
from chaninfra.index.snapshots.create import create
from support.channels.packages import make_package
from support.channels.patched_channel import Patched
from support.channels.sources import source_in, store_of
from support.index_model.memory_store import SequentialRuntime
from support.index_model.processes import FOLDER, PREFIX, file, publishing, yanking

HELLO = "hello-1.0-0.conda"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A channel of rattler's indexer in a folder."""
    channel = tmp_path / "channel"
    make_package(channel / "noarch", "hello", "1.0")
    make_package(channel / "linux-64", "tool", "2.0", subdir="linux-64")
    asyncio.run(index_fs(channel, write_shards=True, write_zst=True))
    return channel


def test_a_folder(folder: Path) -> None:
    source = folder_source(folder)
    assert source.url == str(folder)
    assert source.subdirs() == ("noarch", "linux-64")
    assert not source.tells_patches
    (hello,) = source.packages("noarch")
    data = b"".join(source.chunks(hello))
    assert hashlib.sha256(data).hexdigest() == hello.facts.sha256
    assert source.s3_object(hello) is None
    assert source.sidecar(hello, 1 << 20) is None
    assert source.names("linux-64") == {"tool"}


def test_no_more_bytes_of_a_folder_are_read_in_a_second_than_the_rate(folder: Path) -> None:
    """As where the folder is on a disk that others use, by NFS for example."""
    size = sum(path.stat().st_size for path in (folder / "noarch").glob("*"))
    source = folder_source(folder, rate=size)
    start = time.monotonic()
    (hello,) = source.packages("noarch")
    assert hashlib.sha256(b"".join(source.chunks(hello))).hexdigest() == hello.facts.sha256
    read = (folder / "noarch" / HELLO).stat().st_size
    assert time.monotonic() - start >= read / size


def test_a_folder_without_index(tmp_path: Path) -> None:
    make_package(tmp_path / "noarch", "hello", "1.0")
    with pytest.raises(ConfigurationError, match="no subdir has an index") as caught:
        folder_source(tmp_path).subdirs()
    assert "indexed first" in (caught.value.remedy or "")


@pytest.mark.parametrize("kind", ["link", "pipe", "loop", "folder", "gone"])
def test_what_is_no_file_of_the_folder_is_not_read(folder: Path, tmp_path: Path, kind: str) -> None:
    path = folder / "noarch" / HELLO
    secret = tmp_path / "secret"
    path.rename(secret)
    match kind:
        case "link":
            path.symlink_to(secret)
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "folder":
            path.mkdir()
    source = folder_source(folder)
    (hello,) = source.packages("noarch")
    with pytest.raises((SkippedError, StorageError)) as caught:
        list(source.chunks(hello))
    assert caught.value.remedy


def test_an_index_behind_a_link_is_not_read(folder: Path, tmp_path: Path) -> None:
    (folder / "noarch").rename(tmp_path / "moved")
    (folder / "noarch").symlink_to(tmp_path / "moved")
    with pytest.raises(StorageError, match="which is a link, or behind one"):
        folder_source(folder).subdirs()
    # A link to another place in it is fine.
    (folder / "noarch").unlink()
    (tmp_path / "moved").rename(folder / "moved")
    (folder / "noarch").symlink_to("moved")
    assert folder_source(folder).names("noarch") == {"hello"}


def test_an_index_that_names_another_place(folder: Path) -> None:
    for name in ("repodata_shards.msgpack.zst", "repodata.json.zst"):
        (folder / "noarch" / name).unlink()
    index = folder / "noarch" / "repodata.json"
    document = json.loads(index.read_text())
    for base_url in ("file:///etc/", "/etc/", "../../"):
        index.write_text(json.dumps({**document, "info": {"subdir": "noarch", "base_url": base_url}}))
        source = folder_source(folder)
        (hello,) = source.packages("noarch")
        with pytest.raises(SkippedError, match="which is not in this folder"):
            list(source.chunks(hello))


def snapshot_of(patched: Patched) -> None:
    create(patched.open(), "v1")


def test_a_snapshot_is_a_source() -> None:
    patched = Patched("a", "b")
    yanking("b").run(patched.store, SequentialRuntime("yank"))
    snapshot_of(patched)
    publishing("c").run(patched.store, SequentialRuntime("later"))
    store = store_of({**patched.store.objects, f"{PREFIX}/channel.json": ObjectBody(data=b"{}", content_type="")})
    source = source_in(store, f"{PREFIX}/snapshots/v1")
    assert source.subdirs() == ("noarch",)
    # Its patches are those of the channel, which may be others by now.
    assert not source.tells_patches
    found = {each.file: each for each in source.packages("noarch")}
    assert {*found} == {file("a"), file("b")}
    assert found[file("b")].yank is not None
    assert b"".join(source.chunks(found[file("a")])) == store.objects[f"{FOLDER}/{file('a')}"].data
    place = source.s3_object(found[file("a")])
    assert place is not None
    assert place.key == f"{FOLDER}/{file('a')}"


def test_a_snapshot_in_a_folder(tmp_path: Path) -> None:
    patched = Patched("a")
    snapshot_of(patched)
    for key, body in patched.store.objects.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.data)
    (tmp_path / PREFIX / "channel.json").write_bytes(b"{}")
    source = folder_source(tmp_path / PREFIX / "snapshots" / "v1")
    (package,) = source.packages("noarch")
    assert hashlib.sha256(b"".join(source.chunks(package))).hexdigest() == package.facts.sha256


def test_a_folder_in_one_that_is_called_as_that_of_snapshots_is_no_snapshot(folder: Path, tmp_path: Path) -> None:
    """Nothing says that the folder above is a channel, and it may be anybody's home."""
    (tmp_path / "snapshots").mkdir()
    moved = folder.rename(tmp_path / "snapshots" / "channel")
    (moved / "noarch" / HELLO).unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    (moved / "noarch" / HELLO).symlink_to(tmp_path / "secret")
    source = folder_source(moved)
    (hello,) = source.packages("noarch")
    with pytest.raises(SkippedError, match="that leads out of this folder"):
        list(source.chunks(hello))
