"""A part of the packages: array jobs share the work of one command, each with its own `--part K/N`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import package_name


@dataclass(frozen=True, kw_only=True)
class Part:
    """The part `number` (from 1) of `count`."""

    number: int
    count: int

    def has(self, path_in_channel: str) -> bool:
        """Whether the package `<subdir>/<file>` is in this part. Every package is in one part, whatever others there
        are, so that jobs that list at different times agree.

        All packages of a name are in the same one. A shard has the packages of a name, so jobs that commit at the same
        time do not have to make each other's shards again.
        """
        subdir, _, file = path_in_channel.partition("/")
        return self.has_name(subdir, package_name(file))

    def has_name(self, subdir: str, name: str) -> bool:
        """Whether the packages of this name (as clients look it up) in the subdir are in this part."""
        digest = hashlib.sha256(f"{subdir}/{name}".encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1
