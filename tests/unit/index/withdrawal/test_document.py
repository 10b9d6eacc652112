"""withdrawn.json: strict, bounded, and of one version."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.withdrawal.document import Withdrawal, Withdrawn, read_withdrawn, update_withdrawn
from support.index_model.memory_store import MemoryStore, SequentialRuntime

KEY = "c/withdrawn.json"
ONE = Withdrawal(
    path="noarch/a-1-0.conda", sha256=["0" * 64], when="2026-01-01T00:00:00Z", reason="x", stage="deleting"
)


def test_a_later_version_says_to_upgrade() -> None:
    store = MemoryStore()
    store.objects[KEY] = ObjectBody(data=b'{"version": 2, "entries": []}', content_type="")
    with pytest.raises(StorageError, match="version 2 of this file is newer") as caught:
        read_withdrawn(store, KEY)
    assert caught.value.remedy == "upgrade chaninfra"


def test_one_that_is_too_large_is_neither_read_nor_written() -> None:
    store = MemoryStore()
    store.objects[KEY] = ObjectBody(data=b" " * ((8 << 20) + 1), content_type="")
    with pytest.raises(StorageError, match="is larger than 8 MiB"):
        read_withdrawn(store, KEY)
    many = [Withdrawal(path=f"noarch/a-{n}-0.conda", when=ONE.when, reason="x" * 1000) for n in range(9000)]
    store.objects.clear()
    with pytest.raises(StorageError, match="would be larger than 8 MiB"):
        update_withdrawn(store, SequentialRuntime(), KEY, lambda old: Withdrawn(packages=many))
    assert store.objects == {}


@pytest.mark.parametrize(
    "wrong",
    [{"reason": "x" * 1001}, {"reason": "\x1b"}, {"sha256": ["z" * 64]}, {"when": "now"}, {"path": "a-1-0.conda"}],
    ids=lambda value: ascii(value)[:20],
)
def test_one_that_nobody_could_read_is_not_written(wrong: dict[str, Any]) -> None:
    store = MemoryStore()
    with pytest.raises(StorageError, match="would not be valid, and then nobody could read it"):
        update_withdrawn(store, SequentialRuntime(), KEY, lambda old: old.begun(msgspec.structs.replace(ONE, **wrong)))
    assert store.objects == {}


def test_of_what_was_replaced_again_and_again_the_first_digests_are_told() -> None:
    store = MemoryStore()
    many = msgspec.structs.replace(ONE, sha256=[f"{number:064x}" for number in range(1001)])
    update_withdrawn(store, SequentialRuntime(), KEY, lambda old: old.begun(many))
    [only] = read_withdrawn(store, KEY)[0].packages
    assert only.sha256 == many.sha256[:1000]
    # The same command goes on.
    assert len(update_withdrawn(store, SequentialRuntime(), KEY, lambda old: old.begun(many)).packages) == 1


def test_a_withdrawal_goes_on_with_the_entry_that_is_there() -> None:
    begun = Withdrawn().begun(ONE)
    later = Withdrawal(path=ONE.path, sha256=["1" * 64], when="2026-02-01T00:00:00Z", reason="y", stage="deleting")
    [only] = begun.begun(later).packages
    assert (only.when, only.reason, only.sha256) == (ONE.when, "x", ["0" * 64, "1" * 64])
    ended = begun.ended({ONE.path})
    assert [each.stage for each in ended.packages] == [None]
    # The same bytes once more, and other ones.
    assert [each.stage for each in ended.begun(ONE).packages] == ["deleting"]
    assert [each.reason for each in ended.begun(later).packages] == ["x", "y"]


def test_the_entry_of_another_writer_stays() -> None:
    store = MemoryStore()
    other = Withdrawal(path="noarch/b-1-0.conda", when=ONE.when, reason="z")
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and begun:
            begun.clear()
            update_withdrawn(store, SequentialRuntime(), KEY, lambda old: old.begun(other))

    store.before = before
    update_withdrawn(store, SequentialRuntime(), KEY, lambda old: old.begun(ONE))
    assert read_withdrawn(store, KEY)[0].packages == [other, ONE]
