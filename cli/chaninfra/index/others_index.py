"""Index files of other tools: what they say, added to the last index that was ours."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.index_files import MAX_REPODATA, REPODATA, decompress
from chaninfra.channel.conda.repodata import REBUILD, Repodata
from chaninfra.channel.conda.shard_index import packed_keys
from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.derived_state import Derived
from chaninfra.index.subdir_index import SubdirIndex


def others_repodata(subdir_index: SubdirIndex, derived: Derived, *, salvage: bool) -> Repodata | None:
    """The repodata.json that another tool wrote, or its zst where there is no repodata.json; None: it is ours."""
    found = derived.get("json") or derived.get("zst")
    if found is None or found.origin is not None:
        return None
    key = found.entry.key
    stored = get_within(subdir_index.store, key, MAX_REPODATA)
    if stored is None:
        return None
    data = stored.data if isinstance(stored, StoredObject) else b""
    try:
        if not isinstance(stored, StoredObject):
            raise InvalidRepodataError(
                f"is larger than {MAX_REPODATA >> 20:,} MiB, so it was not read", where=key, remedy=REBUILD
            )
        if "json" not in derived:
            data = bytes(decompress(data, MAX_REPODATA) or b"")
        return Repodata.parse(data, where=key, subdir=subdir_index.subdir)
    except InvalidRepodataError:
        if not salvage:
            raise
        return Repodata.salvage(data, where=key, subdir=subdir_index.subdir)


def add(repodata: Repodata, other: Repodata) -> set[str]:
    """Add the records of files that it does not have, and the removed files; returns these files."""
    added: set[str] = set()
    for file, table, key in list(other.files()):
        if repodata.find(file) is None:
            repodata.records.setdefault(table, {})[key] = other.records[table][key]
            added.add(file)
    repodata.removed = sorted({*repodata.removed, *other.removed} - {file for file, _, _ in repodata.files()})
    return added


def info_of(
    subdir_index: SubdirIndex, repodata: list[Repodata], *, salvage: bool
) -> tuple[dict[str, Any], dict[str, Raw]]:
    """`info` and the unknown keys, as msgpack, of all of them; of the first where they differ."""
    info: dict[str, Any] = {}
    unknown: dict[str, Raw] = {}
    for each in reversed(repodata):
        packed = packed_keys(each, where=subdir_index.key(REPODATA), salvage=salvage)
        info |= msgspec.msgpack.decode(packed.pop("info", b"\x80"))
        unknown |= packed
    info.pop("repodata_revisions", None)
    if not info.get("base_url"):
        # Clients read null as no text.
        info.pop("base_url", None)
    return {**info, "subdir": subdir_index.subdir}, unknown


def name_of(repodata: Repodata, table: str, key: str) -> str | None:
    """The package name in a record; None: it has no valid one."""
    try:
        return repodata.name_in(table, key)
    except StorageError:
        return None
