"""Whether another package fits into a set of packages that a solver found, so that it need not be solved for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from chaninfra.channel.conda.name_rules import client_name
from chaninfra.index.copy.pool import Candidate, name_in
from chaninfra.index.copy.virtual_packages import VirtualPackage

if TYPE_CHECKING:
    from rattler import MatchSpec, PackageRecord

_MAX_BUILD_NUMBER = (1 << 64) - 1


class Environment:
    """Packages that can be installed together."""

    def __init__(self, candidates: Iterable[Candidate], virtual: Iterable[VirtualPackage]) -> None:
        self._records: dict[str, PackageRecord] = {each.name: _virtual_record(each) for each in virtual}
        self._asked: dict[str, list[str]] = {}
        """Name → what the others ask of it."""
        self._by: dict[str, str] = {}
        for candidate in candidates:
            name = _name(candidate)
            self._records[name] = _record(candidate)
            for spec in candidate.specs():
                self._asked.setdefault(name_in(spec) or "", []).append(spec)

    def takes(self, candidate: Candidate) -> bool:
        """Whether the packages, with this one in place of that of its name, can certainly be installed together.

        Specs with brackets or of a channel are left to the solver. What the package that it replaces asks for is still
        asked for: nobody needs to say yes here.
        """
        name, needs = _name(candidate), candidate.needs
        if needs.extra_depends:
            return False
        record = _record(candidate)
        own = dict.fromkeys(needs.depends, True) | dict.fromkeys(needs.constrains, False)
        for spec, is_needed in own.items():
            other = record if name_in(spec) == name else self._records.get(name_in(spec) or "")
            if other is None and not is_needed and _is_plain(spec):
                continue
            if other is None or not _matches(spec, other):
                return False
        return all(_matches(spec, record) for spec in self._asked.get(name, ()))


def _matches(spec: str, record: PackageRecord) -> bool:
    return _is_plain(spec) and (parsed := _parsed(spec)) is not None and bool(parsed.matches(record))


def _is_plain(spec: str) -> bool:
    return "[" not in spec and ":" not in spec


@lru_cache(maxsize=10_000)
def _parsed(spec: str) -> MatchSpec | None:
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        return MatchSpec(spec)
    except (InvalidMatchSpecError, UnicodeEncodeError):
        return None


def _name(candidate: Candidate) -> str:
    return client_name(candidate.package.facts.identity()[0])


def _record(candidate: Candidate) -> PackageRecord:
    from rattler import PackageRecord
    from rattler.package.build_string import BuildString

    facts = candidate.package.facts
    name, version, build = facts.identity()
    number = min(max(facts.build_number, 0), _MAX_BUILD_NUMBER)
    return PackageRecord(client_name(name), version, BuildString(build), number, subdir=candidate.package.subdir)


def _virtual_record(package: VirtualPackage) -> PackageRecord:
    from rattler import PackageRecord
    from rattler.package.build_string import BuildString

    return PackageRecord(package.name, package.version, BuildString(package.build), 0, subdir="noarch")
