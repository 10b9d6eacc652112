"""What a channel holds, as its index says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chaninfra.channel.control import our_errors
from chaninfra.channel.errors import StorageError
from chaninfra.channel.formats import REPODATA, Repodata
from chaninfra.channel.store import ObjectStore
from chaninfra.channel.structs import prepared
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.index.channel import Channel


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename={"build_number": "build-number"}):
    """A package in the index of a channel; `size` in bytes and `timestamp` (ms since 1970) where the record has it."""

    subdir: str
    name: str
    version: str
    build: str
    build_number: int
    file: str
    size: int | None
    sha256: str | None
    timestamp: int | None


@prepared
class _Record(msgspec.Struct, frozen=True):
    name: str
    version: str
    build: str
    build_number: int = 0
    size: int | None = None
    sha256: str | None = None
    timestamp: int | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The packages by subdir and name, newest first; `without_index` are the subdirs that have no repodata.json."""

    packages: tuple[Listed, ...]
    without_index: tuple[Subdir, ...]


def holds(channel: Channel) -> Listing:
    """What the channel holds. Raises StorageError where not one subdir has an index."""
    store = channel.store()
    subdirs = known_subdirs(channel)
    found: list[Listed] = []
    missing: list[Subdir] = []
    for subdir in subdirs:
        repodata = read_index(store, channel, subdir)
        if repodata is None:
            missing.append(subdir)
        else:
            found += _listed(subdir, repodata)
    if len(missing) == len(subdirs):
        raise StorageError(
            f"no subdir has a {REPODATA}",
            where=channel.descriptor.url,
            remedy="`chaninfra reindex` makes them from the packages that are there, `chaninfra init` an empty channel",
        )
    return Listing(packages=tuple(found), without_index=tuple(missing))


def read_index(store: ObjectStore, channel: Channel, subdir: Subdir) -> Repodata | None:
    """The index of a subdir, or None where the store says that there is none."""
    stored = store.get(channel.descriptor.key(subdir, REPODATA))
    return Repodata.parse(stored.data, where=channel.url(subdir, REPODATA)) if stored else None


def known_subdirs(channel: Channel) -> tuple[Subdir, ...]:
    """The subdirs of the descriptor; where there is none, noarch and those that are there."""
    if channel.origin == "descriptor":
        return channel.descriptor.subdirs
    there = _folders(channel)
    return tuple(subdir for subdir in KNOWN_SUBDIRS if subdir == NOARCH or subdir in there)


def _folders(channel: Channel) -> frozenset[str]:
    """The names of the folders directly below the channel's prefix: one request, whatever is in them."""
    prefix = channel.descriptor.key() + "/" if channel.descriptor.prefix else ""
    found: set[str] = set()
    with our_errors(channel.descriptor.location, "list", prefix):
        pages = channel.client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=channel.descriptor.bucket, Prefix=prefix, Delimiter="/"):
            found |= {each["Prefix"][len(prefix) :].rstrip("/") for each in page.get("CommonPrefixes", ())}
    return frozenset(found)


def _listed(subdir: Subdir, repodata: Repodata) -> Sequence[Listed]:
    packages = []
    for _, _, file_name, raw in repodata.names():
        try:
            record = msgspec.json.decode(raw, type=_Record)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise repodata.invalid(file_name, error) from error
        packages.append(
            Listed(
                subdir=subdir,
                name=record.name,
                version=record.version,
                build=record.build,
                build_number=record.build_number,
                file=file_name,
                size=record.size,
                sha256=record.sha256,
                timestamp=record.timestamp,
            )
        )
    return sorted(packages, key=lambda each: (each.name, -(each.timestamp or 0), each.file))
