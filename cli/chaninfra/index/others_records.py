"""Records of other tools beside those of the last index that was ours.

Another tool may have read the packages anew: then it does not know when they came into the index, nor what was patched
in our records. Or somebody has patched a record in repodata.json, perhaps before that tool wrote the other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import PACKAGE_TABLES
from chaninfra.channel.conda.record_facts import RecordFacts, fields_of, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.index.valid_records import why_invalid

_SOLVED_BY = (
    "build_number",
    "constrains",
    "depends",
    "extra_depends",
    "features",
    "license",
    "noarch",
    "python_site_packages_path",
    "timestamp",
    "track_features",
)
"""The fields that tools write in one way, and that decide what clients install. Other fields some tools do not know,
and leave them out."""
_INDEXED = "indexed_timestamp"
_EMPTY: tuple[object, ...] = (None, "", [], {})


def first_seen(repodata: Repodata) -> dict[tuple[str, str], int]:
    """File name and sha256 (hex) of the packages → `indexed_timestamp`, in ms since 1970."""
    found: dict[tuple[str, str], int] = {}
    for file, table, key in repodata.files():
        facts = _times(repodata, table, key)
        if facts.sha256 is not None and facts.indexed_timestamp is not None:
            found[file, facts.sha256] = facts.indexed_timestamp
    return found


def first_seen_in(repodata: Repodata, table: str, key: str, sha256: str) -> int | None:
    """`indexed_timestamp` in this record, in ms since 1970; None if it has none, or is of other bytes."""
    facts = _times(repodata, table, key)
    return facts.indexed_timestamp if facts.sha256 == sha256 else None


def _times(repodata: Repodata, table: str, key: str) -> RecordFacts:
    try:
        return read_facts(repodata.records[table][key], "sha256", _INDEXED)
    except MALFORMED:
        return RecordFacts()


def differing(ours: Repodata, theirs: Repodata) -> dict[str, Raw]:
    """File name → record of `theirs`, with what only `ours` knows, for packages of the same bytes in both whose records
    say something else; and as it is, where clients could not read that of `theirs`.
    """
    found: dict[str, Raw] = {}
    for file, table, key in theirs.files():
        place = ours.find(file)
        if place != (table, key) or ours.records[table][key] == theirs.records[table][key]:
            continue
        if table in PACKAGE_TABLES and why_invalid(theirs.records[table][key]) is not None:
            found[file] = theirs.records[table][key]
            continue
        try:
            our, their = fields_of(ours.records[table][key]), fields_of(theirs.records[table][key])
            # What no shard can have stays out.
            check_plain(their)
        except MALFORMED:
            continue
        if our.get("sha256") == their.get("sha256") and not _same(our, their):
            rest = {field: value for field, value in our.items() if field not in (*_SOLVED_BY, *their)}
            times = {_INDEXED: our[_INDEXED]} if _INDEXED in our else {}
            found[file] = Raw(msgspec.json.encode({**rest, **their, **times}, order="sorted"))
    return found


def say_the_same(one: Raw, other: Raw) -> bool:
    """Whether two records decide the same."""
    try:
        return _same(fields_of(one), fields_of(other))
    except MALFORMED:
        return False


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(_full(one.get(field)) == _full(other.get(field)) for field in _SOLVED_BY)


def _full(value: object) -> object:
    """The value; None for one that says nothing."""
    return None if value in _EMPTY else value
