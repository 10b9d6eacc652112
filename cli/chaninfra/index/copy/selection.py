"""The packages of a source that are copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.copy.limits import Limits, newest
from chaninfra.index.copy.locked import Elsewhere, Lacking, find_locked
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.copy.words import Words
from chaninfra.index.locks import Lock, read_lock
from chaninfra.index.select import nearest_of


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is copied, and what is not although it was asked for."""

    packages: tuple[SourcePackage, ...]
    """Each once, by subdir in the order of KNOWN_SUBDIRS, and file."""
    too_young: int = 0
    """How many packages were named that have not been public for long enough, or of which that is not known."""
    lacking: tuple[Lacking, ...] = ()
    """What the locks need of the source, and is not copied."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """The other channels that the locks name, as far as the source does not have their packages."""


def select(source: Source, wanted: Wanted, subdirs: Sequence[Subdir], now_ms: int) -> Selection:
    """The packages of these subdirs of the source that are copied; see `Wanted`. What locks need of noarch is among
    them, too, whatever the subdirs are: a lock for linux-64 names packages of both.

    Only those of the names that specs and locks say are read. Yanked packages are among them: they are copied as
    yanked.

    Raises ConfigurationError for a word that is no spec, a spec that names nothing, a lock that cannot be read or of
    which the source has nothing; StorageError.
    """
    specs = Words(wanted.specs)
    limits = Limits(Words(wanted.exclude), wanted.older_than_ms, now_ms)
    locks = [read_lock(path) for path in wanted.locks]
    with_noarch = [*subdirs, *([NOARCH] if NOARCH not in subdirs and NOARCH in source.subdirs() else [])]
    packages = [*_read(source, specs, locks, with_noarch if locks else subdirs)]
    named = packages
    if wanted.specs or locks:
        by_word = {each.path_in_channel: specs.naming(each) if each.subdir in subdirs else [] for each in packages}
        _check_all_named(source, wanted.specs, {word for words in by_word.values() for word in words}, subdirs)
        named = [package for package in packages if by_word[package.path_in_channel]]
    allowed, too_young = [], 0
    for package in named:
        limit = limits.why_not(package)
        if limit is None:
            allowed.append(package)
        too_young += limit in ("young", "of unknown age")
    if wanted.newest is not None:
        allowed = [*newest(allowed, wanted.newest)]
    locked = find_locked(source.url, locks, packages, limits.why_not, with_noarch, only=wanted.subdirs)
    return Selection(
        packages=tuple(each for each in _sorted([*allowed, *locked.packages]) if _in_part(each, wanted)),
        too_young=too_young,
        lacking=locked.lacking,
        elsewhere=locked.elsewhere,
    )


def _read(source: Source, specs: Words, locks: Sequence[Lock], subdirs: Sequence[Subdir]) -> Iterator[SourcePackage]:
    """The packages that specs and locks may name; all, where there are none."""
    if not specs.names and not locks:
        for subdir in subdirs:
            yield from source.packages(subdir)
        return
    for subdir in subdirs:
        locked = {package_name(each.file) for lock in locks for each in lock.packages if each.subdir in (None, subdir)}
        if names := {*specs.names, *locked}:
            yield from source.packages(subdir, names)


def _check_all_named(source: Source, specs: Sequence[str], named: set[str], subdirs: Sequence[Subdir]) -> None:
    """Raise ConfigurationError for a spec that names no package."""
    unknown = [spec for spec in specs if spec not in named]
    if not unknown:
        return
    names = {name for subdir in subdirs for name in source.names(subdir)}
    raise ConfigurationError(
        f"no package in {', '.join(subdirs)} is: {', '.join(unknown)}",
        where=source.url,
        remedy=nearest_of(unknown, names, "leave it out, or look what the channel has"),
    )


def _sorted(packages: Iterable[SourcePackage]) -> list[SourcePackage]:
    each_once = {package.path_in_channel: package for package in packages}
    return sorted(each_once.values(), key=lambda each: (KNOWN_SUBDIRS.index(each.subdir), each.file))


def _in_part(package: SourcePackage, wanted: Wanted) -> bool:
    return wanted.part is None or wanted.part.has(package.path_in_channel)
