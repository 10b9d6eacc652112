"""The packages of a channel as its index lists them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_TABLES, suffix_of
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.object_names import LEFT_OUT_JSON, YANKED_JSON
from chaninfra.channel.conda.record_facts import RecordFacts, in_ms, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.json_document import DocumentError
from chaninfra.index.left_out_json import LeftOutPackage, read_left_out
from chaninfra.index.place import nothing_here
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import run_all
from chaninfra.index.whole import read_whole

_FIELDS = ("name", "version", "build", "build_number", "size", "sha256", "timestamp", "attestations_sha256")
_SHOWN = 5
"""So many names of lost shards are told: an index may name any number."""

_LIKE_A_SUBDIR = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)+")
_LOOKED_INTO = 20
"""So many folders that are no subdirs of the channel are looked into: there may be any number."""
_PAGE = 1000
"""So many of their keys are looked at: one ListObjectsV2 page."""

_RENAMED = {
    "build_number": "build-number",
    "attestations_sha256": "attestations-sha256",
    "commits_behind": "commits-behind",
}


class Listed(msgspec.Struct, frozen=True, kw_only=True, rename=_RENAMED):
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
    attestations_sha256: str | None = None
    """Hex digest of its attestations (CEP 50); None: it has none."""
    yanked: str | None = None
    """Why it was yanked, "" if no reason was given; None: it is not yanked."""
    commits_behind: int | None = None
    """The number of commits that repodata.json of the subdir does not have yet; None: it has no repodata.json that
    chaninfra writes."""


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A repodata.json that does not have the last commits."""

    subdir: Subdir
    commits: int
    written: datetime
    """When it was written."""


@dataclass(frozen=True, kw_only=True)
class LostShards:
    """Shards that the index of a subdir names, and that are missing or damaged."""

    subdir: Subdir
    count: int
    names: tuple[str, ...]
    """The package names of some of them."""


@dataclass(frozen=True, kw_only=True)
class ChannelContents:
    """The packages by subdir and name, newest first; the subdirs without index; where repodata.json is behind; and
    where shards are lost.
    """

    packages: tuple[Listed, ...]
    without_index: tuple[Subdir, ...]
    behind: tuple[Behind, ...] = ()
    lost: tuple[LostShards, ...] = ()
    left_out: Mapping[str, LeftOutPackage] = field(default_factory=dict)
    """`<subdir>/<file>` → why a follower could not index it, or holds it."""
    left_out_unread: DocumentError | None = None
    """Why that is not known."""


def contents_of(channel: Channel, progress: Progress = SILENT) -> ChannelContents:
    """The packages of the channel. Raises StorageError where no subdir has an index."""
    store = channel.store()
    subdirs = known_subdirs(channel)
    yanked = read_yanked(store, channel.descriptor.key(YANKED_JSON))[0]
    packages: list[Listed] = []
    without_index: list[Subdir] = []
    behind: list[Behind] = []
    lost: list[LostShards] = []
    progress.stage("reading the index", len(subdirs), unit="subdir")
    for subdir in subdirs:
        progress.at(subdir)
        whole = read_whole(channel.subdir_index(subdir, "read"), history=False)
        progress.done()
        if not whole.exists:
            without_index.append(subdir)
            continue
        json = whole.derived.get("json")
        commits = whole.behind.get(REPODATA, 0) if json is not None and json.origin is not None else None
        # Where the index is ours, it decides; yanked.json may be behind it.
        yanks = {file: yank for file, yank in yanked.of(subdir).items() if not whole.has_record(file)}
        packages += _listed_in(subdir, whole.repodata, yanks, commits)
        if json is not None and commits:
            behind.append(Behind(subdir=subdir, commits=commits, written=json.entry.modified))
        if whole.lost:
            some = tuple(heapq.nsmallest(_SHOWN, whole.lost))
            lost.append(LostShards(subdir=subdir, count=len(whole.lost), names=some))
    if len(without_index) == len(subdirs):
        raise StorageError(
            "no subdir has an index",
            where=channel.descriptor.url,
            remedy="index its packages with `chaninfra reindex`, or create an empty channel with `chaninfra init`",
        )
    left_out: Mapping[str, LeftOutPackage] = {}
    unread: DocumentError | None = None
    try:
        left_out = left_out_of(channel)
    except DocumentError as error:
        # It is a report, and the index decides.
        unread = error
    return ChannelContents(
        packages=tuple(packages),
        without_index=tuple(without_index),
        behind=tuple(behind),
        lost=tuple(lost),
        left_out=left_out,
        left_out_unread=unread,
    )


