"""Which indexes of other tools are patched: only those that differ from the unpatched index on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import RefusedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import check_writable
from chaninfra.index.yank import yank
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, INDEX, JSON, ZST, channel, channel_with, publishing

UNPATCHED, UNPATCHED_SHARDS = (
    f"{FOLDER}/{name}" for name in ("repodata_from_packages.json", "repodata_shards_from_packages.msgpack.zst")
)
A, B, C = (f"{name}-1-0.conda" for name in "abc")
Change = Callable[[dict[str, Any]], object]


def put(store: MemoryStore, key: str, data: bytes | dict[str, Any]) -> None:
    encoded = data if isinstance(data, bytes) else json.dumps(data).encode()
    store.objects[key] = ObjectBody(data=encoded, content_type="")


def document(store: MemoryStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.objects[JSON].data)
    return found


def patched(change: Change, unpatched: Change = lambda document: None) -> MemoryStore:
    """A channel of a, b and c whose index another tool wrote last: with `change`, and unpatched with the other one."""
    store = channel_with("a", "b", "c")
    for key, alter in ((UNPATCHED, unpatched), (JSON, change)):
        made = document(store)
        made.pop("chaninfra", None)
        alter(made)
        put(store, key, made)
    return store


def noarch(store: MemoryStore) -> SubdirIndex:
    return channel(store, SequentialRuntime("reindex")).subdir_index("noarch")


def agrees(store: MemoryStore) -> list[str]:
    """The files of the index, which repodata.json and its zst have."""
    assert decompress(store.objects[ZST].data, 1 << 30) == store.objects[JSON].data
    return [*table(document(store))]


def table(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document["packages.conda"]
    return found


SAME: dict[str, tuple[Change, Change]] = {
    "the same": (lambda document: None, lambda document: None),
    "in another order": (
        lambda document: document.update({"packages.conda": dict(reversed(table(document).items()))}),
        lambda document: None,
    ),
    "what tools write in several ways": (
        lambda document: table(document)[A].update(constrains=[], track_features=""),
        lambda document: table(document)[A].pop("indexed_timestamp"),
    ),
    "an older file with fewer packages": (lambda document: None, lambda document: table(document).pop(A)),
    "an older file with more packages": (lambda document: table(document).pop(A), lambda document: None),
    "an older file with other bytes of a package": (
        lambda document: None,
        lambda document: table(document)[A].update(sha256="2" * 64, depends=["old"]),
    ),
}
PATCHED: dict[str, tuple[Change, str]] = {
    "depends": (lambda document: table(document)[B].update(depends=["patched"]), f"another record of {B}"),
    "a revoked package": (
        lambda document: table(document)[C].update(depends=["package_has_been_revoked"], revoked=True),
        f"another record of {C}",
    ),
    "a removed package": (
        lambda document: document["removed"].append((table(document).pop(A), A)[1]),
        f"a record of {A}, which is removed",
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_an_index_that_only_has_an_unpatched_one_beside_it_is_adopted(case: str) -> None:
    store = patched(*SAME[case])
    check_writable(noarch(store))
    reindex_subdir(noarch(store))
    assert agrees(store) == [A, B, C]
    # And from then on it is ours, whatever the old file says.
    sha256 = table(document(store))[A]["sha256"]
    put(store, UNPATCHED, {"packages.conda": {A: {"name": "a", "sha256": sha256, "depends": ["x"]}}})
    assert not reindex_subdir(noarch(store)).differed
    publishing("d").run(store, SequentialRuntime("publish"))
    assert len(agrees(store)) == 4


@pytest.mark.parametrize("case", PATCHED)
def test_an_index_that_differs_from_the_unpatched_one_is_refused(case: str) -> None:
    change, says = PATCHED[case]
    store = patched(change)
    before = dict(store.objects)
    for command in (check_writable, reindex_subdir):
        with pytest.raises(RefusedError, match=says) as caught:
            command(noarch(store))  # type: ignore[operator]
        assert caught.value.where == UNPATCHED
    assert store.objects == before


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"[" * 100_000])
def test_an_unpatched_file_that_cannot_be_read_is_refused(data: bytes) -> None:
    store = patched(lambda document: None)
    put(store, UNPATCHED, data)
    with pytest.raises(RefusedError, match="cannot be read"):
        reindex_subdir(noarch(store))


def test_a_package_that_is_yanked_is_no_patch() -> None:
    store = channel_with("a", "b", "c")
    unpatched = document(store)
    yank(channel(store, SequentialRuntime("yank")), [A], None)
    for key, made in ((UNPATCHED, unpatched), (JSON, document(store))):
        del made["chaninfra"]
        put(store, key, made)
    reindex_subdir(noarch(store))
    assert agrees(store) == [B, C]


def of_shards(change: Callable[[dict[str, bytes]], object] | None) -> MemoryStore:
    """A channel of a and b whose shard index another tool wrote, without repodata.json, and the unpatched one with
    this change; None: it has only an unpatched repodata.json.
    """
    store = channel_with("a", "b")
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    put(store, UNPATCHED, {"packages.conda": {A: {"name": "a"}}})
    for key, alter in ((INDEX, lambda hashes: None), (UNPATCHED_SHARDS, change)):
        if alter is not None:
            hashes = {**index.hashes}
            alter(hashes)
            put(store, key, ShardIndex(hashes=hashes, stamp=None, info=index.info).encode(1, 0))
    del store.objects[JSON], store.objects[ZST]
    return store


@pytest.mark.parametrize(
    "change", [lambda hashes: None, lambda hashes: hashes.update(old=b"0" * 32), lambda hashes: hashes.pop("a")]
)
def test_shards_that_are_the_same_are_adopted(change: Callable[[dict[str, bytes]], object]) -> None:
    store = of_shards(change)
    reindex_subdir(noarch(store))
    assert agrees(store) == [A, B]


def test_shards_that_differ_are_refused() -> None:
    store = of_shards(lambda hashes: hashes.update(a=b"0" * 32))
    with pytest.raises(RefusedError, match="other records of a"):
        reindex_subdir(noarch(store))


def test_shards_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(RefusedError, match="cannot be compared with shards"):
        reindex_subdir(noarch(of_shards(None)))
    store = of_shards(lambda hashes: None)
    put(store, UNPATCHED_SHARDS, b"none")
    with pytest.raises(RefusedError, match="cannot be read"):
        reindex_subdir(noarch(store))
