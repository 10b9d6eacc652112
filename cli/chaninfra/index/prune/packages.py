"""The packages that retention rules are about, as the index has them: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel.conda.filenames import PackageFileName
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts, in_ms, read_facts
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import Yank

if TYPE_CHECKING:
    from rattler import Version

_FIELDS = (
    "name",
    "version",
    "build",
    "build_number",
    "size",
    "sha256",
    "md5",
    "timestamp",
    "indexed_timestamp",
    "attestations_sha256",
)
_MAX_VERSION = 1000
"""rattler's parsers recurse, and a text with some thousand brackets crashes the process."""


class _Dependencies(msgspec.Struct):
    depends: list[str] = []
    extra_depends: dict[str, list[str]] = {}


class _Revocation(msgspec.Struct):
    revoked: object = False


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the index: with a record, or yanked by `prune`."""

    subdir: Subdir
    file: str
    record: bytes = field(repr=False)
    """Its record as JSON; the one that it had, if it is yanked."""
    yank: Yank | None = None
    """The yank, which `prune` made; None: it has a record in the index."""

    @property
    def path_in_channel(self) -> str:
        """`<subdir>/<file>`."""
        return f"{self.subdir}/{self.file}"

    @property
    def is_revoked(self) -> bool:
        """Whether the record says that it is revoked, so that nobody can install it."""
        try:
            return msgspec.json.decode(self.record, type=_Revocation).revoked is True
        except MALFORMED:
            return False

    def facts(self) -> RecordFacts | None:
        """What the record says; None: it lacks something, or says another name, version or build than the file name.

        Rule: a package goes only by what its file name says too. Whoever writes a record could else have any file
        deleted.
        """
        try:
            facts = read_facts(self.record, *_FIELDS)
            name, version, build = facts.identity()
        except MALFORMED:
            return None
        told = PackageFileName.parse(self.file)
        same = (client_name(name), version, build) == (client_name(told.name), told.version, told.build)
        return facts if same else None

    def depends(self) -> list[str]:
        """What the record depends on, those of its extras too; nothing where it is not valid."""
        try:
            found = msgspec.json.decode(self.record, type=_Dependencies)
        except MALFORMED:
            return []
        return [*found.depends, *(each for extra in found.extra_depends.values() for each in extra)]


def came_at(facts: RecordFacts) -> int | None:
    """When the package came into the channel, in ms since 1970: its `indexed_timestamp` (CEP 47), else when it was
    built; None: that is not known.

    An old package that is copied into the channel today is a day old tomorrow.
    """
    return facts.indexed_timestamp if facts.indexed_timestamp is not None else in_ms(facts.timestamp)


def yanked_at(yank: Yank) -> int | None:
    """The time of a yank in ms since 1970; None: it is none."""
    try:
        when = datetime.fromisoformat(yank.when)
    except ValueError:
        return None
    return None if when.tzinfo is None else int(when.timestamp() * 1000)


@lru_cache(maxsize=100_000)
def order_of(version: str) -> Version | None:
    """The version as conda compares it; None: it is none."""
    from rattler import Version
    from rattler.exceptions import InvalidVersionError

    if len(version) > _MAX_VERSION:
        return None
    try:
        return Version(version)
    except (ValueError, InvalidVersionError):
        return None