def left_out_of(channel: Channel) -> Mapping[str, LeftOutPackage]:
    """What left-out.json of the channel lists; nothing for those who may not read it. Raises DocumentError;
    StorageError.
    """
    try:
        return read_left_out(channel.store(), channel.descriptor.key(LEFT_OUT_JSON))[0].packages
    except DeniedError:
        return {}


def known_subdirs(channel: Channel) -> tuple[Subdir, ...]:
    """The subdirs of the descriptor. For an assumed descriptor: noarch, and the subdirs whose folder exists.

    Raises ConfigurationError where there is neither a descriptor nor such a folder.
    """
    if channel.origin == "descriptor":
        return channel.descriptor.subdirs
    existing = subdir_folders(channel)
    if not existing:
        raise nothing_here(channel)
    return tuple(subdir for subdir in KNOWN_SUBDIRS if subdir == NOARCH or subdir in existing)


def subdir_folders(channel: Channel, besides: Collection[Subdir] = ()) -> tuple[Subdir, ...]:
    """The subdirs, but for those in `besides`, in whose folder there is an object. Raises StorageError."""
    store, folders = channel.store(), _folders(channel)
    likely = [subdir for subdir in KNOWN_SUBDIRS if subdir in folders and subdir not in besides]

    def has_object(subdir: Subdir) -> bool:
        return any(True for _ in store.list(channel.descriptor.key(subdir)))

    there = run_all(channel.runtime, [partial(has_object, subdir) for subdir in likely])
    return tuple(subdir for subdir, is_there in zip(likely, there, strict=True) if is_there)


def _folders(channel: Channel) -> frozenset[str]:
    """The names of the folders directly below the channel's prefix, listed without their contents. MinIO lists those,
    too, in which there are only delete markers.
    """
    return channel.store().folders(channel.descriptor.prefix)


def passed_over(channel: Channel, subdirs: Collection[Subdir]) -> tuple[str, ...]:
    """The other folders that are named like a subdir and have packages, which no command indexes; none where these
    credentials may not list them. At most `_LOOKED_INTO` are looked into, one page each.
    """
    store, found = channel.store(), []
    with suppress(DeniedError):
        others = filter(_LIKE_A_SUBDIR.fullmatch, _folders(channel) - {*subdirs})
        for name in sorted(others)[:_LOOKED_INTO]:
            folder = channel.descriptor.key(name)
            files = (entry.key.removeprefix(f"{folder}/") for entry in islice(store.list(folder), _PAGE))
            if any(suffix_of(file) and "/" not in file for file in files):
                found.append(name)
    return tuple(found)


def _listed_in(
    subdir: Subdir, repodata: Repodata, yanks: Mapping[str, Yank], commits_behind: int | None
) -> Sequence[Listed]:
    packages = []
    for file, table, key in repodata.files():
        # Another tool has put the record back.
        if file not in yanks:
            try:
                facts = read_facts(repodata.records[table][key], *_FIELDS)
                packages.append(_listed(subdir, file, facts, None, commits_behind))
            except MALFORMED as error:
                # Records of other tables may have other fields; they are skipped.
                if table in PACKAGE_TABLES:
                    raise repodata.invalid(key, error) from error
    for file, yank in yanks.items():
        packages.append(_listed(subdir, file, yank.facts(file), yank.reason or "", commits_behind))
    return sorted(packages, key=lambda package: (package.name, -(package.timestamp or 0), package.file))


def _listed(subdir: Subdir, file: str, facts: RecordFacts, yanked: str | None, commits_behind: int | None) -> Listed:
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
        timestamp=in_ms(facts.timestamp),
        attestations_sha256=facts.attestations_sha256,
        yanked=yanked,
        commits_behind=commits_behind,
    )
