"""repodata.json of a subdir (CEP 36): parse, query, change, encode.

Everything that chaninfra does not know is kept: records stay the bytes that they were read as, and unknown keys at the
top level and in `info` are written again. A repodata.json that chaninfra writes says in its top-level key `chaninfra`
which commit it was made from: see `commit_stamp`. Shards are made from a Repodata in `shards`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.commit_stamp import OUR_KEY, CommitStamp
from chaninfra.channel.conda.filenames import PACKAGE_TABLES, TABLES, V3, file_name, key_in, package_name
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordName, read_facts
from chaninfra.channel.conda.revisions import with_v3
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, bad_file_name, check_plain, check_utf8, is_file_name
from chaninfra.channel.errors import InvalidRepodataError, StorageError

_FEW = 8
"""Searching a record's bytes for up to this many names is faster than decoding the record's name."""

_as_raw = msgspec.json.Decoder(dict[str, Raw])

_name = msgspec.json.Decoder(RecordName)

_encoder = msgspec.json.Encoder()

_KNOWN = ("info", "removed", "repodata_version", OUR_KEY, V3, *TABLES)
"""The keys at the top level that chaninfra writes itself."""

REBUILD = "run `chaninfra reindex --force` to rebuild it from the packages"


@prepared
class _Info(Struct):
    """The types of what chaninfra reads in `info`."""

    subdir: str | None = None
    repodata_revisions: dict[str, dict[str, Any]] | None = None


class Repodata:
    """The content of a repodata.json.

    `records`: table → key → record as JSON bytes. Tables are `packages`, `packages.conda`, and those below `v3` (CEP
    48) as `v3.conda` and so on; their keys are file names without the suffix.
    `removed`: names of files that were taken out of the index (yanked).
    """

    def __init__(self, document: dict[str, Raw], *, where: str = REPODATA) -> None:
        self._document = {key: raw for key, raw in document.items() if key not in _KNOWN}
        self._where = where
        self._info: dict[str, Any] = _info(document["info"]) if "info" in document else {}
        # Where earlier versions of chaninfra had their key.
        self._info.pop(OUR_KEY, None)
        v3 = _as_raw.decode(document[V3]) if V3 in document else {}
        self._has_v3 = V3 in document
        self.records: dict[str, dict[str, Raw]] = {
            table: _as_raw.decode(document[table]) if table in document else {} for table in TABLES
        } | {f"{V3}.{table}": _as_raw.decode(raw) for table, raw in v3.items()}
        self.removed: list[str] = (
            msgspec.json.decode(document["removed"], type=list[str]) if "removed" in document else []
        )
        for table, records in self.records.items():
            files = [file_name(table, key) for key in records] if table.startswith(V3) else [*records]
            _check_names(files)
        _check_names(self.removed)

    @classmethod
    def empty(cls, subdir: str) -> Repodata:
        """Repodata without records."""
        info = msgspec.json.encode({"subdir": subdir})
        return cls({"info": Raw(info)})

    @classmethod
    def parse(cls, data: bytes | bytearray, *, where: str, subdir: str | None = None) -> Repodata:
        """Parse a repodata.json. Raises InvalidRepodataError where it is not one; `where` is its key, for the message.

        `subdir` is written into `info`: rattler cannot read a shard index without it (CEP 16).
        """
        try:
            check_utf8(data)
            repodata = cls(_as_raw.decode(data), where=where)
        except MALFORMED as error:
            raise InvalidRepodataError(f"is not a valid repodata.json: {error}", where=where, remedy=REBUILD) from error
        if subdir is not None:
            repodata._info["subdir"] = subdir
        return repodata

    @classmethod
    def salvage(cls, data: bytes, *, where: str, subdir: str) -> Repodata:
        """What is readable of a repodata.json that `parse` refuses, perhaps nothing: for a re-index that reads all
        packages again and needs to know when they first came into the index.
        """
        document = _mapping(data)
        tables = {name: document.pop(name) for name in TABLES if name in document}
        tables |= {f"{V3}.{name}": raw for name, raw in _mapping(document.pop(V3, b"")).items()}
        removed = document.pop("removed", b"[]")
        kept = {key: raw for key, raw in document.items() if _is_valid(raw)}
        try:
            repodata = cls(kept, where=where)
        except MALFORMED:
            kept.pop("info", None)
            repodata = cls(kept, where=where)
        repodata._info["subdir"] = subdir
        for table, raw in tables.items():
            repodata.records[table] = {
                key: record
                for key, record in _mapping(raw).items()
                # The records of conda packages are made again, those of others are kept.
                if is_file_name(file_name(table, key)) and (table in PACKAGE_TABLES or _is_valid(record))
            }
        try:
            repodata.removed = [file for file in msgspec.json.decode(removed, type=list[str]) if is_file_name(file)]
        except MALFORMED:
            repodata.removed = []
        return repodata

    @property
    def count(self) -> int:
        """How many records it has."""
        return sum(len(table) for table in self.records.values())

    def names(self) -> Iterator[tuple[str, str, str, Raw]]:
        """(package name, table, key, record) of each record; the name as clients look it up. Records of other tables
        than PACKAGE_TABLES are skipped if they have no valid name.

        Raises StorageError where a conda package's record has no valid name.
        """
        for table, records in self.records.items():
            for key, record in records.items():
                name = self.name_in(table, key)
                if name is not None:
                    yield name, table, key, record

    def named(self, names: Iterable[str]) -> Iterator[tuple[str, str, str, Raw]]:
        """Those of `names()` that have one of these names. Only records that contain one of the names are decoded."""
        wanted = {name: msgspec.json.encode(name) for name in map(client_name, names)}
        if not wanted:
            return
        if len(wanted) > _FEW:
            yield from (entry for entry in self.names() if entry[0] in wanted)
            return
        # A record contains its name as a JSON string. Another field may have the same text, so the name is decoded,
        # too. Those of other tables may have none.
        for table, records in self.records.items():
            for key, record in records.items():
                data = bytes(record).lower()
                if table not in PACKAGE_TABLES or any(quoted in data for quoted in wanted.values()):
                    name = self.name_in(table, key)
                    if name is not None and name in wanted:
                        yield name, table, key, record

    def name_in(self, table: str, key: str) -> str | None:
        """The package name in a record, as clients look it up. A record without one in another table than
        PACKAGE_TABLES is of the package that its file is named after; None: its name is not valid.

        Raises StorageError where a conda package's record has no valid name.
        """
        record = self.records[table][key]
        try:
            return client_name(_name.decode(record).name)
        except MALFORMED as error:
            if table in PACKAGE_TABLES:
                raise self.invalid(key, error) from error
        return package_name(file_name(table, key)) if "name" not in (_mapping(record) or ("name",)) else None

    def files(self) -> Iterator[tuple[str, str, str]]:
        """(file name, table, key) of each record."""
        for table, records in self.records.items():
            for key in records:
                yield file_name(table, key), table, key

    def find(self, file: str) -> tuple[str, str] | None:
        """The table and the key of a package's record; None if it has no record."""
        for table, records in self.records.items():
            for key in (file, key_in(table, file)) if table.startswith(V3) else (file,):
                if key in records and file_name(table, key) == file:
                    return table, key
        return None

    def invalid(self, key: str, error: Exception) -> StorageError:
        """The error for a record that cannot be used."""
        return StorageError(
            f"the record of {key} is not valid: {error}",
            where=self._where,
            remedy=REBUILD,
        )

    def info(self) -> dict[str, Any]:
        """The `info` object."""
        return self._info

    def public_info(self) -> dict[str, Any]:
        """`info`, with `repodata_revisions` (CEP 48) counted anew from the records."""
        v3 = [
            self._indexed(raw, table, key)
            for table, records in self.records.items()
            if table.startswith(V3)
            for key, raw in records.items()
        ]
        return with_v3(self._info, len(v3), [time for time in v3 if time is not None])

    def other(self) -> dict[str, Raw]:
        """The keys at the top level that chaninfra does not know, as JSON."""
        return self._document

    def take_info(self, info: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Replace `info` and the unknown keys by those of the authoritative index."""
        self._info = {key: value for key, value in info.items() if key != "repodata_revisions"}
        self._document = {key: Raw(msgspec.json.encode(value)) for key, value in other.items() if key not in _KNOWN}

    def replace(
        self,
        names: Collection[str],
        records: Mapping[str, Mapping[str, Raw]],
        removed: Iterable[str],
        *,
        old: Iterable[tuple[str, str]] | None = None,
    ) -> None:
        """Replace all that it has of the packages of these names: by the records (table → key → record) and the names
        of removed files.

        `old`: table and key of each record that it has of them, if the caller knows; to search a million takes a
        second.
        """
        if old is None:
            old = [(table, key) for _, table, key, _ in self.named(names)]
        for table, key in old:
            self.records[table].pop(key, None)
        for table, new in records.items():
            self.records.setdefault(table, {}).update(new)
        self.removed = sorted({file for file in self.removed if package_name(file) not in names}.union(removed))

    def encode(self, stamp: CommitStamp | None = None) -> bytes:
        """The bytes of repodata.json, with number and revision of the commit. Equal content gives equal bytes."""
        tables: dict[str, Any] = {}
        v3: dict[str, dict[str, Raw]] = {}
        for table, records in self.records.items():
            ordered = dict(sorted(records.items()))
            if table.startswith(V3):
                v3[table.removeprefix(f"{V3}.")] = ordered
            else:
                tables[table] = ordered
        if any(v3.values()) or self._has_v3:
            tables[V3] = v3
        if stamp is not None:
            tables[OUR_KEY] = {"number": stamp.number, "revision": stamp.revision}
        rest = {**self._document, **tables, "removed": sorted(self.removed)}
        # CEP 15.
        rest["repodata_version"] = 2 if self._info.get("base_url") else 1
        return _encoder.encode({"info": self.public_info(), **dict(sorted(rest.items()))})

    def _indexed(self, record: Raw, table: str, key: str) -> int | None:
        try:
            return read_facts(record, "indexed_timestamp").indexed_timestamp
        except MALFORMED as error:
            if table not in PACKAGE_TABLES:
                return None
            raise self.invalid(key, error) from error


def _check_names(files: list[str]) -> None:
    """Raise ValueError where one of them is not the name of a file."""
    bad = bad_file_name(files)
    if bad is not None:
        raise ValueError(f"{bad[:80]!r} is not the name of a file")


def _info(raw: Raw | bytes) -> dict[str, Any]:
    info = msgspec.json.decode(raw, type=dict[str, Any])
    msgspec.convert(info, _Info)
    check_plain(info)
    return info


def _mapping(raw: Raw | bytes) -> dict[str, Raw]:
    """The JSON object in these bytes; empty if they are none."""
    try:
        return _as_raw.decode(raw)
    except MALFORMED:
        return {}


def _is_valid(raw: Raw) -> bool:
    """Whether this is JSON that can be written again."""
    try:
        check_plain(msgspec.json.decode(raw))
    except MALFORMED:
        return False
    return True
