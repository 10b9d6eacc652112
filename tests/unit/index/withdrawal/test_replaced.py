"""What stands for deleted shards is forgotten once nothing needs it; and withdrawn.json can always be read again."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from chaninfra.channel.conda.shards import shard_key
from chaninfra.index.commit.history import as_it_was, kept_index, kept_numbers
from chaninfra.index.commit.replaced import read_replaced
from chaninfra.index.gc import collect_subdir
from chaninfra.index.snapshots.create import create
from chaninfra.index.withdrawal.delete import delete
from chaninfra.index.withdrawal.document import Withdrawal, Withdrawn, update_withdrawn
from chaninfra.index.withdrawal.plan import plan
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import DAY, FOLDER, NOW, PREFIX, channel, channel_with, file, publishing

REPLACED = f"{PREFIX}/.chaninfra/replaced/noarch.json"


def old_shards(store: MemoryStore) -> set[str]:
    return {*read_replaced(channel(store, SequentialRuntime("r")).subdir_index("noarch")).shards}


def collecting(store: MemoryStore, day: int) -> None:
    store.now += timedelta(milliseconds=NOW + day * DAY - int(store.now.timestamp() * 1000))
    collect_subdir(channel(store, SequentialRuntime(f"gc{day}", NOW + day * DAY)).subdir_index("noarch"), "write")


def deleting(store: MemoryStore, name: str) -> None:
    opened = channel(store, SequentialRuntime(f"delete-{name}"))
    delete(opened, plan(opened, [file(name)]), "a key leaked")


def test_gc_forgets_what_stands_for_a_shard_that_no_state_names() -> None:
    store = channel_with("a", "b", "c", "d")
    deleting(store, "c")
    before = old_shards(store)
    assert before
    collecting(store, 1)
    assert old_shards(store) == before
    publishing("e").run(store, SequentialRuntime("later"))
    # This run deletes the states that name it, and somebody may have read one of them just now.
    collecting(store, 60)
    assert old_shards(store)
    collecting(store, 61)
    assert old_shards(store) == set()
    target = channel(store, SequentialRuntime("r")).subdir_index("noarch")
    for number, _ in kept_numbers(target):
        index, plain = kept_index(target, number), as_it_was(target, number)
        assert index is not None
        assert index == plain
        assert {f"{FOLDER}/{key}" for key in index.keys()} <= store.objects.keys()  # noqa: SIM118


def test_gc_keeps_what_a_snapshot_needs_that_was_not_changed_yet() -> None:
    store = channel_with("a", "b")
    create(channel(store, SequentialRuntime("s")), "v1")
    index = f"{PREFIX}/snapshots/v1/noarch/repodata_shards.msgpack.zst"
    snapshot = store.objects[index]
    deleting(store, "a")
    [old] = old_shards(store)
    # As it is where who withdraws is killed before.
    store.objects[index] = snapshot
    publishing("e").run(store, SequentialRuntime("later"))
    for day in (60, 61, 62):
        collecting(store, day)
    assert old_shards(store) == {old}
    assert f"{FOLDER}/{shard_key(bytes.fromhex(old))}" not in store.objects


def test_gc_keeps_what_another_withdrawal_has_changed_meanwhile() -> None:
    store = channel_with("a-1", "a-2", "b")
    deleting(store, "a-1")
    publishing("e").run(store, SequentialRuntime("later"))
    collecting(store, 60)
    body, begun = store.objects[REPLACED], [1]
    document = msgspec.json.decode(body.data)
    first = next(iter(document["shards"]))
    document["shards"] = {first: {"shard": "0" * 64, "packages": 1, "v3": 0}}

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == REPLACED and begun:
            begun.clear()
            store.objects[REPLACED] = type(body)(data=msgspec.json.encode(document), content_type="")

    store.before = before
    collecting(store, 61)
    assert not begun
    assert old_shards(store) == {first}


def test_check_forgets_nothing() -> None:
    store = channel_with("a", "b")
    deleting(store, "a")
    publishing("e").run(store, SequentialRuntime("later"))
    collecting(store, 60)
    before = store.objects[REPLACED]
    collect_subdir(channel(store, SequentialRuntime("gc", NOW + 61 * DAY)).subdir_index("noarch"), "check")
    assert store.objects[REPLACED] == before


def test_a_file_of_more_contents_than_the_document_can_have() -> None:
    store, runtime, key = MemoryStore(), SequentialRuntime("d"), f"{PREFIX}/withdrawn.json"
    many = [f"{number:064x}" for number in range(1001)]
    new = Withdrawal(path=f"noarch/{file('a')}", sha256=many, when="2026-01-01T00:00:00Z", reason="r", stage="deleting")
    for _ in range(2):
        document = update_withdrawn(store, runtime, key, lambda before: Withdrawn.begun(before, new))
        assert [len(each.sha256) for each in document.packages] == [1000]
