"""Brings `attestations_sha256` of records up to date (CEP 50)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.untrusted import MALFORMED, UNWRITABLE
from chaninfra.index.package.sidecars import with_digest
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

if TYPE_CHECKING:
    from chaninfra.index.commit.change import Attested


def sign(subdir_index: SubdirIndex, repodata: Repodata, signatures: Mapping[str, Attested]) -> dict[str, str]:
    """Bring `attestations_sha256` of the records of these files up to date; returns those whose record changes, and the
    names of their packages.

    Rule: the sidecars are looked at here, later than the index was read. Whoever appends to a sidecar commits after
    that, so of several the last one to commit has seen all bundles.
    """
    signed: dict[str, str] = {}
    places = [(file, place) for file in signatures if (place := repodata.find(file))]
    facts = [facts_of(repodata.records[table][key]) for _, (table, key) in places]
    looks = [
        partial(signatures[file], old.sha256 or "", old.attestations_sha256)
        for (file, _), old in zip(places, facts, strict=True)
    ]
    for (file, (table, key)), old, digest in zip(places, facts, run_all(subdir_index.runtime, looks), strict=True):
        record = repodata.records[table][key]
        if digest != old.attestations_sha256:
            try:
                repodata.records[table][key] = with_digest(record, digest)
            except UNWRITABLE as error:
                raise repodata.invalid(key, error) from error
            signed[file] = client_name(old.name or package_name(file))
    return signed


def facts_of(record: Raw) -> RecordFacts:
    """What a commit reads in a record."""
    try:
        return read_facts(record, "name", "sha256", "indexed_timestamp", "attestations_sha256")
    except MALFORMED:
        # Not a valid record: nothing of it is kept, and any new record differs from it.
        return RecordFacts()
