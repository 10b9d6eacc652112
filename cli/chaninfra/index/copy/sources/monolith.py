"""repodata.json of a source, or repodata.json.zst (CEP 36); a record that cannot be used is passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import OUR_KEY
from chaninfra.channel.conda.filenames import TABLES, V3, file_name, package_name
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, MAX_ZST, REPODATA, decompress
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordName
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED, check_utf8
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.index.copy.sources.passed_over import PassedOver
from chaninfra.index.copy.sources.reference import base_url_in

_name = msgspec.json.Decoder(RecordName)
_tables = msgspec.json.Decoder(dict[str, Raw])
_info = msgspec.json.Decoder(dict[str, Any])


@prepared
class _Commit(msgspec.Struct):
    """What chaninfra writes into repodata.json, see `commit_stamp`."""

    number: int
    revision: str


@dataclass(frozen=True, kw_only=True)
class Monolith:
    """The content of a repodata.json."""

    by_name: Mapping[str, Sequence[tuple[str, str, Raw]]]
    """Package name as clients look it up → (table, key, record)."""
    removed: frozenset[str]
    """The names of packages of which files were removed: of a channel of chaninfra by yanks, which shards tell."""
    base_url: str | None
    commit: tuple[int, str] | None
    """Number and revision of the commit that it was made from; None: another tool wrote it."""


def parse_monolith(
    get: Callable[[str, int], bytes | None], subdir: Subdir, *, url: str, remedy: str, passed_over: PassedOver
) -> Monolith | None:
    """Read it by `get`, see `index_reader.Get`; None: it is not there. `url`: of the subdir, for messages.

    Raises InvalidRepodataError for one that is damaged, or of another subdir; what `get` raises.
    """
    name = FILE_NAMES["zst"]
    data: bytes | bytearray | None = get(name, MAX_ZST)
    if data is None:
        name, data = REPODATA, get(REPODATA, MAX_REPODATA)
    else:
        data = decompress(bytes(data), MAX_REPODATA) or b""
    if data is None:
        return None
    try:
        return _parsed(data, subdir, passed_over)
    except MALFORMED as error:
        raise InvalidRepodataError(f"is not a valid index: {error}", where=f"{url}/{name}", remedy=remedy) from error


def _parsed(data: bytes | bytearray, subdir: Subdir, passed_over: PassedOver) -> Monolith:
    check_utf8(data)
    document = _tables.decode(data)
    info = _info.decode(document["info"]) if "info" in document else {}
    if info.get("subdir", subdir) != subdir:
        raise ValueError(f"it is of another subdir, {str(info['subdir'])[:80]!r}")
    tables = {table: document[table] for table in TABLES if table in document}
    if V3 in document:
        tables |= {f"{V3}.{table}": raw for table, raw in _tables.decode(document[V3]).items()}
    by_name: dict[str, list[tuple[str, str, Raw]]] = {}
    for table, raw in tables.items():
        for key, record in _tables.decode(raw).items():
            try:
                name = client_name(_name.decode(record).name)
            except MALFORMED as error:
                passed_over.add(f"{subdir}/{file_name(table, key)}", f"its record has no name: {error}")
                continue
            by_name.setdefault(name, []).append((table, key, record))
    removed = msgspec.json.decode(document["removed"], type=list[str]) if "removed" in document else []
    return Monolith(
        by_name=by_name,
        removed=frozenset(map(package_name, removed)),
        base_url=base_url_in(info),
        commit=_commit(document.get(OUR_KEY)),
    )


def _commit(ours: Raw | None) -> tuple[int, str] | None:
    try:
        found = msgspec.json.decode(ours or b"", type=_Commit)
    except MALFORMED:
        return None
    return found.number, found.revision
