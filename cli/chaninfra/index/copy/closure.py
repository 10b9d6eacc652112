"""What packages need to be installed, by the solver that pixi has.

Each package is solved for, with all else as new as it can be, and what an earlier solution has is taken again where it
fits: so each of them can be installed from what is copied, and few packages are. What the specs name is also solved for
together, as somebody does who asks for all of it.

The solver reads repodata that is written for it into a private folder, so it opens no connection.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import in_ms
from chaninfra.channel.conda.subdirs import NOARCH, Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.text import shown
from chaninfra.index.copy.environment import Environment
from chaninfra.index.copy.pool import Candidate, Pool, name_in, why_no_candidate
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.virtual_packages import VirtualPackage
from chaninfra.index.prune.packages import order_of

if TYPE_CHECKING:
    from rattler import RepoDataRecord, SparseRepoData

_CHANNEL = "https://source.invalid/channel"
"""The URL of the channel for the solver: it is never asked for."""
_FOR_ONE = re.compile(
    r'\A\s*Cannot solve the request because of: \S+ \[sha256="[0-9a-f]+"\] cannot be installed because there are no'
    r" viable options:"
)
"""What the solver says first of a package that is solved for alone: it names one build of perhaps several."""
_SOLVE = timedelta(seconds=60)
_REMEMBERED = 8
"""How many solutions are looked at before another one is sought."""
_MAX_WHY = 400


@dataclass
class Closure:
    """What packages need."""

    needed: dict[str, SourcePackage] = field(default_factory=dict)
    """What the packages that can be installed need, by path; themselves are not among it."""
    failed: dict[str, str] = field(default_factory=dict)
    """The paths of those that cannot be installed → why, completing "cannot be installed: …"."""


def close(
    pool: Pool,
    packages: Sequence[SourcePackage],
    words: Mapping[str, Sequence[SourcePackage]],
    virtual: Mapping[Subdir, Sequence[VirtualPackage]],
) -> Closure:
    """What these packages need, on each of the platforms (the keys of `virtual`).

    A package of noarch need only be installable on one of them. `words` are the specs, and the packages that each of
    them names.
    """
    closure = Closure()
    installable: set[str] = set()
    for platform, has in virtual.items():
        solver = _Solver(pool, platform, has)
        of_platform = [each for each in packages if each.subdir in (platform, NOARCH)]
        if of_platform:
            asyncio.run(solver.close(of_platform, words))
        installable |= {each.path_in_channel for each in of_platform} - solver.failed.keys()
        for path, why in solver.failed.items():
            closure.failed.setdefault(path, f"on {platform}, {why}" if len(virtual) > 1 else why)
        closure.needed |= solver.needed
    closure.failed = {path: why for path, why in closure.failed.items() if path not in installable}
    return closure


class _Solver:
    """Solves for one platform."""

    def __init__(self, pool: Pool, platform: Subdir, virtual: Sequence[VirtualPackage]) -> None:
        self.needed: dict[str, SourcePackage] = {}
        self.failed: dict[str, str] = {}
        self._pool = pool
        self._platform = platform
        self._virtual = virtual
        self._environments: list[Environment] = []
        self._preferred: dict[str, RepoDataRecord] = {}
        """By name: what the first solution had."""
        self._failures: dict[object, str] = {}

    async def close(self, packages: Sequence[SourcePackage], words: Mapping[str, Sequence[SourcePackage]]) -> None:
        """Solve for these packages."""
        from rattler import Channel, SparseRepoData

        with TemporaryDirectory(prefix="chaninfra-", ignore_cleanup_errors=True) as folder:
            channel, read = Channel(_CHANNEL), []
            for subdir in dict.fromkeys((self._platform, NOARCH)):
                path = Path(folder) / f"{subdir}.json"
                self._pool.write(subdir, path)
                read.append(SparseRepoData(channel, subdir, path))
            await self._close(packages, words, read)
            # Windows deletes no file that is open. Where this was stopped, to close them would wait for the solver.
            for each in read:
                each.close()

    async def _close(
        self,
        packages: Sequence[SourcePackage],
        words: Mapping[str, Sequence[SourcePackage]],
        read: Sequence[SparseRepoData],
    ) -> None:
        together = [spec for word, named in words.items() if (spec := self._spec(word, named)) is not None]
        if len(together) > 1:
            # It may have no solution: somebody may want a package in several versions.
            await self._solve(together, read)
        for package in sorted(packages, key=_newness, reverse=True):
            why = await self._close_one(package, read)
            if why is not None:
                self.failed[package.path_in_channel] = why

    def _spec(self, word: str, named: Sequence[SourcePackage]) -> str | None:
        """The match spec of a word of the command line; None: it names nothing here."""
        here = [each for each in named if each.subdir in (self._platform, NOARCH)]
        candidates = [each for each in map(self._pool.preferred, here) if each is not None]
        if not candidates:
            return None
        return _exactly(candidates[0]) if suffix_of(word) else word

    async def _close_one(self, package: SourcePackage, read: Sequence[SparseRepoData]) -> str | None:
        """Solve for a package; why it cannot be installed, or None."""
        candidate = self._pool.preferred(package)
        if candidate is None:
            return why_no_candidate(package) or "it must not be copied"
        if any(environment.takes(candidate) for environment in self._environments):
            return None
        facts, needs = candidate.package.facts, candidate.needs
        # Builds of one version that need the same cannot be installed for the same reason.
        same = (client_name(facts.identity()[0]), facts.version, *needs.depends, "", *needs.constrains)
        if same not in self._failures:
            why = self._lacking(candidate) or await self._solve([_exactly(candidate)], read)
            if why is None:
                return None
            self._failures[same] = why
        return self._failures[same]

    def _lacking(self, candidate: Candidate) -> str | None:
        """What the package needs that is certainly not there; None: the solver must look."""
        names = {each.name for each in self._virtual}
        for spec in candidate.needs.depends:
            name = name_in(spec)
            if name is None or "[" in spec:
                continue
            if name.startswith("__") and name not in names:
                return f"it needs {shown(spec)}: for machines that have it, give --virtual-package {name}=VERSION"
            if not name.startswith("__") and name not in self._pool.names:
                return f"it needs {shown(spec)}, of which {self._pool.why_nothing(name)}"
        return None

    async def _solve(self, specs: Sequence[str], read: Sequence[SparseRepoData]) -> str | None:
        """Solve for these specs together, and keep the solution; why there is none, or None."""
        from rattler import GenericVirtualPackage, MatchSpec, PackageName, Version, solve_with_sparse_repodata
        from rattler.package.build_string import BuildString

        has = [
            GenericVirtualPackage(PackageName(each.name), Version(each.version), BuildString(each.build))
            for each in self._virtual
        ]
        try:
            records = await solve_with_sparse_repodata(
                [MatchSpec(spec) for spec in specs],
                read,
                locked_packages=[*self._preferred.values()],
                virtual_packages=has,
                timeout=_SOLVE,
            )
        except Exception as error:
            # py-rattler raises exceptions of many kinds; each of them means that no client could install it.
            return _one_line(_FOR_ONE.sub("", str(error)))
        found = [each for record in records if (each := self._pool.get(_path(record))) is not None]
        self.needed |= {each.package.path_in_channel: each.package for each in found}
        for record in records:
            self._preferred.setdefault(record.name.normalized, record)
        self._environments = [Environment(found, self._virtual), *self._environments][:_REMEMBERED]
        return None


def _exactly(candidate: Candidate) -> str:
    """The match spec of this package and no other one."""
    facts = candidate.package.facts
    name, version, build = facts.identity()
    exact = f'sha256="{facts.sha256.lower()}"' if facts.sha256 else f'version="=={version}", build="{build}"'
    return f"{name}[{exact}]"


def _newness(package: SourcePackage) -> tuple[object, ...]:
    """Sorts the newest last."""
    try:
        facts = package.facts
    except MALFORMED:
        return False, "", 0, 0, package.path_in_channel
    order = order_of(facts.version or "")
    return order is not None, order or "", facts.build_number, in_ms(facts.timestamp) or 0, package.path_in_channel


def _path(record: RepoDataRecord) -> str:
    """`<subdir>/<file>` of a record of a solution."""
    return "/".join(unquote(urlsplit(record.url).path).split("/")[-2:])


def _one_line(text: str) -> str:
    """What the solver says, which is a tree in several lines."""
    line = " ".join(text.replace("└─", "").replace("├─", "").replace("│", "").split())
    return line if len(line) <= _MAX_WHY else f"{line[:_MAX_WHY]}…"
