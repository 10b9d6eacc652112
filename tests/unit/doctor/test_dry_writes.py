"""Writes that the store must refuse, on a store in memory."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import compress
from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError, StorageError, UnsupportedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.doctor.dry_writes import try_writes
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore

PACKAGE = "my-channel/noarch/a-1-0.conda"


def store_with(*keys: str, size: int = 3, error: ChaninfraError | None = None) -> MemoryStore:
    """A store with objects of `size` bytes, whose PUTs raise `error`."""

    def before(kind: str, _: str) -> None:
        if kind == "put" and error is not None:
            raise error

    store = MemoryStore(before)
    for key in keys:
        store.objects[key] = ObjectBody(data=b"x" * size, content_type="")
    return store


class IgnoresConditions(MemoryStore):
    def put(self, key: str, body: ObjectBody, condition: object = None) -> str:
        return super().put(key, body)


def test_a_store_with_conditional_writes_refuses_both_and_is_not_changed() -> None:
    store = store_with(PACKAGE)
    before = dict(store.objects)
    tried = try_writes(store, descriptor(), ("noarch",))
    assert tried is not None
    assert (tried.key, tried.create, tried.replace, tried.honoured) == (PACKAGE, "honoured", "honoured", True)
    assert store.objects == before


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DeniedError("403"), "denied"),
        (UnsupportedError("501", status=501), "unsupported"),
        (StorageError("400", status=400), "unsupported"),
    ],
)
def test_errors_tell_what_is_missing(error: ChaninfraError, outcome: str) -> None:
    tried = try_writes(store_with(PACKAGE, error=error), descriptor(), ("noarch",))
    assert tried is not None
    assert (tried.create, tried.replace, tried.honoured) == (outcome, outcome, False)


@pytest.mark.parametrize("error", [CredentialsError("expired"), StorageError("500", status=500)])
def test_other_errors_are_raised(error: ChaninfraError) -> None:
    with pytest.raises(type(error)):
        try_writes(store_with(PACKAGE, error=error), descriptor(), ("noarch",))


def test_a_store_that_ignores_conditions_writes_the_same_bytes() -> None:
    store = IgnoresConditions()
    store.objects[PACKAGE] = ObjectBody(data=b"abc", content_type="")
    tried = try_writes(store, descriptor(), ("noarch",))
    assert tried is not None
    assert (tried.create, tried.replace) == ("ignored", "ignored")
    assert store.objects[PACKAGE].data == b"abc"


def test_shards_are_tried_before_packages() -> None:
    digest = b"1" * 32
    shard = f"my-channel/linux-64/shards/{digest.hex()}.msgpack.zst"
    store = store_with(PACKAGE, shard)
    document: dict[str, Any] = {"version": 1, "info": {"subdir": "linux-64"}, "shards": {"a": digest}}
    store.objects["my-channel/linux-64/repodata_shards.msgpack.zst"] = ObjectBody(
        data=compress(msgspec.msgpack.encode(document), 1), content_type=""
    )
    tried = try_writes(store, descriptor(), ("noarch", "linux-64"))
    assert tried is not None
    assert tried.key == shard


def test_large_packages_are_not_tried() -> None:
    assert try_writes(store_with(PACKAGE, size=(1 << 20) + 1), descriptor(), ("noarch",)) is None
    assert try_writes(store_with(), descriptor(), ("noarch",)) is None
