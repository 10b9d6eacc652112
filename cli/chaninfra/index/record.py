"""A package's own `info/index.json` as the record of it in repodata.

The record is the one that py-rattler's indexer (`rattler.index`, 0.28) writes for the same package, field by field: the
fields that repodata knows and no others, match specs in the form that rattler prints, `run_exports` for a .conda.
Fields and types are those of conda's `index.json` (CEP 34); which packages go under `v3` is CEP 48.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

if TYPE_CHECKING:
    from rattler import MatchSpec

from chaninfra.channel.structs import prepared

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


Layout = Literal["legacy", "v3"]
"""Where the record goes: into `packages` and `packages.conda`, or below `v3` (CEP 48)."""

_OMITTED_WHEN_EMPTY = ("constrains", "extra_depends", "flags")
_AS_IT_IS = (
    "arch",
    "features",
    "license",
    "license_family",
    "platform",
    "python_site_packages_path",
)

# What follows is known to be valid, and to be printed by rattler as it was written; nearly all specs are like this.
# What is not goes to rattler itself, whose import takes longer than all else that a small `publish` does.
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_VERSION = rf"{_NUMBER}(?:\.{_NUMBER})*(?:\.?(?:a|b|rc|dev|post)(?:{_NUMBER})?)?"
_COMPARED = rf"(?:>=|<=|==|!=|>|<){_VERSION}"
_NAME = r"_{0,2}[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*"
_BUILD = r"(?:\*_)?[a-z0-9]+(?:_[a-z0-9]+)*"
_PLAIN_NAME = re.compile(_NAME)
_PLAIN_VERSION = re.compile(_VERSION)
_PLAIN_SPEC = re.compile(rf"{_NAME}(?: (?:{_COMPARED}(?:,{_COMPARED})*|{_NUMBER}(?:\.{_NUMBER})*\.\*)(?: {_BUILD})?)?")

# The years that rattler can name; a timestamp below the first bound is in seconds, else in milliseconds.
_LAST_SECOND_OF_9999 = 253_402_300_799
_SECONDS = range(-377_705_023_201, 253_402_207_200 + 1)
_MILLISECONDS = range(_LAST_SECOND_OF_9999 + 1, 253_402_207_200_000 + 1)

_index_json = msgspec.json.Decoder(IndexJson)
_run_exports = msgspec.json.Decoder(RunExports)


def parse_index(data: bytes) -> IndexJson:
    """The index.json. Raises PackageError where it is none."""
    found: IndexJson = _decoded(_index_json, data, "info/index.json")
    if found.build_number >= 1 << 64:
        raise PackageError("has an info/index.json that is not valid: the number is too large - at `$.build_number`")
    if found.timestamp is not None and found.timestamp not in (
        _MILLISECONDS if found.timestamp > _LAST_SECOND_OF_9999 else _SECONDS
    ):
        raise PackageError("has an info/index.json that is not valid: the timestamp is out of range - at `$.timestamp`")
    if not _PLAIN_VERSION.fullmatch(found.version):
        _check_version(found.version)
    return found


def record_of(index: IndexJson, run_exports: bytes | None) -> tuple[Layout, dict[str, Any]]:
    """Where the record goes, and the record: all but what is known of the file itself (size, hashes, subdir).

    Raises PackageError where index.json or run_exports.json say what repodata cannot.
    """
    layout, specs = _specs(index)
    fields: dict[str, Any] = {
        "build": index.build,
        "build_number": index.build_number,
        "name": index.name,
        "version": index.version,
        "depends": [specs[spec] for spec in index.depends],
        "constrains": [specs[spec] for spec in index.constrains],
        "extra_depends": {group: [specs[spec] for spec in each] for group, each in sorted(index.extra_depends.items())},
        "flags": index.flags,
        **{name: getattr(index, name) for name in _AS_IT_IS},
        "noarch": index.noarch or None,
        "timestamp": index.timestamp,
        "track_features": _track_features(index.track_features),
        "purls": None if index.purls is None else _purls(index.purls),
        "run_exports": None
        if run_exports is None
        else msgspec.to_builtins(_decoded(_run_exports, run_exports, "info/run_exports.json")),
    }
    for name in _OMITTED_WHEN_EMPTY:
        if not fields[name]:
            del fields[name]
    return layout, {name: value for name, value in fields.items() if value is not None}


def _decoded(decoder: msgspec.json.Decoder[Any], data: bytes, name: str) -> Any:
    try:
        return decoder.decode(data)
    # A MsgspecError and a UnicodeDecodeError are ValueErrors; brackets can be nested too deep.
    except (ValueError, RecursionError) as error:
        raise PackageError(f"has an {name} that is not valid: {error}") from error


def _specs(index: IndexJson) -> tuple[Layout, dict[str, str]]:
    """The layout, and each match spec as it is printed there."""
    specs = {*index.depends, *index.constrains, *(spec for each in index.extra_depends.values() for spec in each)}
    if index.repodata_revision not in (None, 0, 3):
        raise PackageError(f"needs repodata revision {index.repodata_revision}, which is not known")
    if index.repodata_revision != 3:
        unknown = {spec for spec in specs if not _PLAIN_SPEC.fullmatch(spec)}
        if not unknown:
            return "legacy", {spec: spec for spec in specs}
    parsed = {spec: _parsed(spec) for spec in specs if not _PLAIN_NAME.fullmatch(spec)}
    # The reference does not ask those of `extra_depends`.
    needed = [spec for spec in (*index.depends, *index.constrains) if spec in parsed and _needs_v3(spec)]
    if needed and index.repodata_revision == 0:
        raise PackageError(f"has a dependency that needs repodata revision 3, and says that it needs none: {needed[0]}")
    layout: Layout = "v3" if needed or index.repodata_revision == 3 else "legacy"
    printed = {spec: _printed(spec, each, layout) for spec, each in parsed.items()}
    return layout, {spec: printed.get(spec, spec) for spec in specs}


def _rattler() -> Any:
    """The library."""
    # As a whole first: where several threads begin with its modules, which import each other, one finds half of them.
    import rattler
    import rattler.exceptions

    return rattler


def _parsed(spec: str) -> MatchSpec:
    rattler = _rattler()
    try:
        parsed: MatchSpec = rattler.MatchSpec(spec)
    except rattler.exceptions.InvalidMatchSpecError as error:
        raise PackageError(f"has a dependency that is not valid: {spec!r}: {_first_line(error)}") from error
    return parsed


def _needs_v3(spec: str) -> bool:
    rattler = _rattler()
    try:
        rattler.MatchSpec(spec, extras=False, conditionals=False, flags=False)
    except rattler.exceptions.InvalidMatchSpecError:
        return True
    return False


def _printed(spec: str, parsed: MatchSpec, layout: Layout) -> str:
    if layout == "legacy":
        return str(parsed)
    try:
        return parsed.to_canonical_string()
    except _rattler().exceptions.CanonicalMatchSpecError as error:
        raise PackageError(f"has a dependency that cannot be written: {spec!r}: {_first_line(error)}") from error


def _check_version(version: str) -> None:
    rattler = _rattler()
    try:
        rattler.Version(version)
    except rattler.exceptions.InvalidVersionError as error:
        raise PackageError(f"has a version that is not valid: {version!r}: {_first_line(error)}") from error


def _track_features(found: str | list[str] | UnsetType) -> str | None:
    if found is UNSET or found == []:
        return None
    words: Iterable[str] = re.split("[, ]", found) if isinstance(found, str) else found
    return " ".join(word.strip() for word in words)


def _purls(purls: list[str]) -> list[str]:
    """The purls as rattler sorts and writes them."""
    if not purls:
        return []
    rattler = _rattler()
    # Of the library's own classes the one that takes them as text.
    least = {"name": "x", "version": "0", "build": "0", "build_number": 0, "purls": purls}
    try:
        found = rattler.package.IndexJson.from_str(msgspec.json.encode(least).decode()).purls
    except rattler.exceptions.IoError as error:
        raise PackageError(f"has a purl that is not valid: {_first_line(error)}") from error
    return list(found or ())


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
