"""What a source's index says, whoever wrote it: real bytes of rattler's indexer, of conda-index and of chaninfra."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, decompress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import ConfigurationError, DeniedError, InvalidRepodataError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.sources import index_reader
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import marked, update_patches
from chaninfra.index.patches.remove import remove
from chaninfra.index.yank import yank
from support.channels.channel_at import PREFIX as SAVED
from support.channels.packages import make_package
from support.channels.patched_channel import Patched
from support.channels.sources import FolderStore, indexed_by_rattler, source_in, store_of
from support.index_model.memory_store import SequentialRuntime
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, INDEX, JSON, PREFIX, ZST, channel_with, file, publishing
from support.paths import DATA

A, A2, B = file("a"), file("a-2"), file("b")


def by_file(packages: Iterable[SourcePackage]) -> dict[str, SourcePackage]:
    listed = list(packages)
    found = {package.file: package for package in listed}
    assert len(found) == len(listed), "a package is there twice"
    return found


def record(package: SourcePackage) -> dict[str, Any]:
    return dict(msgspec.json.decode(package.record))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A channel of another tool, which is not indexed yet."""
    for name in ("hello", "other"):
        make_package(tmp_path / "noarch", name, "1.0")
    make_package(tmp_path / "linux-64", "tool", "2.0", subdir="linux-64", depends=["hello"])
    return tmp_path


@pytest.mark.parametrize(("shards", "zst"), [(True, True), (False, True), (False, False)])
def test_a_channel_of_rattlers_indexer(folder: Path, shards: bool, zst: bool) -> None:
    store = indexed_by_rattler(folder, shards=shards, zst=zst)
    source = source_in(store)
    assert source.subdirs() == ("noarch", "linux-64")
    assert not source.tells_patches
    told = json.loads(store.objects[f"{PREFIX}/noarch/repodata.json"].data)["packages.conda"]
    assert {name: record(each) for name, each in by_file(source.packages("noarch")).items()} == told
    (tool,) = source.packages("linux-64")
    assert (tool.table, tool.key, tool.path_in_channel) == ("packages.conda", tool.file, f"linux-64/{tool.file}")
    assert b"".join(source.chunks(tool)) == store.objects[f"{PREFIX}/linux-64/{tool.file}"].data
    assert [each.file for each in source.packages("noarch", ["HELLO", "absent"])] == ["hello-1.0-0.conda"]
    assert source.refused() == ()
    place = source.s3_object(tool)
    assert place is not None
    assert place.key == f"{PREFIX}/linux-64/{tool.file}"


def test_only_the_shards_of_the_names_that_are_asked_for_are_read(folder: Path) -> None:
    store = indexed_by_rattler(folder)
    source = source_in(store)
    list(source.packages("noarch", ["other"]))
    assert [key.rpartition("/")[0] for _, key in store.log] == [FOLDER, f"{FOLDER}/shards"]
    list(source.packages("noarch", ["hello"]))
    assert len(store.log) == 3, store.log


def test_of_very_many_shards_repodata_json_tells_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = indexed_by_rattler(folder)
    monkeypatch.setattr(index_reader, "_MANY", 1)
    assert {*by_file(source_in(store).packages("noarch"))} == {"hello-1.0-0.conda", "other-1.0-0.conda"}
    assert [key for _, key in store.log] == [INDEX, ZST]
    # Also where only many of them are asked for.
    found = by_file(source_in(store).packages("noarch", ["hello", "other", "absent"]))
    assert {*found} == {"hello-1.0-0.conda", "other-1.0-0.conda"}
    assert [key for _, key in store.log] == [INDEX, ZST] * 2
    assert {*by_file(source_in(store).packages("noarch", ["hello"]))} == {"hello-1.0-0.conda"}
    assert [key for _, key in store.log][4:5] == [INDEX]
    assert ZST not in [key for _, key in store.log][4:]
    # Where there is none, the shards have to do.
    for key in (ZST, JSON):
        del store.objects[key]
    assert len(by_file(source_in(store).packages("noarch"))) == 2


def test_of_very_many_shards_of_chaninfra_those_with_yanks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    patched, store = ours()
    add(patched.open(), [B, A], {"depends": ["q"]})
    yank(patched.open(), [A2], "broken")
    by_shards = {name: vars(package) for name, package in by_file(source_in(store).packages("noarch")).items()}
    monkeypatch.setattr(index_reader, "_MANY", 1)
    store.log.clear()
    found = by_file(source_in(store).packages("noarch"))
    assert {name: vars(package) for name, package in found.items()} == by_shards
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    yanked = f"{FOLDER}/{shard_key(index.hashes['a'])}"
    assert [key for _, key in store.log] == [INDEX, PATCHES, INDEX, ZST, yanked]
    # A repodata.json of an earlier commit does not tell.
    before = store.objects[ZST]
    publishing("c").run(store, SequentialRuntime("later"))
    store.objects[ZST] = before
    assert {*by_file(source_in(store).packages("noarch"))} == {*by_shards, file("c")}


