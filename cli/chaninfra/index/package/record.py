"""The repodata record of a package, made from its `info/index.json` and `info/run_exports.json`.

It equals, field by field, the record that py-rattler's indexer (`rattler.index`, 0.28) writes: only the fields that
repodata has (CEP 36), match specs as rattler prints them, and below `v3` what needs it (CEP 48).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chaninfra.index.package.index_json import (
    NUMBER,
    VERSION,
    IndexJson,
    PackageError,
    RunExports,
    decode_member,
    first_line,
    load_rattler,
)

if TYPE_CHECKING:
    from rattler import MatchSpec

RecordLayout = Literal["legacy", "v3"]
"""Where the record is written: `packages` and `packages.conda`, or below `v3` (CEP 48)."""

_OMITTED_WHEN_EMPTY = ("constrains", "extra_depends", "flags")
_COPIED = ("arch", "features", "license", "license_family", "platform", "python_site_packages_path")

# Match specs that are certainly valid, do not need v3, and that rattler prints as they are written; see index_json.
_NAME = r"_{0,2}[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*"
_COMPARED = rf"(?:>=|<=|==|!=|>|<){VERSION}"
_BUILD = r"(?:\*_)?[a-z0-9]+(?:_[a-z0-9]+)*"
_PLAIN_NAME = re.compile(_NAME)
PLAIN_SPEC = re.compile(rf"{_NAME}(?: (?:{_COMPARED}(?:,{_COMPARED})*|{NUMBER}(?:\.{NUMBER})*\.\*)(?: {_BUILD})?)?")

_run_exports = msgspec.json.Decoder(RunExports | list[str])


def record_of(index: IndexJson, run_exports: bytes | None) -> tuple[RecordLayout, dict[str, Any]]:
    """The layout, and the record without the fields of the file itself (subdir, size, md5, sha256, indexed_timestamp).

    Raises PackageError where index.json or run_exports.json have values that repodata cannot express.
    """
    layout, specs = _specs(index)
    fields: dict[str, Any] = {
        "build": index.build,
        "build_number": index.build_number,
        "name": index.name,
        "version": index.version,
        "depends": [specs[spec] for spec in index.depends],
        "constrains": [specs[spec] for spec in index.constrains],
        "extra_depends": {
            group: [specs[spec] for spec in depends] for group, depends in sorted(index.extra_depends.items())
        },
        "flags": index.flags,
        **{name: getattr(index, name) for name in _COPIED},
        "noarch": index.noarch or None,
        "timestamp": index.timestamp,
        "track_features": _track_features(index.track_features),
        "purls": None if index.purls is None else canonical_purls(index.purls),
        "run_exports": None if run_exports is None else _parsed_run_exports(run_exports),
    }
    for name in _OMITTED_WHEN_EMPTY:
        if not fields[name]:
            del fields[name]
    return layout, {name: value for name, value in fields.items() if value is not None}


def _parsed_run_exports(data: bytes) -> dict[str, list[str]]:
    """`info/run_exports.json`, in which a list is one of weak run exports (CEP 34). Raises PackageError."""
    parsed: RunExports | list[str] = decode_member(_run_exports, data, "info/run_exports.json")
    exports = RunExports(weak=parsed) if isinstance(parsed, list) else parsed
    found: dict[str, list[str]] = msgspec.to_builtins(exports)
    return found


def _specs(index: IndexJson) -> tuple[RecordLayout, dict[str, str]]:
    """The layout, and match spec → the form in which it is written there."""
    specs = {*index.depends, *index.constrains, *(spec for specs in index.extra_depends.values() for spec in specs)}
    if index.repodata_revision not in (None, 0, 3):
        raise PackageError(f"needs repodata revision {index.repodata_revision}; chaninfra knows 0 and 3")
    if index.repodata_revision != 3:
        unknown = {spec for spec in specs if not PLAIN_SPEC.fullmatch(spec)}
        if not unknown:
            return "legacy", {spec: spec for spec in specs}
    parsed = {spec: _parsed(spec) for spec in specs if not _PLAIN_NAME.fullmatch(spec)}
    # `extra_depends` does not count: rattler's indexer does not look at it here, either.
    needed = [spec for spec in (*index.depends, *index.constrains) if spec in parsed and _needs_v3(spec)]
    if needed and index.repodata_revision == 0:
        raise PackageError(f"has repodata_revision 0 and a dependency that needs revision 3: {needed[0]}")
    layout: RecordLayout = "v3" if needed or index.repodata_revision == 3 else "legacy"
    printed = {spec: _printed(spec, match_spec, layout) for spec, match_spec in parsed.items()}
    return layout, {spec: printed.get(spec, spec) for spec in specs}


def _parsed(spec: str) -> MatchSpec:
    rattler = load_rattler()
    try:
        parsed: MatchSpec = rattler.MatchSpec(spec)
    except rattler.exceptions.InvalidMatchSpecError as error:
        raise PackageError(f"has a dependency that is not valid: {spec!r}: {first_line(error)}") from error
    return parsed


def _needs_v3(spec: str) -> bool:
    rattler = load_rattler()
    try:
        rattler.MatchSpec(spec, extras=False, conditionals=False, flags=False)
    except rattler.exceptions.InvalidMatchSpecError:
        return True
    return False


def _printed(spec: str, parsed: MatchSpec, layout: RecordLayout) -> str:
    if layout == "legacy":
        return str(parsed)
    try:
        return parsed.to_canonical_string()
    except load_rattler().exceptions.CanonicalMatchSpecError as error:
        raise PackageError(f"has a dependency without a canonical form: {spec!r}: {first_line(error)}") from error


def _track_features(value: str | list[str] | UnsetType) -> str | None:
    if value is UNSET or value == []:
        return None
    features: Iterable[str] = re.split("[, ]", value) if isinstance(value, str) else value
    return " ".join(feature.strip() for feature in features)


def canonical_purls(purls: list[str]) -> list[str]:
    """The package URLs as rattler sorts and writes them. Raises PackageError for one that is not valid."""
    if not purls:
        return []
    rattler = load_rattler()
    # IndexJson is the class of py-rattler that parses purls from text.
    minimal = {"name": "x", "version": "0", "build": "0", "build_number": 0, "purls": purls}
    try:
        parsed = rattler.package.IndexJson.from_str(msgspec.json.encode(minimal).decode()).purls
    except rattler.exceptions.IoError as error:
        raise PackageError(f"has a purl that is not valid: {first_line(error)}") from error
    return list(parsed or ())
