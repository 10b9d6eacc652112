"""The index files of a subdir: repodata.json, repodata.json.zst and sharded repodata, bytes in and bytes out.

repodata.json is the truth; the other two are made from it (sharded repodata: see `shards`). What we do not know is
kept: records stay the bytes that they were read as, and so do unknown keys at the top level and in `info`.

A truth that we wrote carries a mark in its `info`, and in every commit another one: see Mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.commit_stamp import NO_CHECKSUM, OUR_KEY, CommitStamp, checksum, head, stamp_in
from chaninfra.channel.conda.filenames import PACKAGE_TABLES, TABLES, V3, file_name, stem_of
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.errors import InvalidRepodataError, StorageError

_FEW = 8
"""So many texts are looked for in a record in less time than it takes to decode its name."""


@prepared
class _Named(Struct):
    """What sharding needs of a record."""

    name: str


@prepared
class _Indexed(Struct):
    """What `info.repodata_revisions` needs of a record."""

    indexed_timestamp: int | None = None


_as_raw = msgspec.json.Decoder(dict[str, Raw])

_name = msgspec.json.Decoder(_Named)


class Repodata:
    """The content of a repodata.json; records stay the bytes that they were read as.

    `records` are its tables: `packages`, `packages.conda`, and those below `v3` (CEP 48) as `v3.conda` and so on, whose
    keys have no suffix.
    """

    def __init__(self, document: dict[str, Raw], *, where: str = REPODATA) -> None:
        self._document = {key: raw for key, raw in document.items() if key not in ("info", "removed", V3, *TABLES)}
        self._where = where
        self._raw_info = document.get("info")
        self._info: dict[str, Any] = (
            msgspec.json.decode(document["info"], type=dict[str, Any]) if "info" in document else {}
        )
        v3 = _as_raw.decode(document[V3]) if V3 in document else {}
        self._has_v3 = V3 in document
        self.records: dict[str, dict[str, Raw]] = {
            table: _as_raw.decode(document[table]) if table in document else {} for table in TABLES
        } | {f"{V3}.{table}": _as_raw.decode(raw) for table, raw in v3.items()}
        self.removed: list[str] = (
            msgspec.json.decode(document["removed"], type=list[str]) if "removed" in document else []
        )

    @classmethod
    def empty(cls, subdir: str) -> Repodata:
        """Repodata without a record."""
        info = msgspec.json.encode({"subdir": subdir})
        return cls({"info": Raw(info), "repodata_version": Raw(b"1")})

    @classmethod
    def parse(cls, data: bytes, *, where: str, subdir: str | None = None) -> Repodata:
        """The repodata in a repodata.json. Raises InvalidRepodataError where it is none; `where` names it.

        `subdir` is for an `info` that does not say it: rattler reads no shard index without (CEP 16).
        """
        try:
            made = cls(_as_raw.decode(data), where=where)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRepodataError(
                f"is no valid repodata: {error}",
                where=where,
                remedy="run `chaninfra reindex --force CHANNEL` to rebuild it",
            ) from error
        if subdir is not None and made._info.get("subdir") is None:
            made._info["subdir"] = subdir
        return made

    @property
    def count(self) -> int:
        """How many packages it lists."""
        return sum(len(table) for table in self.records.values())

    def names(self) -> Iterator[tuple[str, str, str, Raw]]:
        """(package name, table, key, record) of each record; those of tables that are not known where they have a name.

        Raises StorageError where a package's has none.
        """
        for table, records in self.records.items():
            for key, record in records.items():
                name = self.name_in(table, key)
                if name is not None:
                    yield name, table, key, record

    def named(self, names: Iterable[str]) -> Iterator[tuple[str, str, str, Raw]]:
        """Those of `names()` that have one of these names, found without reading the others."""
        wanted = {name: msgspec.json.encode(name) for name in names}
        if len(wanted) > _FEW:
            yield from (each for each in self.names() if each[0] in wanted)
            return
        # A name stands in its record in quotes; what else has the same text there is read, and left.
        for table, records in self.records.items():
            for key, record in records.items():
                data = bytes(record)
                for quoted in wanted.values():
                    if quoted in data:
                        name = self.name_in(table, key)
                        if name is not None and name in wanted:
                            yield name, table, key, record
                        break

    def name_in(self, table: str, key: str) -> str | None:
        """The package name in a record; None where one of a table that is not known has none.

        Raises StorageError where a package's has none.
        """
        try:
            return _name.decode(self.records[table][key]).name
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if table not in PACKAGE_TABLES:
                return None
            raise self.invalid(key, error) from error

    def files(self) -> Iterator[tuple[str, str, str]]:
        """(file name, table, key) of each record."""
        for table, records in self.records.items():
            for key in records:
                yield file_name(table, key), table, key

    def find(self, file: str) -> tuple[str, str] | None:
        """The table and the key of a package's record, or None where it has none."""
        for table, records in self.records.items():
            for key in (file, stem_of(file)) if table.startswith(V3) else (file,):
                if key in records and file_name(table, key) == file:
                    return table, key
        return None

    def invalid(self, key: str, error: Exception) -> StorageError:
        """The error for a record that cannot be used."""
        return StorageError(
            f"the record of {key} is not valid: {error}",
            where=self._where,
            remedy="run `chaninfra reindex --force CHANNEL` to rebuild the index",
        )

    def mark(self, data: bytes) -> CommitStamp | None:
        """The mark of the repodata.json with these bytes, which this was parsed from; see `read_mark`."""
        return stamp_in(data, bytes(self._raw_info)) if self._raw_info is not None else None

    def info(self) -> dict[str, Any]:
        """The `info` mapping."""
        return self._info

    def public_info(self) -> dict[str, Any]:
        """The `info` mapping as any tool would write it: what counts the records below `v3` fits, our key is not in."""
        info = {key: value for key, value in self._info.items() if key != OUR_KEY}
        v3 = [
            self._indexed(raw, table, key)
            for table, records in self.records.items()
            if table.startswith(V3)
            for key, raw in records.items()
        ]
        revisions = dict(info.pop("repodata_revisions", None) or {})
        known = revisions.pop(V3, {})
        if v3:
            when = [each for each in v3 if each is not None]
            times = {"oldest": min(when), "newest": max(when)} if when else {}
            revisions[V3] = {**known, "n_packages": len(v3), **times}
        return {**info, **({"repodata_revisions": revisions} if revisions else {})}

    def encode(self, mark: CommitStamp | None = None) -> bytes:
        """The bytes of repodata.json, the same for the same content; with the mark, its checksum filled in."""
        tables: dict[str, Any] = {}
        v3: dict[str, dict[str, Raw]] = {}
        for table, records in self.records.items():
            place, _, below = table.partition(".") if table.startswith(V3) else (table, "", "")
            ordered = dict(sorted(records.items()))
            if below:
                v3[below] = ordered
            else:
                tables[place] = ordered
        if v3 or self._has_v3:
            tables[V3] = v3
        rest = dict(sorted({**self._document, **tables, "removed": sorted(self.removed)}.items()))
        info = self.public_info()
        if mark is not None:
            info[OUR_KEY] = msgspec.structs.replace(mark, checksum=NO_CHECKSUM)
        # In one buffer, since there may be a hundred thousand records: info first, the rest behind it.
        made = bytearray(head(msgspec.json.encode(info)))
        start = len(made)
        _encoder.encode_into(rest, made, start)
        made[start : start + 1] = b","
        if mark is not None:
            # The last thing in info.
            hole = made.rindex(NO_CHECKSUM.encode(), 0, start)
            made[hole : hole + len(NO_CHECKSUM)] = checksum(made, start)
        return bytes(made)

    def _indexed(self, record: Raw, table: str, key: str) -> int | None:
        try:
            return msgspec.json.decode(record, type=_Indexed).indexed_timestamp
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if table not in PACKAGE_TABLES:
                return None
            raise self.invalid(key, error) from error


_encoder = msgspec.json.Encoder()
