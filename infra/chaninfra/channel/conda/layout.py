"""The keys of a channel: index files, packages, and the objects that chaninfra itself writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.location import join


@dataclass(frozen=True)
class ChannelLayout:
    """Where the index files of a channel lie, and how they are written."""

    prefix: str
    subdirs: tuple[Subdir, ...]
    index: IndexSettings

    @classmethod
    def of(cls, prefix: str, subdirs: Iterable[Subdir], index: dict[str, Any]) -> ChannelLayout:
        """The layout that JSON documents describe; `index` are the keys of IndexSettings."""
        return cls(prefix, tuple(subdirs), msgspec.convert(index, IndexSettings, strict=False))

    def key(self, *parts: str) -> str:
        """The key of an object of the channel."""
        return join(self.prefix, *parts)


def index_keys(layout: ChannelLayout) -> tuple[str, ...]:
    """The keys of the index files that a channel must have, in order."""
    return tuple(
        sorted(layout.key(subdir, FILE_NAMES[kind]) for subdir in layout.subdirs for kind in layout.index.formats)
    )


def dropped_keys(before: ChannelLayout, after: ChannelLayout) -> list[str]:
    """The keys of the derived files that are no longer declared, in the subdirs that still are.

    Nobody would write them any more, and clients that read them first would not see what comes after. They hold nothing
    that repodata.json does not.
    """
    formats = [kind for kind in before.index.formats if kind not in after.index.formats and kind != "json"]
    return [after.key(subdir, FILE_NAMES[kind]) for subdir in after.subdirs for kind in formats]


def package_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """Those keys that are packages of the channel at the prefix, and not of one that lies below it."""
    start = f"{prefix}/" if prefix else ""
    return [key for key in keys if key.startswith(start) and key.count("/") == start.count("/") + 1 and is_package(key)]


def own_keys(keys: Iterable[str], prefix: str) -> list[str]:
    """Those keys of a channel that chaninfra or an indexer made, and that can be made again from its packages."""
    names = set(FILE_NAMES.values())
    start = f"{prefix}/" if prefix else ""

    def own(key: str) -> bool:
        if not key.startswith(start):
            return False
        first, _, rest = key[len(start) :].partition("/")
        if first == ".chaninfra" or (not rest and first in ("channel.json", "yanked.json")):
            return True
        return first in KNOWN_SUBDIRS and (rest in names or rest.startswith(SHARDS + "/"))

    return [key for key in keys if own(key)]
