"""What a re-index has to read: the packages that are there, compared with the records that the index has of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.etag_cache import EtagCache
from chaninfra.index.package.index_json import suffix_of

Scope = Literal["changed", "all"]
"""`changed`: packages are read that have no record, or may be others than their record says; `all`: every package."""


@dataclass(frozen=True, kw_only=True)
class FolderListing:
    """A folder of packages: those by file name, and all keys below it."""

    packages: dict[str, ObjectMeta] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def take(self, entries: Iterable[ObjectMeta], folder: str) -> Iterator[tuple[str, ObjectMeta]]:
        """Adds the entries below `folder`, and gives the packages among them: those that lie directly in it."""
        for entry in entries:
            file = entry.key.removeprefix(f"{folder}/")
            self.keys.add(file)
            if "/" not in file and suffix_of(file):
                self.packages[file] = entry
                yield file, entry


@dataclass(frozen=True, kw_only=True)
class Plan:
    """By file name: the packages to `read`, and those that have a record and were not found."""

    read: dict[str, ObjectMeta]
    gone: tuple[str, ...]


@prepared
class _Known(Struct):
    size: int | None = None
    md5: str | None = None
    sha256: str | None = None


_decoder = msgspec.json.Decoder(_Known)


def plan(
    listing: FolderListing, repodata: Repodata, yanked: Collection[str], scope: Scope, seen: Callable[[], EtagCache]
) -> Plan:
    """What is to be read, and what seems to be gone; `seen` is asked where an ETag says nothing."""
    there = listing.packages
    known = {file: repodata.records[table][key] for file, table, key in repodata.files() if suffix_of(file)}
    gone = tuple(file for file in known if file not in listing.keys)
    wanted = {file: entry for file, entry in there.items() if file not in yanked}
    if scope == "all":
        return Plan(read=wanted, gone=gone)
    read: dict[str, ObjectMeta] = {}
    unsure: dict[str, str | None] = {}
    for file, entry in wanted.items():
        if file not in known:
            read[file] = entry
            continue
        record = _known(known[file])
        if record.size not in (None, entry.size):
            read[file] = entry
        elif record.md5 is None or md5_in(entry.etag) != record.md5:
            unsure[file] = record.sha256
    if unsure:
        remembered = seen()
        read |= {
            file: there[file] for file, sha256 in unsure.items() if remembered.get(file) != (there[file].etag, sha256)
        }
    return Plan(read=read, gone=gone)


def sha256_in(repodata: Repodata, file: str) -> str | None:
    """The sha256 in a package's record; None where it has none, or there is none."""
    place = repodata.find(file)
    return _known(repodata.records[place[0]][place[1]]).sha256 if place else None


def _known(record: msgspec.Raw) -> _Known:
    try:
        return _decoder.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not valid, so it is made anew.
        return _Known(size=-1)
