"""snapshots/index.json is input: what chaninfra does not write there is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConflictError, DeniedError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.snapshots.document import MOST, Snapshot, SnapshotSubdir, read_snapshots, update_snapshots
from support.index_model.memory_store import MemoryStore, SequentialRuntime

KEY = "c/snapshots/index.json"
ENTRY = Snapshot(
    at="2026-11-01T12:00:00Z",
    created="2026-11-02T00:00:00Z",
    subdirs={"noarch": SnapshotSubdir(commit=3, revision="ab", packages=2)},
)


def stored(data: bytes) -> MemoryStore:
    store = MemoryStore()
    store.objects[KEY] = ObjectBody(data=data, content_type="")
    return store


def document(name: str = "v1", **changed: Any) -> bytes:
    entry: dict[str, Any] = {
        "at": "2026-11-01T12:00:00Z",
        "created": "2026-11-02T00:00:00Z",
        "stage": "ready",
        "subdirs": {"noarch": {"commit": 3, "revision": "ab", "packages": 2}},
    }
    return json.dumps({"version": 1, "snapshots": {name: {**entry, **changed}}}).encode()


def test_what_is_written_is_read() -> None:
    store = MemoryStore()
    assert read_snapshots(store, KEY)[1] == IfAbsent()
    update_snapshots(store, SequentialRuntime(), KEY, lambda old: old.having("v1", ENTRY))
    assert read_snapshots(store, KEY)[0].snapshots == {"v1": ENTRY}
    assert read_snapshots(stored(document()), KEY)[0].snapshots == {"v1": ENTRY}
    assert store.objects[KEY].cache_control == "no-cache"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{" * 100_000,
        document("../x"),
        document("noarch"),
        document("v1\n"),
        document("v1.0"),
        document(at="yesterday"),
        document(at="2026-11-01T12:00:00Z\n"),
        document(stage="done"),
        document(more=1),
        document(subdirs={}),
        document(subdirs={"../noarch": {"commit": 3, "revision": "ab", "packages": 2}}),
        document(subdirs={"noarch": {"commit": 0, "revision": "ab", "packages": 2}}),
        document(subdirs={"noarch": {"commit": 3, "revision": "x" * 129, "packages": 2}}),
        document(subdirs={"noarch": {"commit": 3, "revision": "ab", "packages": -1}}),
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(StorageError, match="is not valid"):
        read_snapshots(stored(data), KEY)


def test_a_later_version_says_to_upgrade() -> None:
    with pytest.raises(StorageError, match="version 2 of this file") as caught:
        read_snapshots(stored(b'{"version": 2, "snapshots": []}'), KEY)
    assert caught.value.remedy == "upgrade chaninfra"


def test_one_that_is_too_large_is_not_read() -> None:
    with pytest.raises(StorageError, match="is larger than 8 MiB"):
        read_snapshots(stored(b" " * ((8 << 20) + 1)), KEY)


def test_it_has_an_end() -> None:
    store, runtime = MemoryStore(), SequentialRuntime()

    def full(old: Any) -> Any:
        for number in range(MOST):
            old = old.having(f"v{number}", ENTRY)
        return old

    with pytest.raises(StorageError, match="may have no more"):
        update_snapshots(store, runtime, KEY, lambda old: full(old).having("w", ENTRY))
    update_snapshots(store, runtime, KEY, full)
    with pytest.raises(StorageError, match="the channel has 1,000 snapshots, and may have no more"):
        update_snapshots(store, runtime, KEY, lambda old: old.having("w", ENTRY))
    update_snapshots(store, runtime, KEY, lambda old: old.having("v0", None))
    assert len(read_snapshots(store, KEY)[0].snapshots) == MOST - 1


def test_two_writers_lose_nothing() -> None:
    store, others = MemoryStore(), ["other"]

    def before(kind: str, key: str) -> None:
        if kind == "put" and others:
            name = others.pop()
            update_snapshots(store, SequentialRuntime(), KEY, lambda old: old.having(name, ENTRY))

    store.before = before
    update_snapshots(store, SequentialRuntime(), KEY, lambda old: old.having("v1", ENTRY))
    assert read_snapshots(store, KEY)[0].snapshots.keys() == {"v1", "other"}


def fails(error: Exception) -> MemoryStore:
    store = MemoryStore()

    def before(kind: str, key: str) -> None:
        if kind == "put":
            raise error

    store.before = before
    return store


def test_a_writer_that_always_loses_gives_up() -> None:
    with pytest.raises(ConflictError, match=r"other writers changed snapshots/index\.json first"):
        update_snapshots(fails(ConflictError("x")), SequentialRuntime(), KEY, lambda old: old.having("v1", ENTRY))


def test_whoever_may_not_is_told_why() -> None:
    with pytest.raises(DeniedError, match="403") as caught:
        update_snapshots(fails(DeniedError("403")), SequentialRuntime(), KEY, lambda old: old.having("v1", ENTRY))
    assert caught.value.remedy == (
        "only maintainers may make and remove snapshots: use the key or role of one; `chaninfra doctor --as "
        "maintainer` says what is missing"
    )
