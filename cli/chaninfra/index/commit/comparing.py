"""Compares the record that a package should have with the one that it has in the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw

from chaninfra.channel.conda.record_facts import RecordFacts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.index.commit.laying import laid, same_json
from chaninfra.index.commit.signing import facts_of
from chaninfra.index.package.sidecars import with_digest
from chaninfra.index.patches.document import Patches

if TYPE_CHECKING:
    from chaninfra.index.commit.change import Replace
    from chaninfra.index.commit.index_record import IndexRecord


def differs(repodata: Repodata, file: str, new: IndexRecord, replace: Replace, patches: Patches) -> bool:
    """Whether the record that the file has is to be replaced by the new one."""
    place = repodata.find(file)
    if place is None:
        return False
    record = repodata.records[place[0]][place[1]]
    old = facts_of(record)
    if old.sha256 != new.sha256:
        return True
    return (replace == "all" or new.patched) and not same_json(record, laid(patches, file, encoded(new, old, 0)))


def encoded(new: IndexRecord, old: RecordFacts, now: int) -> Raw:
    """The new record, with what the old one says of the package if it is about the same bytes."""
    if old.sha256 != new.sha256:
        return new.encode(now)
    record = new.encode(now if old.indexed_timestamp is None else old.indexed_timestamp)
    return record if old.attestations_sha256 is None else with_digest(record, old.attestations_sha256)
