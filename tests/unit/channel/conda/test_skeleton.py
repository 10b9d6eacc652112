"""The skeleton's rule: what is in a channel is never blanked, whatever the store answers."""

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
from chaninfra.channel.conda.layout import ChannelLayout, index_keys, own_keys, package_keys
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import index_files
from chaninfra.channel.conda.skeleton import ensure, present
from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody, ObjectMeta, StoredObject

SETTINGS = IndexSettings()
LAYOUT = ChannelLayout("team/main", ("noarch", "linux-64"), SETTINGS)
ERRORS = (BucketMissingError, CredentialsError, DeniedError, StorageError, UnreachableError)


class Memory:
    """A store in memory; `fails` is asked before each request and may raise."""

    def __init__(self, objects: dict[str, bytes], fails: Callable[[str, str], None] = lambda doing, key: None) -> None:
        self.objects = dict(objects)
        self.fails = fails
        self.puts: list[str] = []

    def _entry(self, key: str) -> ObjectMeta:
        data = self.objects[key]
        return ObjectMeta(key=key, size=len(data), etag=hashlib.md5(data).hexdigest(), modified=datetime.now(UTC))  # noqa: S324

    def get(self, key: str) -> StoredObject | None:
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

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        self.fails("put", key)
        if condition is Condition.CREATE and key in self.objects:
            raise ConflictError(f"{key} is there")
        assert condition is Condition.CREATE, "an index file was put without a condition"
        self.objects[key] = body.data
        self.puts.append(key)
        return "etag"

    def delete(self, keys: Iterable[str]) -> None:
        raise AssertionError("the skeleton deletes nothing")


def indexed(subdir: str, name: str = "hello") -> dict[str, bytes]:
    """A package in a subdir, and its whole index."""
    record = msgspec.Raw(msgspec.json.encode({"name": name, "version": "1.0", "sha256": "ab" * 32, "subdir": subdir}))
    repodata = Repodata.empty(subdir)
    repodata.records["packages.conda"][f"{name}-1.0-0.conda"] = record
    files = {f"team/main/{subdir}/{name}-1.0-0.conda": b"a package"}
    return files | {f"team/main/{subdir}/{file}": body.data for file, body in index_files(repodata, SETTINGS).items()}


def test_an_empty_bucket_gets_every_file_and_a_second_time_none() -> None:
    store = Memory({})
    written = ensure(store, LAYOUT)
    assert set(written.keys) == set(index_keys(LAYOUT)) == set(store.objects)
    assert present(store, LAYOUT) == index_keys(LAYOUT)
    assert ensure(store, LAYOUT).keys == ()
    # repodata.json is last in its subdir: it is what says that the subdir is there.
    for subdir in LAYOUT.subdirs:
        own = [key for key in store.puts if f"/{subdir}/" in key]
        assert own[-1].endswith("/repodata.json")


@pytest.mark.parametrize("kind", ["zst", "shards"])
def test_a_missing_format_is_made_from_what_is_there(kind: str) -> None:
    whole = indexed("noarch")
    missing = f"team/main/noarch/{FILE_NAMES[kind]}"  # type: ignore[index]
    store = Memory({key: data for key, data in whole.items() if key != missing})
    assert missing in ensure(store, LAYOUT).keys
    assert store.objects[missing] == whole[missing]
    assert {key: store.objects[key] for key in whole} == whole


def test_packages_without_an_index_are_left_to_reindex() -> None:
    store = Memory({"team/main/noarch/hello-1.0-0.conda": b"a package"})
    written = ensure(store, LAYOUT)
    assert written.to_reindex == ("noarch",)
    assert not [key for key in store.objects if "noarch/repodata" in key]


def test_what_is_no_repodata_stops_everything() -> None:
    store = Memory({"team/main/noarch/repodata.json": b"<html>"})
    with pytest.raises(StorageError, match="is not a valid repodata"):
        ensure(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert store.puts == []


def test_another_writer_meanwhile_is_left_alone() -> None:
    store = Memory({})
    theirs = indexed("noarch")

    def appear(doing: str, key: str) -> None:
        if doing == "put" and key not in store.objects:
            store.objects.update({name: data for name, data in theirs.items() if name == key})

    store.fails = appear
    written = ensure(store, LAYOUT)
    assert not set(written.keys) & set(theirs)
    assert {key: store.objects[key] for key in theirs if key in store.objects}.items() <= theirs.items()


@given(
    populated=st.sets(st.sampled_from(["noarch", "linux-64"])),
    lost=st.sets(st.sampled_from(sorted(FILE_NAMES.values()))),
    error=st.sampled_from(ERRORS),
    at=st.integers(0, 40),
)
def test_a_populated_channel_is_never_blanked(
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
        ensure(store, LAYOUT)
    except error:
        failed = True
        puts = len(store.puts)
        # Nothing is put after a failure: a later answer would be no better.
        assert asked == at + 1
        assert puts <= at
    # What was there is there, byte by byte; and no file that is new says that a subdir with packages is empty.
    assert store.objects.items() >= before.items()
    for subdir in populated:
        whole = indexed(subdir)
        for key, data in store.objects.items():
            if key.startswith(f"team/main/{subdir}/"):
                assert data == whole[key]
    if not failed:
        assert asked <= at


def test_a_refusal_to_read_never_leads_to_a_write() -> None:
    def denied(doing: str, key: str) -> None:
        if doing in ("get", "list"):
            raise DeniedError("403")

    store = Memory({}, denied)
    with pytest.raises(DeniedError):
        ensure(store, LAYOUT)
    assert store.puts == []


def test_keys_are_told_apart() -> None:
    keys = [
        "a/channel.json",
        "a/.chaninfra/probe",
        "a/noarch/repodata.json",
        "a/noarch/shards/00.msgpack.zst",
        "a/noarch/x-1-0.conda",
        "a/noarch/notes.txt",
        "a/b/noarch/repodata.json",
        "a/b/noarch/y-1-0.conda",
        "ab/noarch/z-1-0.conda",
    ]
    assert own_keys(keys, "a") == keys[:4]
    assert package_keys(keys, "a") == ["a/noarch/x-1-0.conda"]
    assert package_keys(keys, "a/b") == ["a/b/noarch/y-1-0.conda"]
    assert own_keys(keys, "") == []
