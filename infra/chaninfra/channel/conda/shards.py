"""Sharded repodata (CEP 16): an index that maps each package name to the sha256 of a shard, `shards/<hex>.msgpack.zst`.

No two shards that are made have the same name: each carries a fresh revision. So a shard that no index names any more
is never named again, and can be deleted; see docs/index-protocol.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from chaninfra.channel.conda.commit_stamp import OUR_KEY, CommitStamp, read_stamp
from chaninfra.channel.conda.filenames import TABLES, V3, package_name
from chaninfra.channel.conda.index_files import (
    CONTENT_TYPES,
    FILE_NAMES,
    IMMUTABLE,
    REPODATA,
    SHARDS,
    body,
    compress,
    compressor,
    decompress,
)
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.objects import ObjectBody

# In shards these are bytes and not hex (CEP 16), as rattler writes them.
_HASHES = ("sha256", "md5", "legacy_bz2_md5")
_SHARD = re.compile(rf"{SHARDS}/[0-9a-f]{{64}}\.msgpack\.zst")


@dataclass(frozen=True)
class ShardIndex:
    """The content of a shard index. `revision` is that of the truth it was made from, None where it names none."""

    hashes: dict[str, bytes]
    revision: str | None
    other: dict[str, Any] = field(default_factory=dict)
    """Keys that we do not know."""

    @classmethod
    def parse(cls, data: bytes) -> ShardIndex | None:
        """The index in these bytes, or None where they are none: it is made anew then."""
        plain = decompress(data)
        try:
            document = msgspec.msgpack.decode(plain or b"", type=dict[str, Any])
            hashes = msgspec.convert(document.pop("shards", None), dict[str, bytes])
            info = msgspec.convert(document.pop("info", None), _Info)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        return cls(hashes, info.chaninfra.revision if info.chaninfra else None, document)

    def keys(self) -> set[str]:
        """The shards that it names, relative to the subdir."""
        return {shard_key(digest) for digest in self.hashes.values()}

    def encode(self, repodata: Repodata, level: int) -> bytes:
        """The bytes of the index; its `info` is that of the truth."""
        info = {"base_url": "", **repodata.public_info(), "shards_base_url": f"./{SHARDS}/"}
        if self.revision is not None:
            info[OUR_KEY] = {"revision": self.revision}
        document = {"version": 1, **self.other, "info": info, "shards": dict(sorted(self.hashes.items()))}
        return compress(msgspec.msgpack.encode(document), level)


@prepared
class _Named(msgspec.Struct):
    revision: str


@prepared
class _Info(msgspec.Struct):
    subdir: str
    """Without it no client can read the index."""
    chaninfra: _Named | None = None


def shard_key(digest: bytes) -> str:
    """The key of a shard, relative to the subdir."""
    return f"{SHARDS}/{digest.hex()}.msgpack.zst"


def is_shard(key: str) -> bool:
    """Whether a key, relative to the subdir, is one that a shard has."""
    return _SHARD.fullmatch(key) is not None


def make_shards(
    repodata: Repodata, names: Collection[str] | None, revision: str, level: int
) -> Iterator[tuple[str, bytes, ObjectBody]]:
    """(name, sha256, shard) of each of the names that has a record (None: of all), in order.

    `revision` is fresh. Raises StorageError where a record is not valid.
    """
    removed: dict[str, list[str]] = {}
    for file in sorted(repodata.removed):
        removed.setdefault(package_name(file), []).append(file)
    by_name: dict[str, dict[str, dict[str, Any]]] = {}
    for name, table, key, raw in repodata.names() if names is None else repodata.named(names):
        by_name.setdefault(name, {table: {} for table in TABLES}).setdefault(table, {})[key] = raw
    compress_shard = compressor(level)
    for name in sorted(by_name):
        tables = by_name.pop(name)
        packed: dict[str, Any] = {}
        for table, records in sorted(tables.items()):
            made = {key: _record(repodata, key, raw) for key, raw in sorted(records.items())}
            if table.startswith(f"{V3}."):
                packed.setdefault(V3, {})[table.removeprefix(f"{V3}.")] = made
            else:
                packed[table] = made
        shard = {**packed, "removed": removed.get(name, []), OUR_KEY: {"revision": revision}}
        data = compress_shard(msgspec.msgpack.encode(shard))
        yield (
            name,
            hashlib.sha256(data).digest(),
            ObjectBody(data=data, content_type=CONTENT_TYPES["shards"], cache_control=IMMUTABLE),
        )


def index_files(repodata: Repodata, settings: IndexSettings, truth: bytes | None = None) -> dict[str, ObjectBody]:
    """The index files of a subdir, keys relative to it: shards first, repodata.json last, since it commits.

    `truth` are the bytes of the repodata.json that is there; left out, it is made with a mark. The same content gives
    the same bytes: this is for files that are made for the first time.
    """
    data = repodata.encode(CommitStamp(revision="first")) if truth is None else truth
    mark = read_stamp(data)
    revision = mark.revision if mark else None
    made: dict[str, ObjectBody] = {}
    if "shards" in settings.formats:
        hashes: dict[str, bytes] = {}
        for name, digest, shard in make_shards(repodata, None, revision or "adopted", settings.compression_level):
            hashes[name] = digest
            made[shard_key(digest)] = shard
        index = ShardIndex(hashes, revision).encode(repodata, settings.compression_level)
        made[FILE_NAMES["shards"]] = body(index, "shards", settings)
    if "zst" in settings.formats:
        made[FILE_NAMES["zst"]] = body(compress(data, settings.compression_level), "zst", settings)
    made[REPODATA] = body(data, "json", settings)
    return made


def _record(repodata: Repodata, key: str, raw: msgspec.Raw) -> dict[str, Any]:
    try:
        record: dict[str, Any] = msgspec.json.decode(raw)
        for name in _HASHES:
            if isinstance(record.get(name), str):
                record[name] = bytes.fromhex(record[name])
    # No JSON, no UTF-8 or no hex: each is a ValueError.
    except ValueError as error:
        raise repodata.invalid(key, error) from error
    return record
