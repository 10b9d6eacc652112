"""Decides which packages a re-index reads, by comparing a listing of the folder with the records in the index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.name_rules import breaks_index, unreadable, unusable_key
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import ObjectMeta, is_etag_of, md5_in
from chaninfra.index.etag_cache import EtagCache
from chaninfra.index.package.sidecars import FIELD, immutable_name, sidecar_name

Scope = Literal["changed", "all"]
"""`changed`: read the packages that have no record, or may have other bytes than their record; `all`: every package."""

_INVALID = RecordFacts(size=-1)
"""The facts of an invalid record: no package has this size, so the package is read and the record replaced."""


@dataclass(frozen=True, kw_only=True)
class FolderListing:
    """The objects of a subdir's folder."""

    packages: dict[str, ObjectMeta] = field(default_factory=dict)
    """File name → object, of the packages."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """File name → why clients cannot read a package with this name; they are not in `packages`."""
    stray: dict[str, str] = field(default_factory=dict)
    """Key, relative to the folder, of other objects that lie there by mistake → why no client can ask for them."""
    sidecars: dict[str, ObjectMeta] = field(default_factory=dict)
    """File name → object, of the sidecars of packages and their copies."""
    keys: set[str] = field(default_factory=set)
    """All keys, relative to the folder."""

    def take(
        self, entries: Iterable[ObjectMeta], folder: str, known: Collection[str] = ()
    ) -> Iterator[tuple[str, ObjectMeta]]:
        """Add these entries below `folder`, and yield the packages among them: (file name, object).

        `known` are files that the index lists: another tool may have a name there that only some clients can read,
        which harms no other package, so it stays.
        """
        for entry in entries:
            file = entry.key.removeprefix(f"{folder}/")
            self.keys.add(file)
            # Consoles make an object for a folder: its key ends in a slash.
            if (reason := unusable_key(file)) and not file.endswith("/"):
                self.stray[file] = reason
            elif "/" in file or not suffix_of(file):
                if package_of(file):
                    self.sidecars[file] = entry
            elif (reason := unreadable(file)) and (file not in known or breaks_index(file)):
                self.unreadable[file] = reason
            else:
                self.packages[file] = entry
                yield file, entry


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a re-index has to do."""

    read: dict[str, ObjectMeta]
    """File name → object, of the packages to read."""
    missing: tuple[str, ...]
    """File names that have a record and were not listed."""
    signed: tuple[str, ...] = ()
    """File names of packages whose sidecar is to be read, or is gone while their record has one."""


def plan(
    listing: FolderListing,
    repodata: Repodata,
    yanked: Collection[str],
    scope: Scope,
    etag_cache: Callable[[], EtagCache],
    own: Callable[[str], bool] = lambda _: True,
) -> Plan:
    """Compare the listing with the index. `yanked` are file names; `etag_cache` is called only if it is needed. `own`:
    which files are to be compared.
    """
    records = {file: repodata.records[table][key] for file, table, key in repodata.files() if suffix_of(file)}
    missing = tuple(file for file in records if file not in listing.keys and own(file))
    wanted = {file: entry for file, entry in listing.packages.items() if file not in yanked and own(file)}
    if scope == "all":
        some = (file for file in wanted if sidecar_name(file) in listing.sidecars or _field(records.get(file)))
        return Plan(read=wanted, missing=missing, signed=tuple(some))
    read: dict[str, ObjectMeta] = {}
    unsure: dict[str, str | None] = {}
    signed: list[str] = []
    unproven: dict[str, str] = {}
    for file, entry in wanted.items():
        if file not in records:
            read[file] = entry
            if sidecar_name(file) in listing.sidecars:
                signed.append(file)
            continue
        facts = _facts(records[file])
        if facts.size not in (None, entry.size):
            read[file] = entry
        elif not is_etag_of(entry.etag, facts.md5):
            unsure[file] = facts.sha256
        match _in_step(listing, file, facts.attestations_sha256):
            case False:
                signed.append(file)
            case str(digest):
                unproven[file] = digest
    if unsure or unproven:
        cached = etag_cache()
        read |= {
            file: wanted[file] for file, sha256 in unsure.items() if cached.get(file) != (wanted[file].etag, sha256)
        }
        for file, digest in unproven.items():
            name = sidecar_name(file)
            if cached.get(name) != (listing.sidecars[name].etag, digest):
                signed.append(file)
    return Plan(read=read, missing=missing, signed=tuple(signed))


def _in_step(listing: FolderListing, file: str, digest: str | None) -> bool | str:
    """Whether the sidecar is the one that the record names by this digest. The digest: only its bytes can tell, since
    the ETags of sidecar and copy are no md5.
    """
    sidecar = listing.sidecars.get(sidecar_name(file))
    if sidecar is None or digest is None:
        return sidecar is None and digest is None
    copy = listing.sidecars.get(immutable_name(file, digest))
    if copy is None or copy.size != sidecar.size:
        return False
    return (md5_in(copy.etag) is not None and copy.etag == sidecar.etag) or digest


def sha256_in(repodata: Repodata, file: str) -> str | None:
    """The sha256 (hex) in a package's record; None if the record lacks it or there is no record."""
    place = repodata.find(file)
    return _facts(repodata.records[place[0]][place[1]]).sha256 if place else None


def _field(record: msgspec.Raw | None) -> str | None:
    return _facts(record).attestations_sha256 if record is not None else None


def _facts(record: msgspec.Raw) -> RecordFacts:
    try:
        return read_facts(record, "size", "md5", "sha256", FIELD)
    except MALFORMED:
        return _INVALID
