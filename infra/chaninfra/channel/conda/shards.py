"""The shards of a subdir (CEP 16): `shards/<sha256 hex>.msgpack.zst` has the records of one package name.

Each shard that chaninfra writes contains a revision of its own, so no two uploaded shards have the same name. A shard
that no index references any more is therefore never referenced again, and can be deleted; see docs/index-protocol.md.
Beside the revision it has the yanks of the files of this name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import OUR_KEY
from chaninfra.channel.conda.filenames import PACKAGE_TABLES, TABLES, V3, file_name, package_name
from chaninfra.channel.conda.index_files import CONTENT_TYPES, IMMUTABLE, MAX_SHARD, SHARDS, compressor, decompress
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.untrusted import MALFORMED, UNWRITABLE, check_plain, is_file_name
from chaninfra.channel.conda.yank import yanks_in_shard
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody

# In shards these are raw bytes and not hex: CEP 16, and rattler for the last one (CEP 50).
_HASHES = ("sha256", "md5", "legacy_bz2_md5", "attestations_sha256")
MAX_RECORD = 4 << 20
"""Largest record or unknown key of a shard that is read, in bytes: decoded, it may take 25 times its memory."""
PassOver = Callable[[str, str], None]
"""Called with the file name of a record that is passed over, and why."""
_YANKS = "yanks"
_SHARD = re.compile(rf"{SHARDS}/[0-9a-f]{{64}}\.msgpack\.zst")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The content of a shard. Records are JSON, as in Repodata."""

    records: Mapping[str, Mapping[str, Raw]]
    """Table → key → record, see Repodata."""
    removed: tuple[str, ...] = ()
    """Names of files that were taken out of the index: the yanked ones, and what another tool has removed."""
    yanks: Mapping[str, Raw] = field(default_factory=dict)
    """File name → yank, as msgpack (see `yank.unpacked`). Other tools do not write it."""
    other: Mapping[str, Raw] = field(default_factory=dict)
    """Keys that chaninfra does not know, as msgpack; they are written again."""

    @property
    def count(self) -> int:
        """How many records it has."""
        return sum(len(table) for table in self.records.values())


def parse_shard(data: bytes, name: str, digest: bytes, pass_over: PassOver | None = None) -> Shard | None:
    """The shard in these bytes; None if they are damaged, have another sha256 than `digest`, or have a record of
    another package than `name` (as clients look it up). With `pass_over`, a record that cannot be used is left out.
    """
    if hashlib.sha256(data).digest() != digest:
        return None
    try:
        document = msgspec.msgpack.decode(decompress(data, MAX_SHARD) or b"", type=dict[str, Raw])
        yanks = _yanks(document.pop(OUR_KEY, None), name)
        removed = msgspec.msgpack.decode(document.pop("removed", Raw(b"\x90")), type=list[str])
        packed = {table: document.pop(table) for table in TABLES if table in document}
        v3 = msgspec.msgpack.decode(document.pop(V3, Raw(b"\x80")), type=dict[str, Raw])
        packed |= {f"{V3}.{table}": raw for table, raw in v3.items()}
        records = {table: _unpacked(raw, table, name, pass_over) for table, raw in packed.items()}
        for raw in document.values():
            if len(bytes(raw)) > MAX_RECORD:
                return None
            check_plain(msgspec.msgpack.decode(raw))
    except MALFORMED:
        return None
    if not all(map(is_file_name, removed)):
        return None
    return Shard(records=records, removed=tuple(removed), yanks=yanks, other=document)


def names_file(data: bytes, files: Collection[str]) -> str | None:
    """The package name of a shard, as clients look it up, if it may say something of one of these files: by a record,
    a removed file or a yank. None: it does not, or cannot be read.
    """
    try:
        document = msgspec.msgpack.decode(decompress(data, MAX_SHARD) or b"", type=dict[str, Raw])
        packed = {table: document[table] for table in TABLES if table in document}
        v3 = msgspec.msgpack.decode(document.get(V3, Raw(b"\x80")), type=dict[str, Raw])
        packed |= {f"{V3}.{table}": raw for table, raw in v3.items()}
        named: list[str] = msgspec.msgpack.decode(document.get("removed", Raw(b"\x90")), type=list[str])
        ours = msgspec.msgpack.decode(document.get(OUR_KEY, Raw(b"\x80")), type=dict[str, Raw])
        named += msgspec.msgpack.decode(ours.get(_YANKS, Raw(b"\x80")), type=dict[str, Raw])
        for table, raw in packed.items():
            for key, record in msgspec.msgpack.decode(raw, type=dict[str, Raw]).items():
                if file_name(table, key) in files:
                    name = msgspec.msgpack.decode(record, type=dict[str, Raw]).get("name")
                    return client_name(
                        package_name(file_name(table, key)) if name is None else msgspec.msgpack.decode(name, type=str)
                    )
    except MALFORMED:
        return None
    return next((client_name(package_name(file)) for file in named if file in files), None)


def _yanks(ours: Raw | None, name: str) -> dict[str, Raw]:
    """The yanks in what chaninfra adds to a shard. Raises one of MALFORMED."""
    if ours is None:
        return {}
    yanks = msgspec.msgpack.decode(ours, type=dict[str, Raw]).get(_YANKS)
    return {} if yanks is None else yanks_in_shard(yanks, name)


