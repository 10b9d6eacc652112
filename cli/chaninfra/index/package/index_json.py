"""`info/index.json` of a conda package (CEP 34): parse and check it.

Accepted are the files that py-rattler's indexer (`rattler.index`, 0.28) accepts; docs/indexing.md lists the exceptions.
`record` makes the repodata record from it.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chaninfra.channel.conda.filenames import stem_of
from chaninfra.channel.conda.name_rules import broken_rule
from chaninfra.channel.conda.record_facts import LAST_SECOND
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import NOARCH

MAX_BYTES = 4 << 20
"""Largest index.json or run_exports.json that is accepted, in bytes; the largest on conda-forge have some 100 kB."""

# Versions and numbers that are certainly valid and that rattler prints as they are written. Nearly all are like this.
# Others are checked by rattler itself, whose import takes longer than all the rest of a small `publish`.
NUMBER = r"(?:0|[1-9][0-9]{0,8})"
VERSION = rf"{NUMBER}(?:\.{NUMBER})*(?:\.?(?:a|b|rc|dev|post)(?:{NUMBER})?)?"
PLAIN_VERSION = re.compile(VERSION)

# Timestamps of years that rattler can represent; one up to the first bound is in seconds, a larger one in milliseconds.
_SECONDS = range(-377_705_023_201, 253_402_207_200 + 1)
_MILLISECONDS = range(LAST_SECOND + 1, 253_402_207_200_000 + 1)


class PackageError(Exception):
    """The file is not a conda package that can be indexed. The text says why, and completes "the package …"."""


@prepared
class RunExports(Struct, frozen=True, omit_defaults=True):
    """`info/run_exports.json`."""

    noarch: list[str] = []
    strong: list[str] = []
    strong_constrains: list[str] = []
    weak: list[str] = []
    weak_constrains: list[str] = []


_BITS = {"x86": "32", "x86_64": "64"}
"""`arch` → how a subdir spells it, where that is something else."""

_Unsigned = Annotated[int, Meta(ge=0)]

# Length-limited: rattler's parsers recurse, and a text with some thousand brackets crashes the process.
_Text = Annotated[str, Meta(max_length=1000)]


@prepared
class IndexJson(Struct, frozen=True):
    """The fields of `info/index.json` that an index needs."""

    name: Annotated[str, Meta(min_length=1, pattern=r"^[A-Za-z0-9._-]+\Z")]
    version: _Text
    build: str
    build_number: _Unsigned
    arch: str | None = None
    constrains: list[_Text] = []
    depends: list[_Text] = []
    extra_depends: dict[str, list[_Text]] = {}
    features: str | None = None
    flags: list[Annotated[str, Meta(pattern=r"^[a-z0-9_]+(:[a-z0-9_]+)?\Z")]] = []
    license: str | None = None
    license_family: str | None = None
    noarch: bool | Literal["", "generic", "python"] | None = None
    platform: str | None = None
    purls: list[_Text] | None = None
    python_site_packages_path: str | None = None
    repodata_revision: _Unsigned | None = None
    subdir: str | None = None
    timestamp: int | None = None
    track_features: str | list[str] | UnsetType = UNSET

    @property
    def dist(self) -> str:
        """`<name>-<version>-<build>`: the file name without its suffix."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def own_subdir(self) -> str | None:
        """The subdir that the package is for; None if it does not say.

        conda-build wrote no `subdir` until 2016. As in conda, that of such a package follows from `platform` and
        `arch`.
        """
        if self.subdir is not None:
            return self.subdir
        if self.noarch or (self.platform and not self.arch):
            return NOARCH
        return f"{self.platform}-{_BITS.get(self.arch, self.arch)}" if self.platform and self.arch else None

    @property
    def broken_rule(self) -> str | None:
        """What CEP 26 does not allow in its name, version or build string, as a sentence; None if all is allowed."""
        return broken_rule(self.name, self.version, self.build)

    def named_in(self, file_name: str) -> bool:
        """Whether the file name is that of this package, except for upper and lower case."""
        return stem_of(file_name).lower() == self.dist.lower()


_index_json = msgspec.json.Decoder(IndexJson)


def parse_index(data: bytes) -> IndexJson:
    """Parse an index.json. Raises PackageError where it is not valid."""
    index: IndexJson = decode_member(_index_json, data, "info/index.json")
    if index.build_number >= 1 << 64:
        raise PackageError("has an info/index.json that is not valid: the number is too large - at `$.build_number`")
    if index.timestamp is not None and index.timestamp not in (
        _MILLISECONDS if index.timestamp > LAST_SECOND else _SECONDS
    ):
        raise PackageError("has an info/index.json that is not valid: the timestamp is out of range - at `$.timestamp`")
    if not PLAIN_VERSION.fullmatch(index.version):
        check_version(index.version)
    return index


def decode_member(decoder: msgspec.json.Decoder[Any], data: bytes, name: str) -> Any:
    """Decode a JSON member of a package; `name` is its path, for the message. Raises PackageError."""
    try:
        return decoder.decode(data)
    # msgspec's errors and UnicodeDecodeError are ValueErrors; RecursionError: brackets nested too deep.
    except (ValueError, RecursionError) as error:
        raise PackageError(f"has an {name} that is not valid: {error}") from error


def load_rattler() -> Any:
    """The module `rattler`, imported on first use."""
    # The package before its modules: they import each other, and of two threads that start with different modules one
    # would see a half-imported one.
    import rattler
    import rattler.exceptions

    return rattler


def check_version(version: str) -> None:
    """Raises PackageError for a version that rattler does not accept."""
    rattler = load_rattler()
    try:
        rattler.Version(version)
    except rattler.exceptions.InvalidVersionError as error:
        raise PackageError(f"has a version that is not valid: {version!r}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return str(error).split("\n", 1)[0]
