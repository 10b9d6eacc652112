"""The commit stamp: what chaninfra writes into `info.chaninfra` of the authoritative index at each commit.

It tells which commit wrote the file, which packages the last commits touched, and whether another tool has written the
file since. See docs/index-protocol.md.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED

OUR_KEY = "chaninfra"
"""The key of the stamp in `info`."""
NO_CHECKSUM = "0" * 24
"""Stands in the stamp while the file is encoded, and is then overwritten by the checksum, which is as long."""
_LOGGED_COMMITS = 32
_LOGGED_NAMES = 512


@prepared
class CommitStamp(Struct, frozen=True, kw_only=True):
    """The stamp of one commit.

    `revision`: random id per commit, so that no two repodata.json have equal bytes. ETags are content hashes: without
    it If-Match would accept A→B→A.
    `log`: the last commits, oldest first, as (revision that the commit was built on, names of the packages that it
    touched). A commit keeps the shards of all other names.
    `checksum`: CRC-32 (8 hex digits) and length (16 hex digits) of the bytes after `info`. If it does not match,
    another tool has written the file. It detects other tools, not attackers; a sha256 would double the time of a
    commit.
    """

    revision: str
    log: tuple[tuple[str, tuple[str, ...]], ...] = ()
    checksum: str = NO_CHECKSUM

    def next(self, revision: str, names: Iterable[str]) -> CommitStamp:
        """The stamp of a commit that is built on this one and touches the packages of these names."""
        log = [*self.log, (self.revision, tuple(sorted(names)))][-_LOGGED_COMMITS:]
        while sum(len(touched) for _, touched in log) > _LOGGED_NAMES:
            del log[0]
        return CommitStamp(revision=revision, log=tuple(log))

    def touched_since(self, revision: str | None) -> set[str] | None:
        """The package names that commits after that revision touched; None if the log does not reach back to it."""
        if revision == self.revision:
            return set()
        revisions = [logged for logged, _ in self.log]
        if revision not in revisions:
            return None
        return {name for _, names in self.log[revisions.index(revision) :] for name in names}


def read_stamp(data: bytes) -> CommitStamp | None:
    """The stamp in the bytes of a repodata.json; None if it has none or the checksum does not match: then another tool
    was the last to write it.
    """
    try:
        info = bytes(msgspec.json.decode(data, type=_WithInfo).info)
    except MALFORMED:
        return None
    return stamp_in(data, info)


def stamp_in(data: bytes, info: bytes) -> CommitStamp | None:
    """As `read_stamp`; `info` are the bytes of the `info` object in `data`."""
    try:
        stamp = msgspec.json.decode(info, type=_WithStamp).chaninfra
    except MALFORMED:
        return None
    start = head(info)
    if stamp is None or not data.startswith(start) or stamp.checksum.encode() != checksum(data, len(start)):
        return None
    return stamp


def head(info: bytes) -> bytes:
    """The first bytes of a repodata.json that chaninfra writes: `info` comes first."""
    return b'{"info":' + info


def checksum(data: bytes | bytearray, start: int) -> bytes:
    """The checksum of `data[start:]` in the form that a stamp has it: 24 hex digits."""
    with memoryview(data) as view, view[start:] as rest:
        return b"%08x%016x" % (zlib.crc32(rest), len(rest))


@prepared
class _WithInfo(Struct):
    info: Raw


@prepared
class _WithStamp(Struct):
    chaninfra: CommitStamp | None = None
