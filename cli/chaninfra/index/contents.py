"""The packages of a channel as its index lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_TABLES
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import StorageError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.yanked_json import Yanked, read_yanked
from chaninfra.index.place import nothing_here
from chaninfra.index.whole import read_whole

_FIELDS = ("name", "version", "build", "build_number", "size", "sha256", "timestamp")


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename={"build_number": "build-number"}):
    """A package of a channel; None where its record lacks the field. `sha256` is a hex digest."""

    subdir: str
    name: str
    version: str
    build: str
    build_number: int
    file: str
    size: int | None
    """In bytes."""
    sha256: str | None
    timestamp: int | None
    """When it was built, in ms since 1970."""
    yanked: str | None = None
    """Why it was yanked, "" if no reason was given; None: it is not yanked."""


@dataclass(frozen=True, kw_only=True)
class ChannelContents:
    """The packages by subdir and name, newest first; and the subdirs that have no index."""

    packages: tuple[Listed, ...]
    without_index: tuple[Subdir, ...]


def contents_of(channel: Channel) -> ChannelContents:
    """The packages of the channel. Raises StorageError where no subdir has an index."""
    store = channel.store()
    subdirs = known_subdirs(channel)
    yanked = read_yanked(store, channel.descriptor.key(YANKED_JSON))[0]
    packages: list[Listed] = []
    without_index: list[Subdir] = []
    for subdir in subdirs:
        whole = read_whole(channel.subdir_index(subdir, "read"), history=False)
        if whole.exists:
            packages += _listed_in(subdir, whole.repodata, yanked)
        else:
            without_index.append(subdir)
    if len(without_index) == len(subdirs):
        raise StorageError(
            "no subdir has an index",
            where=channel.descriptor.url,
            remedy="index its packages with `chaninfra reindex`, or create an empty channel with `chaninfra init`",
        )
    return ChannelContents(packages=tuple(packages), without_index=tuple(without_index))


def known_subdirs(channel: Channel) -> tuple[Subdir, ...]:
    """The subdirs of the descriptor. For an assumed descriptor: noarch, and the subdirs whose folder exists.

    Raises ConfigurationError where there is neither a descriptor nor such a folder.
    """
    if channel.origin == "descriptor":
        return channel.descriptor.subdirs
    existing = folders(channel)
    if existing.isdisjoint(KNOWN_SUBDIRS):
        raise nothing_here(channel)
    return tuple(subdir for subdir in KNOWN_SUBDIRS if subdir == NOARCH or subdir in existing)


def folders(channel: Channel) -> frozenset[str]:
    """The names of the folders directly below the channel's prefix, listed without their contents."""
    from chaninfra.channel.s3.boto import translating_errors

    prefix = channel.descriptor.key() + "/" if channel.descriptor.prefix else ""
    names: set[str] = set()
    with translating_errors(channel.descriptor.location, "list", prefix):
        pages = channel.client().get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=channel.descriptor.bucket, Prefix=prefix, Delimiter="/"):
            names |= {folder["Prefix"][len(prefix) :].rstrip("/") for folder in page.get("CommonPrefixes", ())}
    return frozenset(names)


def _listed_in(subdir: Subdir, repodata: Repodata, yanked: Yanked) -> Sequence[Listed]:
    yanked_files = yanked.files(subdir)
    packages = []
    for file, table, key in repodata.files():
        # A yank that is not committed yet has left the record in the index.
        if file not in yanked_files:
            try:
                packages.append(_listed(subdir, file, read_facts(repodata.records[table][key], *_FIELDS)))
            except MALFORMED as error:
                # Records of other tables may have other fields; they are skipped.
                if table in PACKAGE_TABLES:
                    raise repodata.invalid(key, error) from error
    for file in yanked_files:
        yank = yanked.packages[f"{subdir}/{file}"]
        packages.append(_listed(subdir, file, yank.facts(file), yank.reason or ""))
    return sorted(packages, key=lambda package: (package.name, -(package.timestamp or 0), package.file))


def _listed(subdir: Subdir, file: str, facts: RecordFacts, yanked: str | None = None) -> Listed:
    name, version, build = facts.identity()
    return Listed(
        subdir=subdir,
        name=name,
        version=version,
        build=build,
        build_number=facts.build_number,
        file=file,
        size=facts.size,
        sha256=facts.sha256,
        timestamp=facts.timestamp,
        yanked=yanked,
    )
