"""What all documents have in common that several writers change: patience, and that nothing unreadable is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.errors import ConflictError, DeniedError, StorageError
from chaninfra.index.commit.replaced import Replacement, update_replaced
from chaninfra.index.left_out_json import LeftOutPackage, update_left_out
from chaninfra.index.patches.document import update_patches
from chaninfra.index.snapshots.document import Snapshot, SnapshotSubdir, update_snapshots
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.withdrawal.document import Withdrawal, update_withdrawn
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import channel

TIME = "2026-01-01T00:00:00Z"
FILE = "a-1-0.conda"
KEY = "c/document.json"


def subdir_index(store: MemoryStore) -> SubdirIndex:
    return channel(store, SequentialRuntime()).subdir_index("noarch")


@dataclass(frozen=True)
class Case:
    """A document: how something is written into it that it may have, and something that it must not have."""

    fine: Callable[[SubdirIndex], object]
    bad: Callable[[SubdirIndex], object]


def snapshot(target: SubdirIndex, name: str) -> object:
    entry = Snapshot(at=TIME, created=TIME, subdirs={"noarch": SnapshotSubdir(commit=3, revision="ab", packages=2)})
    return update_snapshots(target.store, target.runtime, KEY, lambda old: old.having(name, entry))


def withdrawn(target: SubdirIndex, path: str) -> object:
    entry = Withdrawal(path=path, when=TIME, reason="x")
    return update_withdrawn(target.store, target.runtime, KEY, lambda old: old.begun(entry))


def patched(target: SubdirIndex, when: str) -> object:
    return update_patches(target, lambda old: {**old, FILE: Patch(when=when, revoke=True)})


def replaced(target: SubdirIndex, digest: str) -> object:
    return update_replaced(target, lambda old: old.having({digest: Replacement(shard=None)}))


def left_out(target: SubdirIndex, path: str) -> object:
    return update_left_out(target.store, target.runtime, KEY, {path: LeftOutPackage(reason="x")}, ())


CASES = {
    "snapshots": Case(lambda to: snapshot(to, "v1"), lambda to: snapshot(to, "../v1")),
    "withdrawn": Case(lambda to: withdrawn(to, f"noarch/{FILE}"), lambda to: withdrawn(to, "noarch/x")),
    "patches": Case(lambda to: patched(to, TIME), lambda to: patched(to, "today")),
    "replaced": Case(lambda to: replaced(to, "0" * 64), lambda to: replaced(to, "0")),
    "left out": Case(lambda to: left_out(to, f"noarch/{FILE}"), lambda to: left_out(to, "noarch/../x")),
}
each_document = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def failing(times: int, error: type[ConflictError | DeniedError]) -> MemoryStore:
    """A store whose first PUTs fail, so many times."""
    left = [times]

    def before(kind: str, key: str) -> None:
        if kind == "put" and left[0]:
            left[0] -= 1
            raise error("no", where=key, remedy="of the store")

    return MemoryStore(before)


@each_document
def test_nothing_unreadable_is_written(case: Case) -> None:
    store = MemoryStore()
    with pytest.raises(StorageError, match="would not be valid, and then nobody could read it") as caught:
        case.bad(subdir_index(store))
    assert "it stays as it was" in str(caught.value)
    assert store.objects == {}
    assert store.requests["put"] == 0


@each_document
def test_a_writer_gives_up_only_after_many_lost_attempts(case: Case) -> None:
    store = failing(99, ConflictError)
    case.fine(subdir_index(store))
    assert (store.requests["get"], store.requests["put"], len(store.objects)) == (100, 100, 1)
    with pytest.raises(ConflictError, match="first, 100 times"):
        case.fine(subdir_index(failing(100, ConflictError)))


@pytest.mark.parametrize("case", [each for name, each in CASES.items() if name != "left out"])
def test_who_may_not_write_learns_who_may(case: Case) -> None:
    with pytest.raises(DeniedError) as caught:
        case.fine(subdir_index(failing(1, DeniedError)))
    assert caught.value.remedy is not None
    assert caught.value.remedy.startswith("only maintainers")
