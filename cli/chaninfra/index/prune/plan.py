"""What prune does, by the rules, the index and the clock: a pure function.

A package goes if one of the rules takes it, and no `never` of any rule names it, and nothing needs it. Of several rules
that take it the first one counts, in the order of the document. What prune has yanked is judged again at every run, as
if it still had its record: it is deleted only if a rule still takes it after the grace period.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaninfra.channel.conda.filenames import stem_of
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import RecordFacts, in_ms
from chaninfra.channel.conda.retention import DAY_MS, RetentionRule, Rules
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import count
from chaninfra.index.locks import Lock
from chaninfra.index.prune.packages import Package, came_at, order_of, yanked_at
from chaninfra.index.prune.pins import pinned_by
from chaninfra.index.select import Candidate, matcher

if TYPE_CHECKING:
    from rattler import Version

Found = tuple[Package, RecordFacts]


@dataclass(frozen=True, kw_only=True)
class Going:
    """A package that a rule takes."""

    package: Package
    facts: RecordFacts
    rule: str
    why: str
    deletable_ms: int | None = None
    """When its grace period ends, in ms since 1970; None: it is not yanked yet, or it is not known since when."""

    @property
    def size(self) -> int:
        """The bytes of its file, as its record says."""
        return max(0, self.facts.size or 0)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A package that a rule takes, and that stays since something needs it."""

    going: Going
    needed_by: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What prune does. All are sorted by their path."""

    yank: tuple[Going, ...]
    """In the index."""
    delete: tuple[Going, ...]
    """Yanked by prune, and the grace period is over."""
    waiting: tuple[Going, ...]
    """Yanked by prune, and in the grace period."""
    kept: tuple[Kept, ...]
    released: tuple[Package, ...]
    """Yanked by prune, and no rule takes them any more."""
    idle: tuple[str, ...]
    """The rules that match no package."""
    emptied: Mapping[Subdir, int]
    """The subdirs of which no package would be left in the index, and how many they have. What is revoked is none:
    nobody can install it."""


class Matchers:
    """The rules, with their match specs read."""

    def __init__(self, rules: Rules, where: str) -> None:
        """`where` names the document that has them. Raises ConfigurationError."""
        self.rules = rules
        self._match = {
            name: _matcher(rule.match, where, (name, "match")) for name, rule in rules.items() if rule.match is not None
        }
        self._never = [_matcher(spec, where, (name, "never")) for name, rule in rules.items() for spec in rule.never]

    def of(self, package: Package, names: Collection[str]) -> list[str]:
        """Those of these rules that are about a package, whatever they say of it; none if it is never to go."""
        candidate = Candidate(package.subdir, package.file, package.record)
        found = [
            name
            for name in names
            if self.rules[name].subdir in (None, package.subdir)
            and (name not in self._match or self._match[name](candidate))
        ]
        return [] if found and any(never(candidate) for never in self._never) else found


def _matcher(spec: str, where: str, key: tuple[str, str]) -> Callable[[Candidate], bool]:
    try:
        return matcher(spec)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{error.where} {error.message}", where=where, key=("retention", *key), remedy=error.remedy
        ) from error


def plan(
    packages: Collection[Package],
    matchers: Matchers,
    now_ms: int,
    *,
    only: Collection[str] = (),
    locks: Sequence[Lock] = (),
) -> Plan:
    """What prune does now. `only`: the rules that are applied, all if it is empty; what is never to go by another one
    does not go by these either.
    """
    names = [name for name in matchers.rules if not only or name in only]
    subject: dict[str, list[Found]] = {name: [] for name in names}
    indexed: Counter[Subdir] = Counter()
    for package in packages:
        if package.yank is None and not package.is_revoked:
            indexed[package.subdir] += 1
        if (about := matchers.of(package, names)) and (facts := package.facts()) is not None:
            for name in about:
                subject[name].append((package, facts))
    taken: dict[str, Going] = {}
    for name in names:
        rule = matchers.rules[name]
        for (package, facts), why in _taken(rule, subject[name], now_ms):
            found = Going(package=package, facts=facts, rule=name, why=why, deletable_ms=_deletable(package, rule))
            taken.setdefault(package.path_in_channel, found)
    needed = {
        path: lock.path
        for path, each in taken.items()
        for lock in reversed(locks)
        if lock.needs(each.package.file, each.facts.sha256)
    }
    going = {path: (each.package, each.facts) for path, each in taken.items() if path not in needed}
    # What is kept for a lock pins others, too.
    kept = (
        package
        for package in packages
        if package.path_in_channel not in going and (package.yank is None or package.path_in_channel in needed)
    )
    needed |= {path: f"{by} pins it" for path, by in pinned_by(kept, going).items()}
    left = [each for path, each in sorted(taken.items()) if path not in needed]
    yank = tuple(each for each in left if each.package.yank is None)
    going_from = Counter(each.package.subdir for each in yank if not each.package.is_revoked)
    released = [each for each in packages if each.yank is not None and each.path_in_channel not in taken]
    return Plan(
        yank=yank,
        delete=tuple(each for each in left if each.deletable_ms is not None and each.deletable_ms <= now_ms),
        waiting=tuple(
            each
            for each in left
            if each.package.yank is not None and (each.deletable_ms is None or each.deletable_ms > now_ms)
        ),
        kept=tuple(Kept(going=taken[path], needed_by=needed[path]) for path in sorted(needed)),
        released=() if only else tuple(sorted(released, key=lambda each: each.path_in_channel)),
        idle=tuple(name for name in names if not subject[name]),
        emptied={subdir: number for subdir, number in indexed.items() if going_from[subdir] == number},
    )


def _deletable(package: Package, rule: RetentionRule) -> int | None:
    since = yanked_at(package.yank) if package.yank else None
    return None if since is None else since + rule.grace_ms


def _taken(rule: RetentionRule, packages: Sequence[Found], now_ms: int) -> Iterable[tuple[Found, str]]:
    """Those of the packages that the rule takes, and why."""
    beyond: Mapping[str, str] | None = None
    if rule.keep_newest is not None:
        beyond = (_beyond_versions if rule.per == "name" else _beyond_builds)(packages, rule.keep_newest)
    for package, facts in packages:
        why = []
        if beyond is not None:
            if package.path_in_channel not in beyond:
                continue
            why.append(beyond[package.path_in_channel])
        if rule.older_than_ms is not None:
            came = came_at(facts)
            if came is None or now_ms - came <= rule.older_than_ms:
                continue
            why.append(f"in the channel for {count((now_ms - came) // DAY_MS, 'day')}")
        yield (package, facts), " and ".join(why)


def _beyond_versions(packages: Sequence[Found], newest: int) -> dict[str, str]:
    """The packages that are of none of the newest versions of their name in their subdir, and why. One whose version
    cannot be compared is not among them, and a version of which all packages are revoked is none of the newest.
    """
    beyond: dict[str, str] = {}
    text = f"not of the {newest:,} newest versions" if newest > 1 else "not of the newest version"
    for group in _grouped(packages, lambda found: (found[0].subdir, client_name(found[1].name or ""))):
        versions: dict[Version, list[Found]] = {}
        for found in group:
            if (order := order_of(found[1].version or "")) is not None:
                versions.setdefault(order, []).append(found)
        for version in _beyond([versions[order] for order in sorted(versions, reverse=True)], newest):
            beyond |= {package.path_in_channel: text for package, _ in version}
    return beyond


def _beyond(groups: Sequence[list[Found]], newest: int) -> Sequence[list[Found]]:
    """The groups of packages, newest first, that come after so many of which not all packages are revoked."""
    counted = [number for number, group in enumerate(groups) if not all(package.is_revoked for package, _ in group)]
    return groups[counted[newest - 1] + 1 :] if len(counted) >= newest else ()


def _beyond_builds(packages: Sequence[Found], newest: int) -> dict[str, str]:
    """The packages that are not among the newest builds of their version in their subdir, and why. The .conda and the
    .tar.bz2 of a build count once, and not if both are revoked.
    """
    beyond: dict[str, str] = {}
    for group in _grouped(packages, lambda found: (found[0].subdir, client_name(found[1].name or ""), _same(found[1]))):
        builds = _grouped(group, lambda found: stem_of(found[0].file))
        builds.sort(key=lambda build: max(map(_newness, build)), reverse=True)
        for package, facts in (found for build in _beyond(builds, newest) for found in build):
            many = f"not of the {newest:,} newest builds of {facts.version}"
            beyond[package.path_in_channel] = many if newest > 1 else f"not the newest build of {facts.version}"
    return beyond


def _newness(found: Found) -> tuple[int, int, str]:
    return found[1].build_number, in_ms(found[1].timestamp) or 0, found[0].file


def _same(facts: RecordFacts) -> object:
    """Equal for versions that conda takes for the same: 1.0 and 1.0.0."""
    order = order_of(facts.version or "")
    return facts.version if order is None else order


def _grouped(packages: Sequence[Found], key: Callable[[Found], object]) -> list[list[Found]]:
    groups: dict[object, list[Found]] = {}
    for found in packages:
        groups.setdefault(key(found), []).append(found)
    return [*groups.values()]
