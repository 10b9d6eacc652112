"""Sharded repodata (CEP 16): the shard index maps each package name to a shard, `shards/<sha256 hex>.msgpack.zst`.

Each shard contains a revision of its own, so no two uploaded shards have the same name. A shard that no index
references any more is therefore never referenced again, and can be deleted; see docs/index-protocol.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from chaninfra.channel.conda.commit_stamp import OUR_KEY, CommitStamp, read_stamp
from chaninfra.channel.conda.filenames import PACKAGE_TABLES, TABLES, V3, package_name
from chaninfra.channel.conda.index_files import (
    CONTENT_TYPES,
    FILE_NAMES,
    IMMUTABLE,
    MAX_SHARD_INDEX,
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
from chaninfra.channel.conda.untrusted import MALFORMED, UNWRITABLE, check_plain
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody, ObjectMeta, ObjectStore, StoredObject, get_within

# In shards these are raw bytes and not hex (CEP 16).
_HASHES = ("sha256", "md5", "legacy_bz2_md5")
_Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_SHARD = re.compile(rf"{SHARDS}/[0-9a-f]{{64}}\.msgpack\.zst")


@prepared
class _Revision(msgspec.Struct):
    revision: str


@prepared
class _Info(msgspec.Struct):
    subdir: str
    """Required: clients cannot read a shard index without it."""
    chaninfra: _Revision | None = None


@dataclass(frozen=True)
class ShardIndex:
    """The content of a shard index."""

    hashes: dict[str, bytes]
    """Package name as clients look it up → sha256 of its shard, 32 raw bytes."""
    revision: str | None
    """The revision of the authoritative index that it was made from; None if it names none."""
    other: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    """Keys that chaninfra does not know; they are written again."""

    @classmethod
    def parse(cls, data: bytes) -> ShardIndex | None:
        """The shard index in these bytes; None if they are damaged: callers then rebuild it."""
        plain = decompress(data, MAX_SHARD_INDEX)
        try:
            # Raw, since decoded values can take a hundred times the memory of their bytes.
            document = msgspec.msgpack.decode(plain or b"", type=dict[str, msgspec.Raw])
            hashes = msgspec.msgpack.decode(document.pop("shards", b""), type=dict[str, _Digest])
            info = msgspec.msgpack.decode(document.pop("info", b""), type=_Info)
        except MALFORMED:
            return None
        return cls(hashes, info.chaninfra.revision if info.chaninfra else None, document)

    @classmethod
    def of(cls, read: StoredObject | ObjectMeta | None) -> ShardIndex | None:
        """`parse` of what `read_shard_index` returned; None also if there is none or it is too large."""
        return cls.parse(read.data) if isinstance(read, StoredObject) else None

    def keys(self) -> set[str]:
        """The keys of its shards, relative to the subdir."""
        return {shard_key(digest) for digest in self.hashes.values()}

    def encode(self, repodata: Repodata, level: int) -> bytes:
        """The bytes of the index; its `info` is taken from `repodata`."""
        info = {"base_url": "", **repodata.public_info(), "shards_base_url": f"./{SHARDS}/"}
        if self.revision is not None:
            info[OUR_KEY] = {"revision": self.revision}
        document = {"version": 1, **self.other, "info": info, "shards": dict(sorted(self.hashes.items()))}
        return compress(msgspec.msgpack.encode(document), level)


def read_shard_index(store: ObjectStore, key: str) -> StoredObject | ObjectMeta | None:
    """The shard index at this key, without its bytes if they are too many; None: there is none."""
    return get_within(store, key, MAX_SHARD_INDEX)


def shard_key(digest: bytes) -> str:
    """The key of the shard with this sha256 (32 raw bytes), relative to the subdir."""
    return f"{SHARDS}/{digest.hex()}.msgpack.zst"


def is_shard(key: str) -> bool:
    """Whether a key, relative to the subdir, has the form of a shard's key."""
    return _SHARD.fullmatch(key) is not None


