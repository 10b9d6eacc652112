"""The index files of a subdir: repodata.json, repodata.json.zst and sharded repodata, bytes in and bytes out.

repodata.json is the truth; the other two are made from it. Sharded repodata is CEP 16: an index that maps each
package name to the sha256 of a shard, and shards under `shards/<hex>.msgpack.zst`. What we do not know is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
import zstandard
from msgspec import Raw, Struct

from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.index_settings import Format, IndexSettings
from chaninfra.channel.store import Body
from chaninfra.channel.structs import prepared

REPODATA = "repodata.json"
FILE_NAMES: dict[Format, str] = {
    "json": REPODATA,
    "zst": "repodata.json.zst",
    "shards": "repodata_shards.msgpack.zst",
}
_CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "zst": "application/zstd",
    "shards": "application/x-msgpack",
}
SHARDS = "shards"
IMMUTABLE = "max-age=31536000, immutable"
TABLES = ("packages", "packages.conda")
# In shards these are bytes and not hex (CEP 16), as rattler writes them.
_HASHES = ("sha256", "md5", "legacy_bz2_md5")


@prepared
class _Record(Struct):
    """What sharding needs of a record."""

    name: str


class Repodata:
    """The content of a repodata.json; records stay the bytes that they were read as."""

    def __init__(self, document: dict[str, Raw], *, where: str = REPODATA) -> None:
        self._document = document
        self._where = where
        self._info: dict[str, Any] = (
            msgspec.json.decode(document["info"], type=dict[str, Any]) if "info" in document else {}
        )
        self.records: dict[str, dict[str, Raw]] = {
            table: msgspec.json.decode(document[table], type=dict[str, Raw]) if table in document else {}
            for table in TABLES
        }
        self.removed: list[str] = (
            msgspec.json.decode(document["removed"], type=list[str]) if "removed" in document else []
        )

    @classmethod
    def empty(cls, subdir: str) -> Repodata:
        """Repodata without a record."""
        info = msgspec.json.encode({"subdir": subdir})
        return cls({"info": Raw(info), "repodata_version": Raw(b"1")})

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> Repodata:
        """The repodata in a repodata.json. Raises InvalidRepodataError where it is none; `where` names it."""
        try:
            return cls(msgspec.json.decode(data, type=dict[str, Raw]), where=where)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRepodataError(
                f"is no valid repodata: {error}", where=where, remedy="`chaninfra reindex --force` makes it anew"
            ) from error

    @property
    def count(self) -> int:
        """How many packages it lists."""
        return sum(len(table) for table in self.records.values())

    def names(self) -> Iterator[tuple[str, str, str, Raw]]:
        """(package name, table, file name, record) of each record. Raises StorageError where one has no name."""
        for table, records in self.records.items():
            for file_name, record in records.items():
                try:
                    name = msgspec.json.decode(record, type=_Record).name
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise self.invalid(file_name, error) from error
                yield name, table, file_name, record

    def invalid(self, file_name: str, error: Exception) -> StorageError:
        """The error for a record that cannot be used."""
        return StorageError(
            f"the record of {file_name} is not valid: {error}",
            where=self._where,
            remedy="`chaninfra reindex --force` makes the index anew",
        )

    def info(self) -> dict[str, Any]:
        """The `info` mapping."""
        return self._info

    def encode(self) -> bytes:
        """The bytes of repodata.json, the same for the same content."""
        tables = {table: dict(sorted(records.items())) for table, records in self.records.items()}
        return msgspec.json.encode({**self._document, **tables, "removed": sorted(self.removed)})


def index_files(repodata: Repodata, settings: IndexSettings) -> dict[str, Body]:
    """The index files of a subdir, keys relative to it: shards first, repodata.json last, since it commits."""
    made: dict[str, Body] = {}
    truth = repodata.encode()
    if "shards" in settings.formats:
        index, shards = _sharded(repodata, settings.compression_level)
        made |= {
            f"{SHARDS}/{name}": Body(data=data, content_type=_CONTENT_TYPES["shards"], cache_control=IMMUTABLE)
            for name, data in shards.items()
        }
        made[FILE_NAMES["shards"]] = _body(index, "shards", settings)
    if "zst" in settings.formats:
        made[FILE_NAMES["zst"]] = _body(_compress(truth, settings.compression_level), "zst", settings)
    made[REPODATA] = _body(truth, "json", settings)
    return made


def _body(data: bytes, kind: Format, settings: IndexSettings) -> Body:
    return Body(data=data, content_type=_CONTENT_TYPES[kind], cache_control=settings.cache_control)


def _compress(data: bytes, level: int) -> bytes:
    return zstandard.ZstdCompressor(level=level).compress(data)


def _sharded(repodata: Repodata, level: int) -> tuple[bytes, dict[str, bytes]]:
    """The shard index, and the shards by file name."""
    by_name: dict[str, dict[str, dict[str, Any]]] = {}
    for name, table, file_name, raw in repodata.names():
        try:
            record = msgspec.json.decode(raw)
            for key in _HASHES:
                if isinstance(record.get(key), str):
                    record[key] = bytes.fromhex(record[key])
        # No JSON, no UTF-8 or no hex: each is a ValueError.
        except ValueError as error:
            raise repodata.invalid(file_name, error) from error
        by_name.setdefault(name, {key: {} for key in TABLES})[table][file_name] = record
    hashes: dict[str, bytes] = {}
    shards: dict[str, bytes] = {}
    for name, tables in sorted(by_name.items()):
        packed = {table: dict(sorted(records.items())) for table, records in tables.items()}
        data = _compress(msgspec.msgpack.encode({**packed, "removed": []}), level)
        digest = hashlib.sha256(data)
        hashes[name] = digest.digest()
        shards[f"{digest.hexdigest()}.msgpack.zst"] = data
    info = {"base_url": "", **repodata.info(), "shards_base_url": f"./{SHARDS}/"}
    index = msgspec.msgpack.encode({"version": 1, "info": info, "shards": hashes})
    return _compress(index, level), shards
