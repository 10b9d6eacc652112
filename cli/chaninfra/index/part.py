"""A part of the packages: array jobs share the work of one command, each with its own `--part K/N`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Part:
    """The part `number` (from 1) of `count`."""

    number: int
    count: int

    def has(self, path_in_channel: str) -> bool:
        """Whether the package `<subdir>/<file>` is in this part. Every package is in one part, whatever others there
        are, so that jobs that list at different times agree.
        """
        digest = hashlib.sha256(path_in_channel.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1
