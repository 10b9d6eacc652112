"""The object keys of a channel: index files, packages, and the files that chaninfra keeps for itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.object_names import (
    ASSETS_FOLDER,
    CHANINFRA_FOLDER,
    CHANNEL_JSON,
    CHANNELDATA_JSON,
    NOTICES_JSON,
    WITHDRAWN_JSON,
    YANKED_JSON,
)
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.snapshots import is_file_of_snapshots
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.summary import is_summary
from chaninfra.channel.location import join

_DOCUMENTS = (CHANNEL_JSON, YANKED_JSON, WITHDRAWN_JSON, NOTICES_JSON, CHANNELDATA_JSON)
_ASSET = re.compile(rf"{ASSETS_FOLDER}/(?:page|style|licences)-[0-9a-f]{{16}}\.(?:js|css|txt)")


@dataclass(frozen=True)
class ChannelLayout:
    """Where a channel lies in its bucket (`prefix`, no slash at either end), its subdirs, and its index settings."""

    prefix: str
    subdirs: tuple[Subdir, ...]
    index: IndexSettings
    has_summaries: bool = False
    """Whether the channel has summaries of its packages."""

    @classmethod
    def of(cls, prefix: str, subdirs: Iterable[Subdir], index: dict[str, Any]) -> ChannelLayout:
        """The layout from values of a JSON document; `index` has the keys of IndexSettings."""
        return cls(prefix, tuple(subdirs), msgspec.convert(index, IndexSettings, strict=False))

    def key(self, *parts: str) -> str:
        """The key of an object of the channel: `<prefix>/<part>/<part>`; without parts, the prefix."""
        return join(self.prefix, *parts)


def index_keys(layout: ChannelLayout) -> tuple[str, ...]:
    """The keys of the index files that a channel must have, sorted."""
    return tuple(
        sorted(layout.key(subdir, FILE_NAMES[kind]) for subdir in layout.subdirs for kind in layout.index.formats)
    )


def unwritten_keys(layout: ChannelLayout) -> tuple[str, ...]:
    """The keys of the index files that are not written with these settings, sorted.

    No writer updates such a file, and a client that reads it sees an old index. A maintainer's `chaninfra gc` deletes
    it.
    """
    names = [name for kind, name in FILE_NAMES.items() if kind not in layout.index.formats]
    return tuple(sorted(layout.key(subdir, name) for subdir in layout.subdirs for name in names))


def package_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """The keys that are packages of the channel at `prefix`, not of another channel below it."""
    start = f"{prefix}/" if prefix else ""
    return [key for key in keys if key.startswith(start) and key.count("/") == start.count("/") + 1 and is_package(key)]


def own_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """The keys that chaninfra or an indexer wrote for the channel: index files, shards, summaries, channel.json and the
    other documents beside it, the index files of snapshots and their list, what the page loads, and `.chaninfra/`.

    Not `index.html`, whose name does not say whose it is: see `channel.page.files.is_ours`.
    """
    names = set(FILE_NAMES.values())
    start = f"{prefix}/" if prefix else ""

    def own(key: str) -> bool:
        if not key.startswith(start):
            return False
        first, _, rest = key[len(start) :].partition("/")
        if first == CHANINFRA_FOLDER or (not rest and first in _DOCUMENTS):
            return True
        if first in KNOWN_SUBDIRS:
            return rest in names or rest.startswith(f"{SHARDS}/") or is_summary(rest)
        return is_asset(key[len(start) :]) or is_file_of_snapshots(key[len(start) :])

    return [key for key in keys if own(key)]


def own_and_sidecar_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """The keys of `own_keys`, and those of attestations of packages of the channel, which are of no use without it."""
    given = [*keys]
    start = f"{prefix}/" if prefix else ""

    def sidecar(key: str) -> bool:
        subdir, _, file = key[len(start) :].partition("/")
        return key.startswith(start) and subdir in KNOWN_SUBDIRS and package_of(file) is not None

    return [*own_keys(given, prefix), *filter(sidecar, given)]


def is_asset(name: str) -> bool:
    """Whether this is the name of an asset of a page of chaninfra, of any version, relative to the channel."""
    return _ASSET.fullmatch(name) is not None
