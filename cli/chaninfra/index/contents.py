"""What a channel holds, as its index says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_TABLES
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.channel import Channel
from chaninfra.index.commit.yanked_json import Yanked, read_yanked


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename={"build_number": "build-number"}):
    """A package of a channel; `size` in bytes and `timestamp` (of the build, ms since 1970) where its record has it.

    `yanked` is the reason for which it is not in the index, "" where none was given, and None for one that is there.
    """

    subdir: str
    name: str
    version: str
    build: str
    build_number: int
    file: str
    size: int | None
    sha256: str | None
    timestamp: int | None
    yanked: str | None = None


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
class ChannelContents:
    """The packages by subdir and name, newest first; `without_index` are the subdirs that have no repodata.json."""

    packages: tuple[Listed, ...]
    without_index: tuple[Subdir, ...]


def contents_of(channel: Channel) -> ChannelContents:
    """What the channel holds. Raises StorageError where not one subdir has an index."""
    store = channel.store()
    subdirs = known_subdirs(channel)
    yanked = read_yanked(store, channel.descriptor.key(YANKED_JSON))[0]
    found: list[Listed] = []
    missing: list[Subdir] = []
    for subdir in subdirs:
        repodata = read_index(store, channel, subdir)
        if repodata is None:
            missing.append(subdir)
        else:
            found += _listed(subdir, repodata, yanked)
    if len(missing) == len(subdirs):
        raise StorageError(
            f"no subdir has a {REPODATA}",
            where=channel.descriptor.url,
            remedy="`chaninfra reindex` makes them from the packages that are there, `chaninfra init` an empty channel",
        )
    return ChannelContents(packages=tuple(found), without_index=tuple(missing))


def read_index(store: ObjectStore, channel: Channel, subdir: Subdir) -> Repodata | None:
    """The index of a subdir, or None where the store says that there is none."""
    stored = store.get(channel.descriptor.key(subdir, REPODATA))
    return Repodata.parse(stored.data, where=channel.url(subdir, REPODATA)) if stored else None


def known_subdirs(channel: Channel) -> tuple[Subdir, ...]:
    """The subdirs of the descriptor; where there is none, noarch and those that are there."""
    if channel.origin == "descriptor":
        return channel.descriptor.subdirs
    there = folders(channel)
    return tuple(subdir for subdir in KNOWN_SUBDIRS if subdir == NOARCH or subdir in there)


def folders(channel: Channel) -> frozenset[str]:
    """The names of the folders directly below the channel's prefix: one request, whatever is in them."""
    prefix = channel.descriptor.key() + "/" if channel.descriptor.prefix else ""
    found: set[str] = set()
    from chaninfra.channel.s3.boto import translating_errors

    with translating_errors(channel.descriptor.location, "list", prefix):
        pages = channel.client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=channel.descriptor.bucket, Prefix=prefix, Delimiter="/"):
            found |= {each["Prefix"][len(prefix) :].rstrip("/") for each in page.get("CommonPrefixes", ())}
    return frozenset(found)


def _listed(subdir: Subdir, repodata: Repodata, yanked: Yanked) -> Sequence[Listed]:
    out = yanked.files(subdir)
    packages = []
    for file, table, key in repodata.files():
        # Of a yank that was not committed yet the record is still there.
        if file not in out:
            try:
                packages.append(_one(subdir, file, msgspec.json.decode(repodata.records[table][key], type=_Record)))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                # Of other tables it is not known what their records say.
                if table in PACKAGE_TABLES:
                    raise repodata.invalid(key, error) from error
    for file in out:
        yank = yanked.packages[f"{subdir}/{file}"]
        packages.append(_one(subdir, file, msgspec.convert(yank.record or guessed(file), _Record), yank.reason or ""))
    return sorted(packages, key=lambda each: (each.name, -(each.timestamp or 0), each.file))


def guessed(file: str) -> dict[str, str]:
    """What a file name says of the package: `<name>-<version>-<build>`."""
    stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = ["", "", *stem.rsplit("-", 2)][-3:]
    return {"name": name, "version": version, "build": build}


def _one(subdir: Subdir, file: str, record: _Record, yanked: str | None = None) -> Listed:
    return Listed(
        subdir=subdir,
        name=record.name,
        version=record.version,
        build=record.build,
        build_number=record.build_number,
        file=file,
        size=record.size,
        sha256=record.sha256,
        timestamp=record.timestamp,
        yanked=yanked,
    )
