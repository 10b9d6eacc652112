"""gc keeps the shards that snapshots need, also of one that is being made, and deletes none where it cannot know."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.gc import Collected, Unknown, collect_subdir
from chaninfra.index.snapshots import create as module
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.remove import remove
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, PREFIX, channel, channel_with, publishing

LIST = f"{PREFIX}/snapshots/index.json"
SHARDS = f"{PREFIX}/snapshots/v1/noarch/repodata_shards.msgpack.zst"


def gc(store: MemoryStore, days: int) -> Collected:
    """gc so many days after the channel was made."""
    now = store.now + timedelta(days=days)
    return collect_subdir(
        channel(store, SequentialRuntime(f"gc{days}", int(now.timestamp() * 1000))).subdir_index("noarch"), "write"
    )


def shards(store: MemoryStore) -> set[str]:
    return {key for key in store.objects if key.startswith(f"{FOLDER}/shards/")}


@pytest.fixture
def store() -> MemoryStore:
    """A channel with a snapshot of a-1, whose name has got another shard since. The history of then is gone."""
    found = channel_with("a")
    create(channel(found, SequentialRuntime("s")), "v1")
    publishing("a-2").run(found, SequentialRuntime("later"))
    for number in (1, 2):
        del found.objects[f"{PREFIX}/.chaninfra/history/noarch/{number}"]
    return found


def test_what_a_snapshot_names_stays_until_it_is_removed(store: MemoryStore) -> None:
    both = shards(store)
    assert len(both) == 2
    for days in (1, 9, 17):
        assert gc(store, days).waiting == 0
        assert shards(store) == both
    remove(channel(store, SequentialRuntime("rm")), "v1")
    assert gc(store, 18).waiting == 1
    assert shards(store) == both
    gc(store, 26)
    assert len(shards(store)) == 1


def test_one_that_was_marked_before_the_snapshot_stays(store: MemoryStore) -> None:
    """A gc read the snapshots before this one was made, and wrote its marks after it."""
    both = shards(store)
    then = int(store.now.timestamp() * 1000)
    marks = {"unreferenced": {key.removeprefix(f"{FOLDER}/"): then for key in both}}
    store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"] = ObjectBody(data=msgspec.json.encode(marks), content_type="")
    gc(store, 20)
    assert shards(store) == both


@pytest.mark.parametrize("listed", [True, False])
def test_a_snapshot_whose_making_was_killed_keeps_its_shards(listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a")

    def killed(*given: object, **how: object) -> list[int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "put_monolith", killed)
    with pytest.raises(KeyboardInterrupt):
        create(channel(store, SequentialRuntime("s")), "v1")
    publishing("a-2").run(store, SequentialRuntime("later"))
    for number in (1, 2):
        del store.objects[f"{PREFIX}/.chaninfra/history/noarch/{number}"]
    if not listed:
        del store.objects[LIST]
    both = shards(store)
    for days in (1, 9):
        gc(store, days)
        assert shards(store) == both


@pytest.mark.parametrize("broken", ["damaged", "missing"])
def test_where_a_snapshot_cannot_be_read_no_shard_is_deleted(store: MemoryStore, broken: str) -> None:
    if broken == "damaged":
        store.objects[SHARDS] = ObjectBody(data=b"nonsense", content_type="")
    else:
        del store.objects[SHARDS]
    both = shards(store)
    for days in (1, 9):
        assert gc(store, days).unknown == (Unknown(subdir="noarch", key=SHARDS, of="snapshot"),)
        assert shards(store) == both
    remove(channel(store, SequentialRuntime("rm")), "v1")
    assert gc(store, 10).unknown == ()


def test_where_the_list_is_damaged_nothing_is_deleted(store: MemoryStore) -> None:
    store.objects[LIST] = ObjectBody(data=b"nonsense", content_type="")
    before = dict(store.objects)
    with pytest.raises(StorageError, match="is not valid"):
        gc(store, 40)
    assert store.objects == before


def test_one_that_is_removed_meanwhile_is_no_fault(store: MemoryStore) -> None:
    def before(kind: str, key: str) -> None:
        if kind == "list" and key == f"{PREFIX}/snapshots":
            store.before = lambda kind, key: None
            remove(channel(store, SequentialRuntime("rm")), "v1")

    store.before = before
    assert gc(store, 1).unknown == ()
