"""Stand-ins for other indexers, rattler-index and conda-index: what matters to chaninfra of what they write.

They take the packages that they list and the records that repodata.json has of them, and overwrite without a condition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

import msgspec
import zstandard

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import FORMATS, Format
from chaninfra.channel.errors import UnreachableError
from chaninfra.channel.objects import ObjectBody, ObjectStore
from support.index_model.memory_store import SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import FOLDER, INDEX, JSON, KEY_OF_ANOTHER_TOOL, package


def overwriting(*, keeps: bool = False, writes: Collection[Format] = FORMATS) -> Process:
    """Another tool that indexes the subdir. `keeps`: keys that it does not know, and the metadata of the objects."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        files = [entry.key.removeprefix(f"{FOLDER}/") for entry in store.list(FOLDER)]
        stored = store.get(JSON)
        document = msgspec.json.decode(stored.data) if stored else {"info": {"subdir": "noarch"}}
        before = document.get("packages.conda", {})
        records = {file: before.get(file) or _record(file) for file in files if file.endswith(".conda")}
        known = {"info": document["info"], "packages": {}, "packages.conda": records, "repodata_version": 1}
        known[KEY_OF_ANOTHER_TOOL] = True
        data = msgspec.json.encode({**document, **known} if keeps else known)

        def put(kind: Format, content: bytes) -> None:
            key = f"{FOLDER}/{FILE_NAMES[kind]}"
            old = store.head(key) if keeps else None
            _put(store, key, ObjectBody(data=content, content_type="", metadata=old.metadata if old else {}))

        if "json" in writes:
            put("json", data)
        if "zst" in writes:
            put("zst", zstandard.compress(data))
        if "shards" in writes:
            put("shards", _shard_index(store, records, keeps=keeps))

    return Process("other-tool", run, lists=True, ours=False, makes=KEY_OF_ANOTHER_TOOL)


def _put(store: ObjectStore, key: str, content: ObjectBody) -> None:
    """Put the object; once more where the answer was lost, as these tools' clients do."""
    while True:
        try:
            store.put(key, content)
        except UnreachableError:
            continue
        return


def _record(file: str) -> dict[str, Any]:
    found = package(file.removesuffix("-1-0.conda"))
    record: dict[str, Any] = msgspec.json.decode(found.package.index_record(file, "noarch", None).encode(0))
    del record["indexed_timestamp"]
    return record


def _shard_index(store: ObjectStore, records: dict[str, Any], *, keeps: bool) -> bytes:
    """Puts the shards, and returns the shard index."""
    hashes = {}
    for file, record in records.items():
        digests = {key: bytes.fromhex(record[key]) for key in ("sha256", "md5") if key in record}
        shard = {"packages": {}, "packages.conda": {file: {**record, **digests}}}
        data = zstandard.compress(msgspec.msgpack.encode(shard))
        digest = hashlib.sha256(data)
        _put(store, f"{FOLDER}/shards/{digest.hexdigest()}.msgpack.zst", ObjectBody(data=data, content_type=""))
        hashes[record["name"]] = digest.digest()
    document: dict[str, Any] = {}
    if keeps and (stored := store.get(INDEX)):
        document = msgspec.msgpack.decode(zstandard.decompress(stored.data))
    info = {"subdir": "noarch", "base_url": "", "shards_base_url": "./shards/"}
    return zstandard.compress(msgspec.msgpack.encode({**document, "info": info, "shards": hashes}))
