"""Kinds of damage to the index of a channel in memory, with the packages a (1 and 2) and b: name → what does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.objects import ObjectBody
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import FOLDER, INDEX, JSON, ZST, file

Damage = Callable[[MemoryStore], object]


def _index(store: MemoryStore) -> ShardIndex:
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    return index


def shard_of_a(store: MemoryStore) -> str:
    """The key of the shard of a."""
    return f"{FOLDER}/{shard_key(_index(store).hashes['a'])}"


def truncate(store: MemoryStore, key: str) -> None:
    """Cut off the second half of an object, which keeps its metadata."""
    data = store.objects[key].data
    store.objects[key] = replace(store.objects[key], data=data[: len(data) // 2])


def record_of_a(store: MemoryStore, field: str, value: Any) -> None:
    """Change a field of the record of a-1 in its shard, which is valid otherwise."""
    key, index = shard_of_a(store), _index(store)
    shard = msgspec.msgpack.decode(decompress(store.objects[key].data, 1 << 30) or b"")
    shard["packages.conda"][file("a")][field] = value
    data = compress(msgspec.msgpack.encode(shard), 1)
    digest = hashlib.sha256(data).digest()
    store.objects[f"{FOLDER}/{shard_key(digest)}"] = ObjectBody(data=data, content_type="")
    changed = replace(index, hashes={**index.hashes, "a": digest})
    store.objects[INDEX] = replace(store.objects[INDEX], data=changed.encode(1, 0))


def _others(content: Any) -> Damage:
    """Another tool has written this repodata.json."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()

    def write(store: MemoryStore) -> None:
        store.objects[JSON] = ObjectBody(data=data, content_type="")

    return write


def _others_record(store: MemoryStore) -> None:
    """Another tool has written repodata.json, with a record that clients cannot read."""
    document = json.loads(store.objects[JSON].data)
    del document["chaninfra"]
    document["packages.conda"][file("a")]["depends"] = "x"
    _others(document)(store)


def _lose_derived(store: MemoryStore) -> None:
    del store.objects[JSON], store.objects[ZST]


def _all_truncated(store: MemoryStore) -> None:
    for key in (JSON, ZST, INDEX):
        truncate(store, key)


def _truncated_shard_alone(store: MemoryStore) -> None:
    truncate(store, shard_of_a(store))
    _lose_derived(store)


INDEX_DAMAGE: dict[str, Damage] = {
    "truncated json": lambda store: truncate(store, JSON),
    "missing json": lambda store: store.objects.pop(JSON),
    "missing zst": lambda store: store.objects.pop(ZST),
    "truncated index": lambda store: truncate(store, INDEX),
    "missing index": lambda store: store.objects.pop(INDEX),
    "all truncated": _all_truncated,
    "missing shard": lambda store: store.objects.pop(shard_of_a(store)),
    "truncated shard, nothing else": _truncated_shard_alone,
    "no JSON": _others(b"{"),
    "JSON of another kind": _others([]),
    "too large a number": _others(b'{"packages": {}, "x": ' + b"1" * 40 + b"}"),
    "record of another tool": _others_record,
}
"""What the check `index` or `packages` of the doctor finds."""

SHARD_DAMAGE: dict[str, Damage] = {
    "truncated shard": lambda store: truncate(store, shard_of_a(store)),
    "shard of another package": lambda store: record_of_a(store, "name", "other"),
    "depends is a text": lambda store: record_of_a(store, "depends", "x"),
    "version that no client reads": lambda store: record_of_a(store, "version", "zz zz"),
    "build number that is a text": lambda store: record_of_a(store, "build_number", "one"),
}
"""What only a reader of the shards finds, since the derived files are sound."""
