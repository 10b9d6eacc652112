"""Writes that the store must refuse, on a store in memory."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import CredentialsError, DeniedError, StorageError
from chaninfra.channel.objects import Condition, ObjectBody
from chaninfra.doctor.dry_writes import Outcome, try_writes
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore
from support.index_model.memory_subdir import MemoryChannel

CHANNEL = descriptor("c", subdirs=("noarch",))


class _IgnoringStore(MemoryStore):
    """A store that ignores conditions."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        return super().put(key, body)


def _denying(kind: str, key: str) -> None:
    if kind == "put":
        raise DeniedError("may not write", code="AccessDenied", status=403)


@pytest.mark.parametrize(
    ("store", "outcome"),
    [(MemoryStore(), "honoured"), (_IgnoringStore(), "ignored"), (MemoryStore(_denying), "denied")],
    ids=["conditional", "ignoring", "denied"],
)
def test_outcome_by_store_and_nothing_changes(store: MemoryStore, outcome: Outcome) -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    store.objects.update(channel.store.objects)
    before = dict(store.objects)
    done = try_writes(store, CHANNEL, ("noarch",))
    assert done is not None
    assert (done.create, done.replace) == (outcome, outcome)
    assert done.honoured == (outcome == "honoured")
    assert "/shards/" in done.key
    assert {key: body.data for key, body in store.objects.items()} == {key: body.data for key, body in before.items()}


def test_a_package_is_used_if_there_are_no_shards() -> None:
    store = MemoryStore()
    store.objects["c/noarch/a-1-0.conda"] = ObjectBody(data=b"1", content_type="")
    done = try_writes(store, CHANNEL, ("noarch",))
    assert done is not None
    assert done.key == "c/noarch/a-1-0.conda"


def test_an_empty_channel_has_no_object_to_try() -> None:
    assert try_writes(MemoryChannel().skeleton().store, CHANNEL, ("noarch",)) is None


@pytest.mark.parametrize("error", [CredentialsError, StorageError])
def test_other_errors_are_raised(error: type[StorageError]) -> None:
    def failing(kind: str, key: str) -> None:
        if kind == "put":
            raise error("no")

    store = MemoryStore(failing)
    store.objects["c/noarch/a-1-0.conda"] = ObjectBody(data=b"1", content_type="")
    with pytest.raises(error):
        try_writes(store, CHANNEL, ("noarch",))
