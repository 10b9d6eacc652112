"""The mark of a truth: what a repodata.json that we wrote says of itself, in its `info`."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.structs import prepared

OUR_KEY = "chaninfra"
"""The key in `info` that is ours."""
NO_CHECKSUM = "0" * 24
_LOGGED_COMMITS = 32
_LOGGED_NAMES = 512


@prepared
class CommitStamp(Struct, frozen=True, kw_only=True):
    """What a truth says of itself, in its `info`.

    `revision` is fresh at every commit, so that no two truths have equal bytes: stores tell objects apart by their
    content, and a truth that comes back byte by byte would hide from a writer what happened in between. `log` are the
    last commits, oldest first: the revision that each was made on, and the names of the packages that it touched.
    `checksum` is of all that follows `info`, CRC-32 and length in hex: where it does not fit, another tool has written.
    It guards against tools, not against people, and a sha256 would take half of the time of a commit.
    """

    revision: str
    log: tuple[tuple[str, tuple[str, ...]], ...] = ()
    checksum: str = NO_CHECKSUM

    def next(self, revision: str, names: Iterable[str]) -> CommitStamp:
        """The mark of a commit made on this truth that touches the packages of these names."""
        log = [*self.log, (self.revision, tuple(sorted(names)))][-_LOGGED_COMMITS:]
        while sum(len(each) for _, each in log) > _LOGGED_NAMES:
            del log[0]
        return CommitStamp(revision=revision, log=tuple(log))

    def touched_since(self, revision: str | None) -> set[str] | None:
        """The names that the commits after that revision touched; None: it is not known which."""
        if revision == self.revision:
            return set()
        revisions = [each for each, _ in self.log]
        if revision not in revisions:
            return None
        return {name for _, names in self.log[revisions.index(revision) :] for name in names}


def read_stamp(data: bytes) -> CommitStamp | None:
    """The mark of a repodata.json, or None where it has none that fits: the last to write it was another tool."""
    try:
        info = bytes(msgspec.json.decode(data, type=_WithInfo).info)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return stamp_in(data, info)


def stamp_in(data: bytes, info: bytes) -> CommitStamp | None:
    """The same, `info` being the bytes of that in it."""
    try:
        mark = msgspec.json.decode(info, type=_WithMark).chaninfra
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    start = head(info)
    if mark is None or not data.startswith(start) or mark.checksum.encode() != checksum(data, len(start)):
        return None
    return mark


@prepared
class _WithInfo(Struct):
    info: Raw


@prepared
class _WithMark(Struct):
    chaninfra: CommitStamp | None = None


def head(info: bytes) -> bytes:
    """The beginning of a repodata.json with this `info`."""
    return b'{"info":' + info


def checksum(data: bytes | bytearray, start: int) -> bytes:
    """The checksum of what begins at `start`, as it stands in a mark."""
    with memoryview(data) as view, view[start:] as rest:
        return b"%08x%016x" % (zlib.crc32(rest), len(rest))
