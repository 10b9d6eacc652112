"""The skeleton never replaces the index of a channel with an empty one, whatever the store answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import index_files
from chaninfra.channel.conda.skeleton import existing_index_keys, write_missing
from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.objects import SMALL, Condition, IfAbsent, ObjectBody, ObjectMeta, StoredObject

SETTINGS = IndexSettings()
LAYOUT = ChannelLayout("team/main", ("noarch", "linux-64"), SETTINGS)
ERRORS = (BucketMissingError, CredentialsError, DeniedError, StorageError, UnreachableError)


class Memory:
    """A store in memory; `fails` is called before each request and may raise."""

    def __init__(self, objects: dict[str, bytes], fails: Callable[[str, str], None] = lambda doing, key: None) -> None:
        self.objects = dict(objects)
        self.fails = fails
        self.puts: list[str] = []

    def _entry(self, key: str) -> ObjectMeta:
        data = self.objects[key]
        return ObjectMeta(key=key, size=len(data), etag=hashlib.md5(data).hexdigest(), modified=datetime.now(UTC))  # noqa: S324

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        self.fails("get", key)
        if key not in self.objects:
            return None
        return StoredObject(data=self.objects[key], content_type="", entry=self._entry(key))

    def head(self, key: str) -> ObjectMeta | None:
        self.fails("head", key)
        return self._entry(key) if key in self.objects else None

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        self.fails("list", prefix)
        yield from [self._entry(key) for key in self.objects if key.startswith(f"{prefix}/" if prefix else "")]

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        self.fails("put", key)
        if isinstance(condition, IfAbsent) and key in self.objects:
            raise ConflictError(f"{key} is there")
        assert isinstance(condition, IfAbsent), "an index file was put without a condition"
        self.objects[key] = body.data
        self.puts.append(key)
        return "etag"

    def delete(self, keys: Iterable[str]) -> None:
        raise AssertionError("the skeleton deletes nothing")


def indexed(subdir: str, name: str = "hello") -> dict[str, bytes]:
    """Key → bytes of a package in a subdir, and of all its index files."""
    record = msgspec.Raw(msgspec.json.encode({"name": name, "version": "1.0", "sha256": "ab" * 32, "subdir": subdir}))
    repodata = Repodata.empty(subdir)
    repodata.records["packages.conda"][f"{name}-1.0-0.conda"] = record
    files = {f"team/main/{subdir}/{name}-1.0-0.conda": b"a package"}
    return files | {f"team/main/{subdir}/{file}": body.data for file, body in index_files(repodata, SETTINGS).items()}


def test_an_empty_bucket_gets_every_index_file_once() -> None:
    store = Memory({})
    written = write_missing(store, LAYOUT)
    assert set(written.keys) == set(index_keys(LAYOUT)) == set(store.objects)
    assert existing_index_keys(store, LAYOUT) == index_keys(LAYOUT)
    assert write_missing(store, LAYOUT).keys == ()
    # repodata.json is written last: it is what makes the subdir exist for a client.
    for subdir in LAYOUT.subdirs:
        own = [key for key in store.puts if f"/{subdir}/" in key]
        assert own[-1].endswith("/repodata.json")


def test_without_monolithic_files_there_is_only_the_shard_index() -> None:
    layout = ChannelLayout("team/main", ("noarch",), IndexSettings(monolith="never"))
    store = Memory({})
    assert write_missing(store, layout).keys == ("team/main/noarch/repodata_shards.msgpack.zst",)
    whole = indexed("noarch")
    shard_index = "team/main/noarch/repodata_shards.msgpack.zst"
    store = Memory({key: data for key, data in whole.items() if key != shard_index})
    write_missing(store, layout)
    assert store.objects == whole


@pytest.mark.parametrize("kind", ["zst", "shards"])
def test_a_missing_format_is_written_from_repodata_json(kind: str) -> None:
    whole = indexed("noarch")
    missing = f"team/main/noarch/{FILE_NAMES[kind]}"  # type: ignore[index]
    store = Memory({key: data for key, data in whole.items() if key != missing})
    assert missing in write_missing(store, LAYOUT).keys
    assert store.objects[missing] == whole[missing]
    assert {key: store.objects[key] for key in whole} == whole


def test_a_subdir_with_packages_and_without_an_index_needs_reindex() -> None:
    store = Memory({"team/main/noarch/hello-1.0-0.conda": b"a package"})
    written = write_missing(store, LAYOUT)
    assert written.to_reindex == ("noarch",)
    assert not [key for key in store.objects if "noarch/repodata" in key]


def test_an_invalid_repodata_json_is_an_error_and_nothing_is_written() -> None:
    store = Memory({"team/main/noarch/repodata.json": b"<html>"})
    with pytest.raises(StorageError, match="is not a valid repodata"):
        write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert store.puts == []


def test_files_that_another_writer_creates_meanwhile_stay() -> None:
    store = Memory({})
    theirs = indexed("noarch")

    def appear(doing: str, key: str) -> None:
        if doing == "put" and key not in store.objects:
            store.objects.update({name: data for name, data in theirs.items() if name == key})

    store.fails = appear
    written = write_missing(store, LAYOUT)
    assert not set(written.keys) & set(theirs)
    assert {key: store.objects[key] for key in theirs if key in store.objects}.items() <= theirs.items()


@given(
    populated=st.sets(st.sampled_from(["noarch", "linux-64"])),
    lost=st.sets(st.sampled_from(sorted(FILE_NAMES.values()))),
    error=st.sampled_from(ERRORS),
    at=st.integers(0, 40),
)
def test_a_channel_with_packages_never_gets_an_empty_index(
    populated: set[str], lost: set[str], error: type[ChaninfraError], at: int
) -> None:
    before: dict[str, bytes] = {}
    for subdir in populated:
        before |= {key: data for key, data in indexed(subdir).items() if key.rsplit("/", 1)[1] not in lost}
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
        whole = indexed(subdir)
        for key, data in store.objects.items():
            if key.startswith(f"team/main/{subdir}/"):
                assert data == whole[key]
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
