"""Whether clients can read the values of a patch: what only rattler knows of match specs and package URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chaninfra.index.package.index_json import PackageError, first_line, load_rattler
from chaninfra.index.package.record import PLAIN_SPEC, canonical_purls

_FLAG = re.compile(r"[a-z0-9_]+(:[a-z0-9_]+)?")
_FOR_V3 = {"extras": False, "conditionals": False, "flags": False}
"""What a match spec may not have outside of `v3` (CEP 48)."""


def check_values(changes: Mapping[str, Any], *, v3: bool) -> None:
    """Raise ValueError where clients cannot read a value. `v3`: whether the record is below `v3` (CEP 48), where match
    specs may have conditions.

    The kinds of the values were checked before, by `Patch.check`.
    """
    for key, spec in _specs(changes):
        why = None if PLAIN_SPEC.fullmatch(spec) else _fault(spec, v3=v3)
        if why is not None:
            raise ValueError(f"`{key}` has {spec[:200]!r}, {why}")
    for flag in changes.get("flags") or ():
        if not _FLAG.fullmatch(flag):
            raise ValueError(f"`flags` has {flag[:200]!r}, which is not a flag")
    if changes.get("purls"):
        try:
            canonical_purls(changes["purls"])
        except PackageError as error:
            raise ValueError(f"`purls`: {error}") from error


def _specs(changes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("depends", "constrains"):
        for spec in changes.get(key) or ():
            yield key, spec
    for specs in (changes.get("extra_depends") or {}).values():
        for spec in specs or ():
            yield "extra_depends", spec


def _fault(spec: str, *, v3: bool) -> str | None:
    rattler = load_rattler()
    invalid = rattler.exceptions.InvalidMatchSpecError
    try:
        rattler.MatchSpec(spec)
    except (invalid, UnicodeEncodeError) as error:
        return f"which is not a match spec: {first_line(error)}"
    if v3:
        return None
    try:
        rattler.MatchSpec(spec, **_FOR_V3)
    except invalid:
        return "which only records below `v3` may have (CEP 48), and this one is none"
    return None
