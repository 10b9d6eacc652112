"""The skeleton never replaces the index of a channel with an empty one, whatever the store answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda import skeleton
from chaninfra.channel.conda.commit_stamp import Origin, first_stamp
from chaninfra.channel.conda.index_files import FILE_NAMES, body, compress, decompress
from chaninfra.channel.conda.index_settings import Format, IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import make_shards, parse_shard, shard_key
from chaninfra.channel.conda.skeleton import existing_index_keys, write_missing
from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.objects import Condition, IfAbsent, ObjectBody
from support.index_model.memory_store import MemoryStore

SETTINGS = IndexSettings()
LAYOUT = ChannelLayout("team/main", ("noarch", "linux-64"), SETTINGS)
ERRORS = (BucketMissingError, CredentialsError, DeniedError, StorageError, UnreachableError)


class Memory(MemoryStore):
    """A store in which only missing index files are created."""

    def __init__(
        self, objects: dict[str, ObjectBody], before: Callable[[str, str], None] = lambda kind, key: None
    ) -> None:
        super().__init__(before)
        self.objects = dict(objects)

    @property
    def puts(self) -> list[str]:
        return [key for kind, key in self.log if kind == "put"]

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        assert isinstance(condition, IfAbsent), "an index file was put without a condition"
        return super().put(key, body, condition)

    def delete(self, keys: Iterable[str]) -> None:
        raise AssertionError("the skeleton deletes nothing")


def plain(data: bytes) -> ObjectBody:
    return ObjectBody(data=data, content_type="")


def indexed(subdir: str, name: str = "hello") -> dict[str, ObjectBody]:
    """Key → object of a package in a subdir, and of all its index files and shards: the third commit."""
    record = msgspec.Raw(msgspec.json.encode({"name": name, "version": "1.0", "sha256": "ab" * 32, "subdir": subdir}))
    repodata = Repodata.empty(subdir)
    repodata.records["packages.conda"][f"{name}-1.0-0.conda"] = record
    stamp = first_stamp(3, "three", [name], 1)
    (shard,) = make_shards(repodata, None, "three", 1)
    index = ShardIndex(hashes={name: shard.digest}, stamp=stamp, info={"subdir": subdir})
    data = repodata.encode(stamp)
    metadata = Origin.of(3, data).metadata()
    files = {
        f"{name}-1.0-0.conda": plain(b"a package"),
        shard_key(shard.digest): shard.body,
        FILE_NAMES["shards"]: body(index.encode(1, 0), "shards", SETTINGS),
        FILE_NAMES["zst"]: body(compress(data, 1), "zst", SETTINGS, metadata),
        FILE_NAMES["json"]: body(data, "json", SETTINGS, metadata),
    }
    return {f"team/main/{subdir}/{file}": made for file, made in files.items()}


def records_of(store: MemoryStore, subdir: str) -> dict[str, set[str]]:
    """Format → the files that it lists, of those that exist; the shards are all there."""
    found: dict[str, set[str]] = {}
    folder = f"team/main/{subdir}"
    for kind in ("json", "zst"):
        if (stored := store.objects.get(f"{folder}/{FILE_NAMES[kind]}")) is not None:  # type: ignore[index]
            data = stored.data if kind == "json" else bytes(decompress(stored.data, 1 << 20) or b"")
            found[kind] = {file for file, _, _ in Repodata.parse(data, where=kind).files()}
    if (stored := store.objects.get(f"{folder}/{FILE_NAMES['shards']}")) is not None:
        index = ShardIndex.parse(stored.data)
        assert index is not None
        found["shards"] = set()
        for name, digest in index.hashes.items():
            shard = parse_shard(store.objects[f"{folder}/{shard_key(digest)}"].data, name, digest)
            assert shard is not None
            found["shards"] |= {key for table in shard.records.values() for key in table}
    return found


def test_an_empty_bucket_gets_every_index_file_once() -> None:
    store = Memory({})
    written = write_missing(store, LAYOUT)
    assert set(written.keys) == set(index_keys(LAYOUT)) == set(store.objects)
    assert existing_index_keys(store, LAYOUT) == index_keys(LAYOUT)
    assert write_missing(store, LAYOUT).keys == ()
    # The authoritative index is written last: with it the subdir is indexed.
    for subdir in LAYOUT.subdirs:
        own = [key for key in store.puts if f"/{subdir}/" in key]
        assert own[-1].endswith("/repodata_shards.msgpack.zst")


def test_an_empty_index_is_the_first_commit() -> None:
    store = Memory({})
    write_missing(store, LAYOUT)
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert index.stamp is not None
    assert (index.stamp.number, index.stamp.count, index.hashes) == (1, 0, {})
    data = store.objects["team/main/noarch/repodata.json"].data
    for name in ("repodata.json", "repodata.json.zst"):
        assert store.objects[f"team/main/noarch/{name}"].metadata == Origin.of(1, data).metadata()


def test_a_channel_of_shards_alone() -> None:
    layout = ChannelLayout("team/main", ("noarch",), IndexSettings(monolith="never"))
    store = Memory({})
    assert write_missing(store, layout).keys == ("team/main/noarch/repodata_shards.msgpack.zst",)
    assert write_missing(store, layout).keys == ()
    assert [*store.objects] == ["team/main/noarch/repodata_shards.msgpack.zst"]


@pytest.mark.parametrize("lost", [["json"], ["zst"], ["json", "zst"]])
def test_missing_derived_files_are_made_from_what_is_there(lost: list[Format]) -> None:
    whole = indexed("noarch")
    missing = {f"team/main/noarch/{FILE_NAMES[kind]}" for kind in lost}
    store = Memory({key: stored for key, stored in whole.items() if key not in missing})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert (set(written.keys), written.to_reindex) == (missing, ())
    assert {key: (stored.data, stored.metadata) for key, stored in store.objects.items()} == {
        key: (stored.data, stored.metadata) for key, stored in whole.items()
    }


@pytest.mark.parametrize("there", [["json"], ["zst"], ["json", "zst"]])
def test_a_missing_shard_index_is_made_from_repodata_json_and_is_none_of_ours(there: list[Format]) -> None:
    whole = indexed("noarch")
    keys = {f"team/main/noarch/{FILE_NAMES[kind]}" for kind in there}
    store = Memory({key: stored for key, stored in whole.items() if key in keys})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert written.to_reindex == ()
    assert records_of(store, "noarch") == {key: {"hello-1.0-0.conda"} for key in FILE_NAMES}
    # The next commit looks at the packages first: repodata.json may be behind.
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert index.stamp is None
    # Shards come before the index that names them.
    assert "/shards/" in store.puts[0]


def test_a_repodata_json_of_another_tool_stays_another_tools() -> None:
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}, "more": {"x": [1.5]}}
    store = Memory({"team/main/noarch/repodata.json": plain(msgspec.json.encode(document))})
    write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert Origin.read(store.objects["team/main/noarch/repodata.json.zst"].metadata) is None
    index = ShardIndex.parse(store.objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert (index.stamp, {key: msgspec.msgpack.decode(raw) for key, raw in index.other.items()}) == (
        None,
        {"more": {"x": [1.5]}},
    )


@pytest.mark.parametrize("value", [b"1" * 30, b"[" * 200 + b"]" * 200], ids=["too large a number", "too deep"])
def test_a_repodata_json_that_no_shard_index_can_hold_is_an_error_and_nothing_is_written(value: bytes) -> None:
    store = Memory({"team/main/noarch/repodata.json": plain(b'{"more":%s}' % value)})
    with pytest.raises(StorageError, match=r"team/main/noarch/repodata\.json") as caught:
        write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert caught.value.remedy
    assert store.puts == []


@pytest.mark.parametrize("what", ["missing", "damaged", "of another subdir", "of another tool", "many"])
def test_derived_files_that_the_shards_cannot_give_need_a_reindex(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = {key: stored for key, stored in indexed("noarch").items() if "/repodata.json" not in key}
    (shard,) = [key for key in objects if "/shards/" in key]
    index = ShardIndex.parse(objects["team/main/noarch/repodata_shards.msgpack.zst"].data)
    assert index is not None
    if what == "missing":
        del objects[shard]
    elif what == "damaged":
        objects[shard] = plain(b"none")
    elif what == "many":
        monkeypatch.setattr(skeleton, "_FEW", 0)
    else:
        info = {"subdir": "linux-64" if what == "of another subdir" else "noarch"}
        other = replace(index, info=info, stamp=index.stamp if what == "of another subdir" else None)
        objects["team/main/noarch/repodata_shards.msgpack.zst"] = plain(other.encode(1, 0))
    store = Memory(objects)
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert (written.keys, written.to_reindex) == ((), ("noarch",))


@pytest.mark.parametrize(
    "key",
    [
        "team/main/noarch/hello-1.0-0.conda",
        "team/main/noarch/hello-1.0-0.tar.bz2",
        f"team/main/noarch/shards/{'0' * 64}.msgpack.zst",
        "team/main/noarch/repodata_from_packages.json",
        "team/main/noarch/repodata.json.bz2",
        "team/main/.chaninfra/history/noarch/3",
    ],
)
@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_a_subdir_with_packages_or_a_trace_of_an_index_needs_reindex(key: str, monolith: Any) -> None:
    """An authoritative index that was deleted while others lie there is never taken for an empty channel."""
    store = Memory({key: plain(b"a package")})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), IndexSettings(monolith=monolith)))
    assert (written.keys, written.to_reindex) == ((), ("noarch",))
    assert [*store.objects] == [key]


@pytest.mark.parametrize("key", ["team/main/noarch/README.md", "team/main/.chaninfra/history/linux-64/3"])
def test_other_files_are_no_trace_of_an_index(key: str) -> None:
    store = Memory({key: plain(b"text")})
    written = write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert (len(written.keys), written.to_reindex) == (3, ())


def test_an_invalid_repodata_json_is_an_error_and_nothing_is_written() -> None:
    store = Memory({"team/main/noarch/repodata.json": plain(b"<html>")})
    with pytest.raises(StorageError, match="is not a valid repodata"):
        write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert store.puts == []


def test_files_that_another_writer_creates_meanwhile_stay() -> None:
    store = Memory({})
    theirs = indexed("noarch")

    def appear(doing: str, key: str) -> None:
        if doing == "put" and key not in store.objects:
            store.objects.update({name: stored for name, stored in theirs.items() if name == key})

    store.before = appear
    written = write_missing(store, LAYOUT)
    assert not set(written.keys) & set(theirs)
    assert {key: store.objects[key] for key in theirs if key in store.objects}.items() <= theirs.items()


@settings(deadline=None)
@given(
    populated=st.sets(st.sampled_from(["noarch", "linux-64"])),
    lost=st.sets(st.sampled_from(sorted(FILE_NAMES.values()))),
    error=st.sampled_from(ERRORS),
    at=st.integers(0, 40),
)
def test_a_channel_with_packages_never_gets_an_empty_index(
    populated: set[str], lost: set[str], error: type[ChaninfraError], at: int
) -> None:
    before: dict[str, ObjectBody] = {}
    for subdir in populated:
        before |= {key: stored for key, stored in indexed(subdir).items() if key.rsplit("/", 1)[1] not in lost}
    asked = 0

    def fail(doing: str, key: str) -> None:
        nonlocal asked
        asked += 1
        if asked > at:
            raise error("injected")

    store = Memory(before, fail)
    failed = False
    try:
        write_missing(store, LAYOUT)
    except error:
        failed = True
        puts = len(store.puts)
        # Nothing is put after a failure.
        assert asked == at + 1
        assert puts <= at
    # Existing files are unchanged, and no new file says that a subdir with packages is empty.
    assert store.objects.items() >= before.items()
    for subdir in populated:
        assert all(files == {"hello-1.0-0.conda"} for files in records_of(store, subdir).values())
    if not failed:
        assert asked <= at


def test_nothing_is_written_if_reading_is_denied() -> None:
    def denied(doing: str, key: str) -> None:
        if doing in ("get", "list"):
            raise DeniedError("403")

    store = Memory({}, denied)
    with pytest.raises(DeniedError):
        write_missing(store, LAYOUT)
    assert store.puts == []
