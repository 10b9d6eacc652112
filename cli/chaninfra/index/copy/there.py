"""What the target of a copy has already: its index, and the objects in its store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import Raw

from chaninfra.channel.conda.filenames import file_name
from chaninfra.channel.conda.record_facts import fields_of
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import unpacked
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.commit.authority import Authority, ForeignIndexError
from chaninfra.index.commit.derived_state import derived_metadata
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.copy.records import record_fields
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.package_reader import PART
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of

_FEW = 300
"""So many names are looked up by their shards; of more the whole index is read."""
_HEADS = 32
"""So many objects are asked for one by one; for more the folder is listed."""


@dataclass(frozen=True, kw_only=True)
class Has:
    """What the index of the target says of a file."""

    record: Mapping[str, Any] | None
    yanked: bool = False

    @property
    def sha256(self) -> str | None:
        found = (self.record or {}).get("sha256")
        return found.lower() if isinstance(found, str) else None


def is_behind(target: SubdirIndex, authority: Authority | None) -> bool:
    """Whether a derived file lacks commits of the authoritative index."""
    derived = derived_metadata(target)
    numbers = [file.origin.number for file in derived.values() if file.origin is not None]
    ours = authority is not None and authority.ours
    return ours and authority is not None and any(number < authority.stamp.number for number in numbers)


def looked_up(target: SubdirIndex, authority: Authority | None, names: set[str]) -> Callable[[str], Has | None]:
    """What the index says of the files of packages of these names."""
    if len(names) <= _FEW and authority is not None and authority.ours and authority.index is not None:
        try:
            found = ShardReader(target).read(authority.index.hashes, names)
        except ForeignIndexError:
            pass
        else:
            known = {
                file_name(table, key): Has(record=_fields(record))
                for shard in found.values()
                for table, records in shard.records.items()
                for key, record in records.items()
            }
            known |= {
                file: Has(record=unpacked(packed).record, yanked=True)
                for shard in found.values()
                for file, packed in shard.yanks.items()
            }
            return known.get
    whole = read_whole(target)
    yanks = yanks_of(target, whole)

    def has(file: str) -> Has | None:
        if file in yanks.files and not whole.has_record(file):
            yank = yanks.find(file)
            return Has(record=yank.record if yank is not None else None, yanked=True)
        place = whole.repodata.find(file)
        return None if place is None else Has(record=_fields(whole.repodata.records[place[0]][place[1]]))

    return has


def _fields(record: Raw) -> Mapping[str, Any] | None:
    """The record; None: it is not valid, so it is replaced."""
    try:
        return fields_of(record)
    except MALFORMED:
        return None


def is_other(target: SubdirIndex, package: SourcePackage, entry: ObjectMeta) -> bool:
    """Whether the object has other bytes than the package. If its ETag is no md5 at all, the transfer finds out."""
    facts, md5 = package.facts, md5_in(entry.etag)
    if facts.size not in (None, entry.size):
        return True
    if md5 is None or facts.md5 is None or md5 == facts.md5.lower():
        return False
    # Where the store encrypts, the ETag may have the form of an md5 and be none.
    digest = hashlib.sha256()
    for start in range(0, entry.size, PART):
        digest.update(target.store.get_range(entry.key, entry.etag, start, PART))
    return digest.hexdigest() != str(record_fields(package)["sha256"])


def found_objects(target: SubdirIndex, files: Collection[str]) -> Mapping[str, ObjectMeta]:
    """File name → object, of those that there are."""
    if len(files) > _HEADS:
        folder = target.layout.key(target.subdir)
        try:
            listed = ((entry.key.removeprefix(f"{folder}/"), entry) for entry in target.store.list(folder))
            return {name: entry for name, entry in listed if name in files}
        except DeniedError:
            # Whoever may not list asks for each.
            pass
    heads = run_all(target.runtime, [partial(target.store.head, target.key(file)) for file in files])
    return {file: entry for file, entry in zip(files, heads, strict=True) if entry is not None}
