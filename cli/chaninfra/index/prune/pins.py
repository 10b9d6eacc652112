"""The exact pins among the packages of a channel: `name ==version build` in a record needs that very package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts
from chaninfra.index.prune.packages import Package, order_of

_NAME = re.compile(r"\s*(?:[^\s:\[]*::)?([A-Za-z0-9_.-]+)")
_EXACT = re.compile(r"==([^\s,|*]+)")
_MAX_TEXT = 1000
"""rattler's parsers recurse, and a text with some thousand brackets crashes the process."""


def pinned_by(kept: Iterable[Package], going: Mapping[str, tuple[Package, RecordFacts]]) -> dict[str, str]:
    """Those of the `going` packages (`<subdir>/<file>` → package) that a kept package pins, or one that is kept for
    such a pin: → the path of the package that pins it.

    A pin keeps the package in every subdir: a package of noarch may pin one of each platform.
    """
    if not going:
        return {}
    named: dict[str, list[str]] = {}
    for path, (_, facts) in going.items():
        named.setdefault(client_name(facts.name or ""), []).append(path)
    found: dict[str, str] = {}
    level: Iterable[Package] = kept
    while True:
        new: list[Package] = []
        for package in level:
            for path in _pins(package, named, going):
                if path not in found:
                    found[path] = package.path_in_channel
                    new.append(going[path][0])
        if not new:
            return found
        level = new


def _pins(
    package: Package, named: Mapping[str, list[str]], going: Mapping[str, tuple[Package, RecordFacts]]
) -> Iterator[str]:
    for text in package.depends():
        name = _NAME.match(text)
        for path in named.get(client_name(name[1]), ()) if name else ():
            facts = going[path][1]
            if is_exact_pin(text, facts.version or "", facts.build or ""):
                yield path


def is_exact_pin(text: str, version: str, build: str) -> bool:
    """Whether a dependency is the exact pin of this version and build: `a ==1.0 py_0`, `a=1.0=py_0`, `a 1.0 py_0`.

    Of one that rattler cannot read, what has both in its text.
    """
    pin = _parsed(text)
    if pin is None:
        return version in text and build in text
    if pin[1] != build:
        return False
    return pin[0] == version or (order_of(version) is not None and order_of(pin[0]) == order_of(version))


@lru_cache(maxsize=100_000)
def _parsed(text: str) -> tuple[str, str] | None:
    """The version and build that a dependency pins, both "" if it is no exact pin; None: rattler cannot read it."""
    from rattler import MatchSpec

    if len(text) > _MAX_TEXT:
        return None
    try:
        spec = MatchSpec(text)
        version, build = spec.version or "", spec.build or ""
    except Exception:
        # py-rattler raises exceptions of many kinds.
        return None
    exact = _EXACT.fullmatch(str(version))
    return (exact[1], str(build)) if exact else ("", "")
