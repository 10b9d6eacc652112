"""The yanks that a change makes, each with the record that the package has in the index at that moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.record_facts import RecordFacts, facts_in
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.channel.conda.yank import Yank, unpacked

if TYPE_CHECKING:
    from chaninfra.index.commit.index_record import IndexRecord


def add_yanks(
    repodata: Repodata, yanks: dict[str, Raw], new: Mapping[str, Yank], *, over_mirrors: bool
) -> dict[str, str]:
    """Add `new` (file name → yank) to `yanks`, as in Shard. A file that is yanked already keeps its date, reason and
    record; but if that was by a mirror, and `over_mirrors`, only its record. Returns the files that were not yanked, or
    not so, and the names of their packages.
    """
    added: dict[str, str] = {}
    for file, yank in new.items():
        if file not in yanks:
            yanks[file] = with_record(yank, repodata, file).packed()
            added[file] = package_name(file)
        elif over_mirrors and yank.mirror is None and (old := unpacked(yanks[file])).mirror is not None:
            yanks[file] = msgspec.structs.replace(yank, table=old.table, record=old.record).packed()
            added[file] = package_name(file)
    return added


def with_record(yank: Yank, repodata: Repodata, file: str) -> Yank:
    """The yank with the record that the file has; as it is where there is none. Raises StorageError where the record is
    not valid.
    """
    place = repodata.find(file)
    if place is None:
        return yank
    table, key = place
    try:
        record: dict[str, Any] = msgspec.json.decode(repodata.records[table][key], type=dict[str, Any])
        check_plain(record)
    except MALFORMED as error:
        raise repodata.invalid(key, error) from error
    return msgspec.structs.replace(yank, table=table, record=record)


def as_kept(new: IndexRecord, packed: Raw) -> IndexRecord:
    """The record to bring back: that which the yank keeps now, if `new` came from it too and is of the same bytes."""
    record = unpacked(packed).record
    if not new.kept or record is None or record.get("sha256") != new.sha256:
        return new
    raw = Raw(msgspec.json.encode(record, order="sorted"))
    return dataclasses.replace(new, encode=lambda _: raw)


def with_records(
    yanks: dict[str, Raw],
    records: Mapping[str, IndexRecord],
    encode: Callable[[str, IndexRecord, RecordFacts], Raw],
) -> set[str]:
    """Replace the records that yanks keep by these, where they are of the same bytes and say something else.

    `encode` makes the record, given the file, its record, and what the old one says of the package. Returns the files.
    """
    changed = set()
    for file, new in records.items():
        yank = unpacked(yanks[file])
        try:
            old = facts_in(yank.record or {}, "sha256", "indexed_timestamp", "attestations_sha256")
        except MALFORMED:
            continue
        if old.sha256 != new.sha256:
            continue
        record: dict[str, Any] = msgspec.json.decode(encode(file, new, old), type=dict[str, Any])
        if record != yank.record:
            yanks[file] = msgspec.structs.replace(yank, table=new.table, record=record).packed()
            changed.add(file)
    return changed
