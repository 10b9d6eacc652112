"""The commit stamp: what chaninfra writes into the authoritative index of a subdir (its shard index) at each commit.

It is the value of the top-level key `chaninfra`. It tells which commit wrote the file, which packages the last commits
touched, and whether another tool has written the file since. The files that are derived from the authoritative index
say the number of the commit that they were made from in their metadata. See docs/index-protocol.md.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from chaninfra.channel.conda.structs import prepared

OUR_KEY = "chaninfra"
"""The key of what chaninfra adds at the top level of an index file or shard."""
METADATA = "chaninfra-commit"
"""The name of the object metadata of a derived file, see `Origin`."""

_LOGGED_COMMITS = 128
_LOGGED_NAMES = 1024
_LOGGED_CHARACTERS = 1 << 16
"""Other tools may have names of any length."""
_ORIGIN = re.compile(r"([1-9][0-9]{0,15}) ([0-9a-f]{8}) ([0-9]{1,12})")

MAX_NUMBER = 10**16 - 1
"""The greatest number of a commit that is read."""

_Number = Annotated[int, Meta(ge=1, le=MAX_NUMBER)]


@prepared
class CommitStamp(Struct, frozen=True, kw_only=True):
    """The stamp of one commit.

    `number`: 1 for the first commit, and greater than that of the commit before it.
    `revision`: random id per commit, so that no two authoritative indexes have equal bytes. ETags are content hashes:
    without it If-Match would accept A→B→A.
    `log`: the last commits, oldest first and this one last, as (number, names of the packages that it touched).
    `count`: the number of records in all shards.
    `checksum`: of the map of shards in the file, see `checksum`.
    """

    number: _Number
    revision: str
    log: tuple[tuple[_Number, tuple[str, ...]], ...] = ()
    count: Annotated[int, Meta(ge=0)] = 0
    checksum: str = ""

    def next(self, revision: str, names: Iterable[str], count: int) -> CommitStamp:
        """The stamp of a commit that is built on this one and touches the packages of these names; without checksum."""
        number = self.number + 1
        return CommitStamp(number=number, revision=revision, log=_shortened(self.log, number, names), count=count)

    def touched_since(self, number: int) -> set[str] | None:
        """The package names that commits after that number touched; None if the log does not reach back to it."""
        if number == self.number:
            return set()
        if number > self.number or number + 1 not in [logged for logged, _ in self.log]:
            return None
        return {name for logged, names in self.log if logged > number for name in names}


def first_stamp(number: int, revision: str, names: Iterable[str], count: int) -> CommitStamp:
    """The stamp of a commit that is not built on another one; without checksum."""
    return CommitStamp(number=number, revision=revision, log=_shortened((), number, names), count=count)


def _shortened(
    log: tuple[tuple[int, tuple[str, ...]], ...], number: int, names: Iterable[str]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    longer = [*log, (number, tuple(sorted(names)))][-_LOGGED_COMMITS:]
    logged = sum(len(touched) for _, touched in longer)
    characters = sum(_characters(touched) for _, touched in longer)
    while logged > _LOGGED_NAMES or characters > _LOGGED_CHARACTERS:
        logged -= len(longer[0][1])
        characters -= _characters(longer[0][1])
        del longer[0]
    return tuple(longer)


def _characters(names: Iterable[str]) -> int:
    return sum(map(len, names))


def checksum(shards: bytes) -> str:
    """The checksum of the map of shards, encoded as msgpack: 32 hex digits of its sha256. It finds other tools that
    keep unknown keys, not attackers.
    """
    return hashlib.sha256(shards).hexdigest()[:32]


@dataclass(frozen=True)
class Origin:
    """What a derived file was made from: the number of the commit.

    In the metadata stand also the CRC-32 (8 hex digits) and the length in bytes of repodata.json. Where they do not
    match, another tool has written the file and kept the metadata.
    """

    number: int
    crc: str
    length: int

    @classmethod
    def of(cls, number: int, repodata: bytes) -> Origin:
        """The origin of a repodata.json with these bytes, and of the same compressed."""
        return cls(number, f"{zlib.crc32(repodata):08x}", len(repodata))

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Origin | None:
        """The origin in the metadata of an object; None: another tool wrote it."""
        found = _ORIGIN.fullmatch(metadata.get(METADATA, ""))
        return cls(int(found[1]), found[2], int(found[3])) if found else None

    def is_of(self, repodata: bytes | bytearray) -> bool:
        """Whether the bytes of repodata.json are those that it was made for."""
        return len(repodata) == self.length and f"{zlib.crc32(repodata):08x}" == self.crc

    def metadata(self) -> dict[str, str]:
        """The metadata of the object."""
        return {METADATA: f"{self.number} {self.crc} {self.length}"}
