"""The index files of a subdir: repodata.json, repodata.json.zst and sharded repodata, bytes in and bytes out.

repodata.json is the truth; the other two are made from it (sharded repodata: see `shards`). What we do not know is
kept: records stay the bytes that they were read as, and so do unknown keys at the top level and in `info`.

A truth that we wrote carries a mark in its `info`, and in every commit another one: see Mark.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import zstandard
from msgspec import Raw, Struct

from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.index_settings import Format, IndexSettings
from chaninfra.channel.store import Body
from chaninfra.channel.structs import prepared
from chaninfra.channel.subdirs import PACKAGE_SUFFIXES

REPODATA = "repodata.json"
FILE_NAMES: dict[Format, str] = {
    "json": REPODATA,
    "zst": "repodata.json.zst",
    "shards": "repodata_shards.msgpack.zst",
}
CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "zst": "application/zstd",
    "shards": "application/x-msgpack",
}
SHARDS = "shards"
IMMUTABLE = "max-age=31536000, immutable"
TABLES = ("packages", "packages.conda")
V3 = "v3"
OUR_KEY = "chaninfra"
"""The key in `info` that is ours."""
_NO_CHECKSUM = "0" * 24
_LOGGED_COMMITS = 32
_FEW = 8
"""So many texts are looked for in a record in less time than it takes to decode its name."""
_LOGGED_NAMES = 512


@prepared
class Mark(Struct, frozen=True, kw_only=True):
    """What a truth says of itself, in its `info`.

    `revision` is fresh at every commit, so that no two truths have equal bytes: stores tell objects apart by their
    content, and a truth that comes back byte by byte would hide from a writer what happened in between. `log` are the
    last commits, oldest first: the revision that each was made on, and the names of the packages that it touched.
    `checksum` is of all that follows `info`, CRC-32 and length in hex: where it does not fit, another tool has written.
    It guards against tools, not against people, and a sha256 would take half of the time of a commit.
    """

    revision: str
    log: tuple[tuple[str, tuple[str, ...]], ...] = ()
    checksum: str = _NO_CHECKSUM

    def next(self, revision: str, names: Iterable[str]) -> Mark:
        """The mark of a commit made on this truth that touches the packages of these names."""
        log = [*self.log, (self.revision, tuple(sorted(names)))][-_LOGGED_COMMITS:]
        while sum(len(each) for _, each in log) > _LOGGED_NAMES:
            del log[0]
        return Mark(revision=revision, log=tuple(log))

    def touched_since(self, revision: str | None) -> set[str] | None:
        """The names that the commits after that revision touched; None: it is not known which."""
        if revision == self.revision:
            return set()
        revisions = [each for each, _ in self.log]
        if revision not in revisions:
            return None
        return {name for _, names in self.log[revisions.index(revision) :] for name in names}


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
    def parse(cls, data: bytes, *, where: str) -> Repodata:
        """The repodata in a repodata.json. Raises InvalidRepodataError where it is none; `where` names it."""
        try:
            return cls(_as_raw.decode(data), where=where)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRepodataError(
                f"is no valid repodata: {error}", where=where, remedy="`chaninfra reindex --force` makes it anew"
            ) from error

    @property
    def count(self) -> int:
        """How many packages it lists."""
        return sum(len(table) for table in self.records.values())

    def names(self) -> Iterator[tuple[str, str, str, Raw]]:
        """(package name, table, key, record) of each record. Raises StorageError where one has no name."""
        for table, records in self.records.items():
            for key, record in records.items():
                yield self.name_in(record, key), table, key, record

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
                        name = self.name_in(record, key)
                        if name in wanted:
                            yield name, table, key, record
                        break

    def name_in(self, record: Raw, key: str) -> str:
        """The package name in a record. Raises StorageError where there is none."""
        try:
            return _name.decode(record).name
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.invalid(key, error) from error

    def files(self) -> Iterator[tuple[str, str, str]]:
        """(file name, table, key) of each record."""
        for table, records in self.records.items():
            for key in records:
                yield file_name(table, key), table, key

    def find(self, file: str) -> tuple[str, str] | None:
        """The table and the key of a package's record, or None where it has none."""
        for table, records in self.records.items():
            for key in (file, _stem(file)) if table.startswith(V3) else (file,):
                if key in records and file_name(table, key) == file:
                    return table, key
        return None

    def invalid(self, key: str, error: Exception) -> StorageError:
        """The error for a record that cannot be used."""
        return StorageError(
            f"the record of {key} is not valid: {error}",
            where=self._where,
            remedy="`chaninfra reindex --force` makes the index anew",
        )

    def mark(self, data: bytes) -> Mark | None:
        """The mark of the repodata.json with these bytes, which this was parsed from; see `read_mark`."""
        return _mark(data, bytes(self._raw_info)) if self._raw_info is not None else None

    def info(self) -> dict[str, Any]:
        """The `info` mapping."""
        return self._info

    def public_info(self) -> dict[str, Any]:
        """The `info` mapping as any tool would write it: what counts the records below `v3` fits, our key is not in."""
        info = {key: value for key, value in self._info.items() if key != OUR_KEY}
        v3 = [
            self._indexed(raw, key)
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

    def encode(self, mark: Mark | None = None) -> bytes:
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
            info[OUR_KEY] = msgspec.structs.replace(mark, checksum=_NO_CHECKSUM)
        # In one buffer, since there may be a hundred thousand records: info first, the rest behind it.
        made = bytearray(_head(msgspec.json.encode(info)))
        start = len(made)
        _encoder.encode_into(rest, made, start)
        made[start : start + 1] = b","
        if mark is not None:
            # The last thing in info.
            hole = made.rindex(_NO_CHECKSUM.encode(), 0, start)
            made[hole : hole + len(_NO_CHECKSUM)] = _checksum(made, start)
        return bytes(made)

    def _indexed(self, record: Raw, key: str) -> int | None:
        try:
            return msgspec.json.decode(record, type=_Indexed).indexed_timestamp
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.invalid(key, error) from error


_encoder = msgspec.json.Encoder()


def read_mark(data: bytes) -> Mark | None:
    """The mark of a repodata.json, or None where it has none that fits: the last to write it was another tool."""
    try:
        info = bytes(msgspec.json.decode(data, type=_WithInfo).info)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _mark(data, info)


def _mark(data: bytes, info: bytes) -> Mark | None:
    try:
        mark = msgspec.json.decode(info, type=_WithMark).chaninfra
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    head = _head(info)
    if mark is None or not data.startswith(head) or mark.checksum.encode() != _checksum(data, len(head)):
        return None
    return mark


@prepared
class _WithInfo(Struct):
    info: Raw


@prepared
class _WithMark(Struct):
    chaninfra: Mark | None = None


def file_name(table: str, key: str) -> str:
    """The name of the file that a record is of."""
    suffix = f".{table.removeprefix(f'{V3}.')}"
    return key if not table.startswith(V3) or key.endswith(suffix) else f"{key}{suffix}"


def package_name(file: str) -> str:
    """The name of the package that a file is named for: `<name>-<version>-<build>`."""
    return _stem(file).rsplit("-", 2)[0]


def compress(data: bytes, level: int) -> bytes:
    """The bytes as one zstd frame that says its size."""
    return zstandard.ZstdCompressor(level=level).compress(data)


def decompress(data: bytes) -> bytes | None:
    """What was compressed, or None where that is no zstd."""
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return None


def body(data: bytes, kind: Format, settings: IndexSettings) -> Body:
    """An index file as it is put."""
    return Body(data=data, content_type=CONTENT_TYPES[kind], cache_control=settings.cache_control)


def _head(info: bytes) -> bytes:
    return b'{"info":' + info


def _checksum(data: bytes | bytearray, start: int) -> bytes:
    with memoryview(data) as view, view[start:] as rest:
        return b"%08x%016x" % (zlib.crc32(rest), len(rest))


def _stem(file: str, suffixes: Sequence[str] = (*PACKAGE_SUFFIXES, ".whl")) -> str:
    return next((file.removesuffix(suffix) for suffix in suffixes if file.endswith(suffix)), file)