def make_shards(
    repodata: Repodata, names: Collection[str] | None, revision: str, level: int
) -> Iterator[tuple[str, bytes, ObjectBody]]:
    """(package name, sha256 as 32 raw bytes, shard), sorted by name, for each of `names` (None: all) that has a record.

    `revision` is written into the shards and must be new. Raises StorageError where a record is not valid.
    """
    removed: dict[str, list[str]] = {}
    for file in sorted(repodata.removed):
        removed.setdefault(package_name(file), []).append(file)
    by_name: dict[str, dict[str, dict[str, msgspec.Raw]]] = {}
    for name, table, key, raw in repodata.names() if names is None else repodata.named(names):
        by_name.setdefault(name, {table: {} for table in TABLES}).setdefault(table, {})[key] = raw
    compress_shard = compressor(level)
    for name in sorted(by_name):
        tables = by_name.pop(name)
        more = {"removed": removed.get(name, []), OUR_KEY: {"revision": revision}}
        try:
            packed = msgspec.msgpack.encode({**_packed(repodata, tables), **more})
        except UNWRITABLE:
            packed = msgspec.msgpack.encode({**_packed(repodata, tables, checked=True), **more})
        data = compress_shard(packed)
        yield (
            name,
            hashlib.sha256(data).digest(),
            ObjectBody(data=data, content_type=CONTENT_TYPES["shards"], cache_control=IMMUTABLE),
        )


def _packed(
    repodata: Repodata, tables: dict[str, dict[str, msgspec.Raw]], *, checked: bool = False
) -> dict[str, dict[str, Any]]:
    """The records of one package name as a shard has them."""
    packed: dict[str, dict[str, Any]] = {}
    for table, records in sorted(tables.items()):
        decoded = {
            key: record
            for key, raw in sorted(records.items())
            if (record := _record(repodata, table, key, raw, checked=checked)) is not None
        }
        if table.startswith(f"{V3}."):
            packed.setdefault(V3, {})[table.removeprefix(f"{V3}.")] = decoded
        else:
            packed[table] = decoded
    return packed


def index_files(
    repodata: Repodata, settings: IndexSettings, authoritative: bytes | None = None
) -> dict[str, ObjectBody]:
    """All index files of a subdir, keys relative to it, in the order in which to upload them: shards first, the
    authoritative index (repodata.json) last.

    `authoritative` are the bytes of the repodata.json that exists; None: it is encoded here, with a stamp. Equal
    content gives equal bytes, so this is for index files that are written for the first time.
    """
    data = repodata.encode(CommitStamp(revision="first")) if authoritative is None else authoritative
    stamp = read_stamp(data)
    revision = stamp.revision if stamp else None
    files: dict[str, ObjectBody] = {}
    if "shards" in settings.formats:
        hashes: dict[str, bytes] = {}
        for name, digest, shard in make_shards(repodata, None, revision or "adopted", settings.compression_level):
            hashes[name] = digest
            files[shard_key(digest)] = shard
        index = ShardIndex(hashes, revision).encode(repodata, settings.compression_level)
        files[FILE_NAMES["shards"]] = body(index, "shards", settings)
    if "zst" in settings.formats:
        files[FILE_NAMES["zst"]] = body(compress(data, settings.compression_level), "zst", settings)
    files[REPODATA] = body(data, "json", settings)
    return files


def is_packable(repodata: Repodata, table: str, key: str) -> bool:
    """Whether the record can be put into a shard."""
    try:
        return _record(repodata, table, key, repodata.records[table][key], checked=True) is not None
    except StorageError:
        return False


def _record(
    repodata: Repodata, table: str, key: str, raw: msgspec.Raw, *, checked: bool = False
) -> dict[str, Any] | None:
    """The record as a shard has it; None for one of another table than PACKAGE_TABLES that no shard can have.

    `checked` finds out whether msgpack can have it, which takes longer.
    """
    try:
        record: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
        for name in _HASHES:
            if isinstance(record.get(name), str):
                record[name] = bytes.fromhex(record[name])
        if checked:
            check_plain(record)
    # ValueError: not JSON, not UTF-8, or a digest that is not hex.
    except MALFORMED as error:
        if table not in PACKAGE_TABLES:
            return None
        raise repodata.invalid(key, error) from error
    return record