@pytest.mark.parametrize("name", ["rattler", "conda-index", "chaninfra", "chaninfra-0.1"])
def test_the_saved_channels(name: str) -> None:
    root = DATA / "channels" / name
    headers = json.loads((root / "headers.json").read_text())
    store = store_of({key: (root / key).read_bytes() for key in headers})
    source = source_in(store, SAVED)
    told = json.loads(store.objects[f"{SAVED}/noarch/repodata.json"].data)
    tables = {"packages": told["packages"], "packages.conda": told["packages.conda"]}
    tables |= {f"v3.{table}": records for table, records in told.get("v3", {}).items()}
    wanted = {(table, key) for table, records in tables.items() for key in records}
    found = by_file(source.packages("noarch"))
    assert {(each.table, each.key) for each in found.values() if each.yank is None} == wanted
    for each in found.values():
        if each.yank is None:
            said, there = record(each), tables[each.table][each.key]
            # conda-index has them in its shards alone.
            assert {key: value for key, value in said.items() if key not in ("run_exports",) or key in there} == there
    assert {each.file for each in found.values() if each.yank} == (
        # The older version had them in yanked.json alone.
        {"yanked-1.0-0.conda"} if name == "chaninfra-0.1" else set()
    )


def ours(*names: str) -> tuple[Patched, FolderStore]:
    patched = Patched(*names)
    store = store_of(patched.store.objects)
    patched.store = store
    return patched, store


def test_a_channel_of_chaninfra_tells_its_patches_and_yanks() -> None:
    patched, store = ours()
    add(patched.open(), ["a"], {"depends": ["q"]}, reason="why")
    yank(patched.open(), [A2], "broken")
    source = source_in(store)
    assert source.subdirs() == ("noarch",)
    assert source.tells_patches
    found = by_file(source.packages("noarch"))
    assert {*found} == {A, A2, B}
    assert record(found[A]) == patched.record("a")
    patch, other = found[A].patch, found[A2].patch
    assert patch is not None
    assert other is not None
    assert (patch.changes, patch.reason, patch.removing) == ({"depends": ["q"]}, "why", False)
    assert found[B].patch is None
    assert found[B].yank is None
    broken = found[A2].yank
    assert broken is not None
    assert broken.reason == "broken"
    assert record(found[A2])["depends"] == ["q"]
    assert found[A2].facts.sha256 == record(found[A2])["sha256"]


def test_a_patch_of_other_bytes_is_none_of_the_package() -> None:
    patched, store = ours()
    add(patched.open(), [A], {"license": "X"})
    patched.change_package("a", b"other bytes")
    found = by_file(source_in(store).packages("noarch"))
    assert found[A].patch is None
    assert record(found[A]).get("license") != "X"


def test_a_patch_that_is_being_removed_holds_as_long_as_the_record_has_it() -> None:
    patched, store = ours()
    add(patched.open(), ["a"], {"license": "X"})
    update_patches(patched.open().subdir_index("noarch"), lambda before: marked([A, A2], before))
    found = by_file(source_in(store).packages("noarch"))
    patch = found[A].patch
    assert patch is not None
    assert not patch.removing
    # Stopped after its commit, and before the entry goes.
    update_patches(patched.open().subdir_index("noarch"), lambda before: marked([A], before))
    document = store.objects[PATCHES]
    remove(patched.open(), [A])
    store.objects[PATCHES] = document
    found = by_file(source_in(store).packages("noarch"))
    assert found[A].patch is None
    assert found[A2].patch is not None


def test_a_patch_that_is_removed_while_the_index_is_read() -> None:
    patched, store = ours()
    add(patched.open(), [A], {"license": "X"})
    reads = 0

    def removed(kind: str, key: str) -> None:
        nonlocal reads
        reads += key == PATCHES and kind == "get"
        if reads == 1 and kind == "get" and key == PATCHES:
            store.before = lambda kind, key: None
            remove(patched.open(), [A])

    store.before = removed
    source = source_in(store)
    (package,) = [each for each in source.packages("noarch", ["a"]) if each.file == A]
    assert record(package).get("license") != "X"
    assert package.patch is None


def test_patches_that_may_not_be_read_are_not_told() -> None:
    _, store = ours()

    def denied(kind: str, key: str) -> None:
        if key == PATCHES:
            raise DeniedError("no", code="AccessDenied", status=403)

    store.before = denied
    source = source_in(store)
    assert not source.tells_patches
    assert {*by_file(source.packages("noarch"))} == {A, A2, B}


def test_a_copy_of_a_channel_without_what_chaninfra_keeps_tells_no_patches() -> None:
    patched, store = ours()
    add(patched.open(), [A], {"license": "X"})
    bare = store_of({key: body for key, body in store.objects.items() if "/.chaninfra/" not in key})
    source = source_in(bare)
    assert not source.tells_patches
    found = by_file(source.packages("noarch"))
    assert {*found} == {A, A2, B}
    assert (record(found[A])["license"], found[A].patch) == ("X", None)


def test_a_channel_without_patches_tells_that() -> None:
    _, store = ours("a")
    assert source_in(store).tells_patches
    # The writer of the first commit was killed before it kept the index.
    del store.objects[max(key for key in store.objects if "/.chaninfra/history/" in key)]
    assert source_in(store).tells_patches
    empty = store_of({key: body for key, body in channel_with().objects.items() if "/.chaninfra/" not in key})
    assert source_in(empty).tells_patches