def _unpacked(raw: Raw, table: str, name: str, pass_over: PassOver | None) -> dict[str, Raw]:
    """The records of a table, as JSON. Without `pass_over`, raises ValueError for one of another package."""
    records: dict[str, Raw] = {}
    for key, packed in msgspec.msgpack.decode(raw, type=dict[str, Raw]).items():
        try:
            records[key] = _as_json(packed, table, key, name)
        except MALFORMED as error:
            if pass_over is None:
                raise
            pass_over(file_name(table, key), str(error))
    return records


def _as_json(packed: Raw, table: str, key: str, name: str) -> Raw:
    if len(bytes(packed)) > MAX_RECORD:
        raise ValueError(f"the record of {key[:80]!r} is larger than {MAX_RECORD >> 20} MiB")
    record = msgspec.msgpack.decode(packed, type=dict[str, Any])
    found = record.get("name", package_name(file_name(table, key)))
    if not isinstance(found, str) or client_name(found) != name or not is_file_name(file_name(table, key)):
        raise ValueError(f"{key[:80]!r} is no package of this name")
    for hash_name in _HASHES:
        if isinstance(record.get(hash_name), bytes):
            record[hash_name] = record[hash_name].hex()
    check_plain(record)
    return Raw(msgspec.json.encode(record))


def shard_key(digest: bytes) -> str:
    """The key of the shard with this sha256 (32 raw bytes), relative to the subdir."""
    return f"{SHARDS}/{digest.hex()}.msgpack.zst"


def is_shard(key: str) -> bool:
    """Whether a key, relative to the subdir, has the form of a shard's key."""
    return _SHARD.fullmatch(key) is not None


@dataclass(frozen=True, kw_only=True)
class NewShard:
    """A shard to upload."""

    name: str
    """The package name."""
    digest: bytes
    """The sha256 of its bytes, 32 raw bytes."""
    body: ObjectBody
    shard: Shard


def make_shards(
    repodata: Repodata,
    names: Collection[str] | None,
    revision: str,
    level: int,
    other: Mapping[str, Mapping[str, Raw]] | None = None,
    yanks: Mapping[str, Raw] | None = None,
    empty: Collection[str] = (),
) -> Iterator[NewShard]:
    """The shards, sorted by name, of each of `names` (None: all) that has a record or a removed file in `repodata`, or
    is in `empty`.

    `revision` is written into the shards and must be new. `other`: name → unknown keys of its shard; `yanks`:
    file name → yank, as in Shard. Raises StorageError where a record is not valid, or a shard would be larger than
    clients read.
    """
    removed: dict[str, list[str]] = {}
    for file in sorted(repodata.removed):
        removed.setdefault(package_name(file), []).append(file)
    by_name: dict[str, dict[str, dict[str, Raw]]] = {
        name: {table: {} for table in TABLES} for name in (*removed, *empty) if names is None or name in names
    }
    for name, table, key, raw in repodata.names() if names is None else repodata.named(names):
        by_name.setdefault(name, {table: {} for table in TABLES}).setdefault(table, {})[key] = raw
    compress_shard = compressor(level)
    for name in sorted(by_name):
        tables = by_name.pop(name)
        kept = (other or {}).get(name, {})
        yanked = {file: yanks[file] for file in removed.get(name, ()) if yanks and file in yanks}
        # Rule: nothing else tells the shards of two names apart that say nothing of any file.
        one = revision if name in removed or any(tables.values()) else f"{revision}-{name}"
        ours = {"revision": one, **({_YANKS: yanked} if yanked else {})}
        more = {**kept, "removed": removed.get(name, []), OUR_KEY: ours}
        try:
            packed = msgspec.msgpack.encode({**_packed(repodata, tables), **more})
        except UNWRITABLE:
            packed = msgspec.msgpack.encode({**_packed(repodata, tables, checked=True), **more})
        if len(packed) > MAX_SHARD:
            raise StorageError(
                f"the shard of {name} would be larger than {MAX_SHARD >> 20} MiB, and then conda could not read it",
                remedy=f"delete old packages of {name} and run `chaninfra reindex`, or publish to another channel",
            )
        data = compress_shard(packed)
        yield NewShard(
            name=name,
            digest=hashlib.sha256(data).digest(),
            body=ObjectBody(data=data, content_type=CONTENT_TYPES["shards"], cache_control=IMMUTABLE),
            shard=Shard(records=tables, removed=tuple(removed.get(name, ())), yanks=yanked, other=kept),
        )


def _packed(
    repodata: Repodata, tables: dict[str, dict[str, Raw]], *, checked: bool = False
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


def is_packable(repodata: Repodata, table: str, key: str) -> bool:
    """Whether the record can be put into a shard."""
    try:
        if repodata.name_in(table, key) is None:
            return False
        return _record(repodata, table, key, repodata.records[table][key], checked=True) is not None
    except StorageError:
        return False


def _record(repodata: Repodata, table: str, key: str, raw: Raw, *, checked: bool = False) -> dict[str, Any] | None:
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
