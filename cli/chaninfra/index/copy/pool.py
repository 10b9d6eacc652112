"""The packages that a solver may choose from: those of some names, and of all names that these depend on.

Records are what anybody may have written, so what no client can read, and specs that a parser could choke on, stay out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.filenames import PACKAGE_TABLES, V3, package_name, stem_of
from chaninfra.channel.conda.name_rules import breaks_index, client_name
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.valid_records import why_invalid

_MAX_SPEC = 1000
"""rattler's parsers recurse, and a text with some thousand brackets crashes the process."""
_BUILD = re.compile(r"[A-Za-z0-9._+]+")
_NAME = re.compile(r"\s*([A-Za-z0-9_.-]+)")


class _Needs(Struct):
    depends: list[str] = []
    constrains: list[str] = []
    extra_depends: dict[str, list[str]] = {}


@dataclass(frozen=True)
class Candidate:
    """A package that a solver may choose."""

    package: SourcePackage

    @cached_property
    def needs(self) -> _Needs:
        """What its record asks for. Raises one of MALFORMED."""
        return msgspec.json.decode(self.package.record, type=_Needs)

    def specs(self) -> list[str]:
        """All its match specs."""
        needs = self.needs
        return [*needs.depends, *needs.constrains, *(spec for extra in needs.extra_depends.values() for spec in extra)]

    def depends_on(self) -> set[str]:
        """The names that it may depend on, also for its extras, but for virtual packages."""
        needs = self.needs
        specs = [*needs.depends, *(spec for extra in needs.extra_depends.values() for spec in extra)]
        return {name for spec in specs if (name := name_in(spec)) and not name.startswith("__")}


def name_in(spec: str) -> str | None:
    """The name in a match spec, as clients look it up; None: there is none that a channel could have."""
    found = _NAME.match(spec)
    return client_name(found[1]) if found else None


def why_no_candidate(package: SourcePackage) -> str | None:
    """Why no client could choose the package, completing "cannot be installed: …"; None: it could."""
    if package.yank is not None:
        return "it is yanked"
    if package.table not in PACKAGE_TABLES or breaks_index(package.file):
        return "clients cannot read its name"
    if why := why_invalid(package.record):
        return f"clients cannot read its record: {why}"
    name, _, build = package.facts.identity()
    if client_name(name) != package_name(package.file):
        return "its record has another name than its file"
    if not _NAME.fullmatch(name) or not _BUILD.fullmatch(build):
        return "clients do not allow its name or build string"
    try:
        long = max(map(len, Candidate(package).specs()), default=0) > _MAX_SPEC
    except MALFORMED as error:
        return f"clients cannot read its record: {error}"
    return "its record has a match spec that is too long" if long else None


class Pool:
    """What a solver may choose from, by its path in the channel."""

    def __init__(
        self,
        source: Source,
        packages: Iterable[SourcePackage],
        subdirs: Sequence[Subdir],
        allows: Callable[[SourcePackage], bool],
    ) -> None:
        """Read all that these packages of the source may depend on, in these subdirs, as far as `allows` allows it.

        Raises StorageError.
        """
        self._candidates: dict[str, Candidate] = {}
        self._subdirs = subdirs
        self._in_source: set[str] = set()
        names: set[str] = set()
        new = self._add(packages)
        new |= {package_name(each.package.file) for each in self._candidates.values()}
        while new := new - names:
            names |= new
            wanted, new = new, set()
            for subdir in subdirs:
                for package in source.packages(subdir, wanted):
                    self._in_source.add(package_name(package.file))
                    if allows(package):
                        new |= self._add([package])

    def _add(self, packages: Iterable[SourcePackage]) -> set[str]:
        """Add these packages; the names that they may depend on."""
        names: set[str] = set()
        for package in packages:
            path = package.path_in_channel
            if path not in self._candidates and why_no_candidate(package) is None:
                self._candidates[path] = Candidate(package)
                names |= self._candidates[path].depends_on()
        return names

    def get(self, path_in_channel: str) -> Candidate | None:
        """The candidate with this path."""
        return self._candidates.get(path_in_channel)

    def preferred(self, package: SourcePackage) -> Candidate | None:
        """The candidate, or the .conda of a .tar.bz2: clients choose that one where there are both."""
        return self.get(f"{package.subdir}/{stem_of(package.file)}.conda") or self.get(package.path_in_channel)

    @cached_property
    def names(self) -> Collection[str]:
        """The names of all candidates."""
        return {package_name(each.package.file) for each in self._candidates.values()}

    def why_nothing(self, name: str) -> str:
        """Why there is no candidate of this name, completing "it needs x, of which …"."""
        if name in self._in_source:
            return "all that the source has is yanked, excluded, too young or not valid"
        return f"the source has nothing in {', '.join(self._subdirs)}"

    def write(self, subdir: Subdir, path: Path) -> None:
        """Write the candidates of the subdir as a repodata.json."""
        tables: dict[str, dict[str, Raw]] = {table: {} for table in PACKAGE_TABLES}
        for candidate in self._candidates.values():
            if candidate.package.subdir == subdir:
                tables[candidate.package.table][candidate.package.key] = candidate.package.record
        v3 = {table.removeprefix(f"{V3}."): tables.pop(table) for table in PACKAGE_TABLES if table.startswith(V3)}
        path.write_bytes(msgspec.json.encode({"info": {"subdir": subdir}, **tables, V3: v3}))