def test_another_error_of_the_patches_stops() -> None:
    _, store = ours()

    def failing(kind: str, key: str) -> None:
        if key == PATCHES:
            raise StorageError("out of order", status=500)

    store.before = failing
    with pytest.raises(StorageError, match="out of order"):
        list(source_in(store).packages("noarch"))
    store.before = lambda kind, key: None
    store.objects[PATCHES] = ObjectBody(data=b'{"version": 1, "files": {"../x.conda": {}}}', content_type="")
    with pytest.raises(StorageError, match="is not valid"):
        list(source_in(store).packages("noarch"))


def test_an_index_that_another_tool_has_written_since_tells_no_patches(folder: Path) -> None:
    patched, store = ours()
    add(patched.open(), [A], {"license": "X"})
    source = source_in(store)
    assert source.tells_patches
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    bare = ShardIndex(hashes=index.hashes, stamp=None, info=index.info)
    store.objects[INDEX] = ObjectBody(data=bare.encode(1, 0), content_type="")
    source = source_in(store)
    assert not source.tells_patches
    assert by_file(source.packages("noarch"))[A].patch is None


def test_patches_that_are_not_told_any_more_while_the_index_is_read_stop() -> None:
    patched, store = ours()
    add(patched.open(), [A], {"license": "X"})
    source = source_in(store)
    assert source.tells_patches
    old = ShardIndex.parse(store.objects[INDEX].data)
    assert old is not None
    add(patched.open(), [A], {"depends": ["q"]})
    # Another tool replaces the index then, and the shards of the one that was read go.
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    bare = ShardIndex(hashes=index.hashes, stamp=None, info=index.info)
    store.objects[INDEX] = ObjectBody(data=bare.encode(1, 0), content_type="")
    del store.objects[f"{FOLDER}/{shard_key(old.hashes['a'])}"]
    with pytest.raises(InvalidRepodataError, match="was replaced by another tool while it was read") as raised:
        list(source.packages("noarch"))
    assert raised.value.remedy == "try again"


def test_a_shard_that_was_withdrawn_meanwhile_is_looked_for_in_the_new_index() -> None:
    _, store = ours()
    source = source_in(store)
    assert source.tells_patches
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    publishing("a-3").run(store, SequentialRuntime("meanwhile"))
    del store.objects[f"{FOLDER}/{shard_key(index.hashes['a'])}"]
    assert {*by_file(source.packages("noarch"))} == {A, A2, file("a-3"), B}


def test_a_lost_shard_stops() -> None:
    _, store = ours()
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    key = f"{FOLDER}/{shard_key(index.hashes['a'])}"
    data = store.objects[key].data
    store.objects[key] = ObjectBody(data=data[:-5], content_type="")
    with pytest.raises(InvalidRepodataError, match="the shard of 'a' is damaged"):
        list(source_in(store).packages("noarch"))
    del store.objects[key]
    with pytest.raises(InvalidRepodataError, match="the shard of 'a' is missing"):
        list(source_in(store).packages("noarch"))
    # Whoever asks for another name does not need it.
    assert {*by_file(source_in(store).packages("noarch", ["b"]))} == {B}


def test_an_index_that_goes_away_stops() -> None:
    """It does not mean that its packages have left: whoever writes it may be replacing it."""
    _, store = ours()
    source = source_in(store)
    assert source.tells_patches
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    del store.objects[f"{FOLDER}/{shard_key(index.hashes['a'])}"], store.objects[INDEX]
    for _ in range(2):
        with pytest.raises(InvalidRepodataError, match="went away while it was read") as raised:
            list(source.packages("noarch"))
        assert "repodata_shards" in str(raised.value.where)


def test_no_channel() -> None:
    for objects in ({}, {f"{FOLDER}/x-1-0.conda": b""}):
        with pytest.raises(ConfigurationError, match="no subdir has an index") as caught:
            source_in(store_of(objects)).subdirs()
        assert caught.value.where == f"s3://source-bucket/{PREFIX}"


def test_who_may_not_list_reads_what_is_there() -> None:
    _, store = ours()
    there = {*store.objects}

    def denied(kind: str, key: str) -> None:
        if kind == "list" or key not in there:
            raise DeniedError("no", code="AccessDenied", status=403)

    store.before = denied
    source = source_in(store)
    assert source.subdirs() == ("noarch",)
    assert [each.partition(":")[0] for each in source.refused()][:2] == ["emscripten-wasm32", "linux-32"]
    store.objects.clear()
    there.clear()
    with pytest.raises(DeniedError):
        source_in(store).subdirs()


def test_repodata_json_and_its_zst_say_the_same_of_ours() -> None:
    _, store = ours()
    plain = decompress(store.objects[ZST].data, 1 << 20)
    assert plain == store.objects[JSON].data
    del store.objects[f"{FOLDER}/{FILE_NAMES['shards']}"]
    assert {*by_file(source_in(store).packages("noarch"))} == {A, A2, B}
