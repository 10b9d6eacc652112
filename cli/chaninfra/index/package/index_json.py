"""A package's own `info/index.json` as the record of it in repodata.

The record is the one that py-rattler's indexer (`rattler.index`, 0.28) writes for the same package, field by field: the
fields that repodata knows and no others, match specs in the form that rattler prints, `run_exports` for a .conda.
Fields and types are those of conda's `index.json` (CEP 34); which packages go under `v3` is CEP 48.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chaninfra.channel.conda.structs import prepared

MAX_BYTES = 4 << 20
"""No index.json or run_exports.json is larger; the largest of conda-forge are some 100 kB."""

Suffix = Literal[".conda", ".tar.bz2"]

SUFFIXES: tuple[Suffix, ...] = get_args(Suffix)


def suffix_of(file_name: str) -> Suffix | None:
    """The suffix of a package's file name; None where it is not named like one."""
    return next((suffix for suffix in SUFFIXES if file_name.endswith(suffix)), None)


def stem(file_name: str) -> str:
    """A package's file name without its suffix."""
    return file_name.removesuffix(suffix_of(file_name) or "")


class PackageError(Exception):
    """What is there is no package that can be indexed; the text says why and follows "the package …"."""


@prepared
class RunExports(Struct, frozen=True, omit_defaults=True):
    """`info/run_exports.json`."""

    noarch: list[str] = []
    strong: list[str] = []
    strong_constrains: list[str] = []
    weak: list[str] = []
    weak_constrains: list[str] = []


_Unsigned = Annotated[int, Meta(ge=0)]

# rattler's parsers recurse, and end the process for a text with some thousand brackets.
_Text = Annotated[str, Meta(max_length=1000)]


@prepared
class IndexJson(Struct, frozen=True):
    """`info/index.json`: what an index needs of it."""

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

    def label(self) -> str:
        """`<name>-<version>-<build>`, the file name without its suffix."""
        return f"{self.name}-{self.version}-{self.build}"

    def named_in(self, file_name: str) -> bool:
        """Whether a file of this name is this package; clients find packages by their file names."""
        return stem(file_name).lower() == self.label().lower()


# What follows is known to be valid, and to be printed by rattler as it was written; nearly all specs are like this.
# What is not goes to rattler itself, whose import takes longer than all else that a small `publish` does.
NUMBER = r"(?:0|[1-9][0-9]{0,8})"

VERSION = rf"{NUMBER}(?:\.{NUMBER})*(?:\.?(?:a|b|rc|dev|post)(?:{NUMBER})?)?"

_PLAIN_VERSION = re.compile(VERSION)

# The years that rattler can name; a timestamp below the first bound is in seconds, else in milliseconds.
_LAST_SECOND_OF_9999 = 253_402_300_799

_SECONDS = range(-377_705_023_201, 253_402_207_200 + 1)

_MILLISECONDS = range(_LAST_SECOND_OF_9999 + 1, 253_402_207_200_000 + 1)

_index_json = msgspec.json.Decoder(IndexJson)


def parse_index(data: bytes) -> IndexJson:
    """The index.json. Raises PackageError where it is none."""
    found: IndexJson = decode_member(_index_json, data, "info/index.json")
    if found.build_number >= 1 << 64:
        raise PackageError("has an info/index.json that is not valid: the number is too large - at `$.build_number`")
    if found.timestamp is not None and found.timestamp not in (
        _MILLISECONDS if found.timestamp > _LAST_SECOND_OF_9999 else _SECONDS
    ):
        raise PackageError("has an info/index.json that is not valid: the timestamp is out of range - at `$.timestamp`")
    if not _PLAIN_VERSION.fullmatch(found.version):
        _check_version(found.version)
    return found


def decode_member(decoder: msgspec.json.Decoder[Any], data: bytes, name: str) -> Any:
    try:
        return decoder.decode(data)
    # A MsgspecError and a UnicodeDecodeError are ValueErrors; brackets can be nested too deep.
    except (ValueError, RecursionError) as error:
        raise PackageError(f"has an {name} that is not valid: {error}") from error


def load_rattler() -> Any:
    """The library."""
    # As a whole first: where several threads begin with its modules, which import each other, one finds half of them.
    import rattler
    import rattler.exceptions

    return rattler


def _check_version(version: str) -> None:
    rattler = load_rattler()
    try:
        rattler.Version(version)
    except rattler.exceptions.InvalidVersionError as error:
        raise PackageError(f"has a version that is not valid: {version!r}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
