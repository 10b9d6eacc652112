"""The packages of a source that are copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaninfra.channel.conda.filenames import PackageFileName, package_name, stem_of, suffix_of
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import few
from chaninfra.index.copy.closure import Closure, close
from chaninfra.index.copy.limits import Limits, newest
from chaninfra.index.copy.locked import Elsewhere, Lacking, find_locked
from chaninfra.index.copy.pool import Pool
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.copy.virtual_packages import virtual_packages
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.copy.words import Words
from chaninfra.index.locks import Lock, read_lock
from chaninfra.index.part import Part
from chaninfra.index.prune.packages import order_of
from chaninfra.index.select import name_of, nearest_of

_FEW = 5
"""Versions that a message names."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is copied, and what is not although it was asked for."""

    packages: tuple[SourcePackage, ...]
    """Each once, by subdir in the order of KNOWN_SUBDIRS, and file."""
    by_file: frozenset[str] = frozenset()
    """The paths of those that a spec or a lock names by the file, and not as one of many."""
    too_young: int = 0
    """How many packages were named that have not been public for long enough, or of which that is not known."""
    unnamed: tuple[str, ...] = ()
    """The specs that name no package, see `Wanted.specs_must_name`."""
    excludes_nothing: tuple[str, ...] = ()
    """Those of `Wanted.exclude` that name none of the packages that could have been copied."""
    lacking: tuple[Lacking, ...] = ()
    """What the locks need of the source, and is not copied."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """The other channels that the locks name, as far as the source does not have their packages."""
    not_here: Mapping[Subdir, int] = field(default_factory=dict)
    """Of a copy of all: subdirs that the target lacks → how many names of packages the source has there."""
    not_installable: Mapping[str, str] = field(default_factory=dict)
    """With dependencies: the paths of packages that are not copied, since what they need is not there, while others
    that the same spec names are → why, completing "cannot be installed: …".
    """
    unmet: Mapping[str, str] = field(default_factory=dict)
    """With dependencies: the specs of which no package can be installed → why, for one of them. Where there are no
    specs, the paths of the packages that cannot be installed.
    """


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
    packages = [*_read(source, wanted, specs, locks, with_noarch if locks else subdirs)]
    named = [(each, specs.naming(each)) for each in packages if each.subdir in subdirs]
    if wanted.specs or locks:
        named = [(package, words) for package, words in named if words]
    there = {word for _, words in named for word in words}
    unnamed = tuple(spec for spec in wanted.specs if spec not in there)
    if unnamed and wanted.specs_must_name:
        raise _unnamed(source, unnamed, subdirs, packages)
    kept_out = [limits.why_not(package) for package, _ in named]
    chosen = [package for (package, _), limit in zip(named, kept_out, strict=True) if limit is None]
    if wanted.newest is not None:
        chosen = [*newest(chosen, wanted.newest)]
    closure = Closure()
    unmet: dict[str, str] = {}
    left_out: dict[str, str] = {}
    if wanted.with_dependencies:
        words_of = {package.path_in_channel: words for package, words in named}
        closure = _closure(source, wanted, chosen, words_of, with_noarch, limits)
        unmet = _unmet(wanted.specs, chosen, words_of, closure.failed)
        left_out = {path: why for path, why in closure.failed.items() if not unmet.keys() >= {*words_of[path]}}
        chosen = [each for each in chosen if each.path_in_channel not in closure.failed]
    locked = find_locked(source.url, locks, packages, limits.why_not, with_noarch, only=wanted.subdirs)
    chosen += locked.packages
    # Clients choose the .conda where there are both; the .tar.bz2 alone is enough, too.
    builds = {(each.subdir, stem_of(each.file)) for each in chosen}
    needed = [each for each in closure.needed.values() if (each.subdir, stem_of(each.file)) not in builds]
    return Selection(
        packages=_sorted([*chosen, *needed], wanted.part),
        by_file=_by_file(named, locked.packages),
        too_young=kept_out.count("young") + kept_out.count("of unknown age"),
        unnamed=unnamed,
        excludes_nothing=_without_effect(source, wanted, packages, with_noarch),
        lacking=locked.lacking,
        elsewhere=locked.elsewhere,
        not_installable=left_out,
        unmet=unmet,
    )


def _by_file(named: Iterable[tuple[SourcePackage, Sequence[str]]], locked: Iterable[SourcePackage]) -> frozenset[str]:
    """See Selection.by_file."""
    by_spec = (package for package, words in named if any(map(suffix_of, words)))
    return frozenset(package.path_in_channel for package in (*by_spec, *locked))


def _closure(
    source: Source,
    wanted: Wanted,
    chosen: Sequence[SourcePackage],
    words_of: Mapping[str, Sequence[str]],
    subdirs: Sequence[Subdir],
    limits: Limits,
) -> Closure:
    """What these packages need, but for those that are yanked: nobody installs them anew."""
    platforms = [subdir for subdir in subdirs if subdir != NOARCH] or [NOARCH]
    virtual = {platform: virtual_packages(platform, wanted.virtual_packages) for platform in platforms}
    standing = [each for each in chosen if each.yank is None]
    pool = Pool(source, standing, subdirs, lambda each: each.yank is None and limits.why_not(each) is None)
    words: dict[str, list[SourcePackage]] = {}
    for package in standing:
        for word in words_of[package.path_in_channel]:
            words.setdefault(word, []).append(package)
    return close(pool, standing, words, virtual)


def _unmet(
    specs: Sequence[str],
    chosen: Sequence[SourcePackage],
    words_of: Mapping[str, Sequence[str]],
    failed: Mapping[str, str],
) -> dict[str, str]:
    """See Selection.unmet."""
    if not specs:
        return {**failed}
    why: dict[str, str] = {}
    met: set[str] = set()
    for package in chosen:
        path = package.path_in_channel
        if path in failed:
            why |= dict.fromkeys(words_of[path], f"{path}: {failed[path]}")
        else:
            met.update(words_of[path])
    return {word: why[word] for word in specs if word in why and word not in met}


def _read(
    source: Source, wanted: Wanted, specs: Words, locks: Sequence[Lock], subdirs: Sequence[Subdir]
) -> Iterator[SourcePackage]:
    """The packages that specs and locks may name; where there are none, all of the part. What a package of one part
    needs may be in another part.
    """
    part = wanted.part if not wanted.with_dependencies else None
    for subdir in subdirs:
        names = {*specs.names}
        names |= {package_name(each.file) for lock in locks for each in lock.packages if each.subdir in (None, subdir)}
        if specs.names or locks:
            yield from source.packages(subdir, names) if names else ()
        elif part is not None:
            yield from source.packages(subdir, {name for name in source.names(subdir) if part.has_name(subdir, name)})
        else:
            yield from source.packages(subdir)


def _unnamed(
    source: Source, specs: Sequence[str], subdirs: Sequence[Subdir], packages: Iterable[SourcePackage]
) -> ConfigurationError:
    """The error for specs that name no package; `packages` are those that were read."""
    names = {name for subdir in subdirs for name in source.names(subdir)}
    versions: dict[str, set[str]] = {}
    for package in packages:
        parsed = PackageFileName.parse(package.file)
        versions.setdefault(package_name(package.file), set()).add(parsed.version)
    there = [_newest_first(name, versions[name]) for name in dict.fromkeys(map(name_of, specs)) if name in versions]
    leave_out = f"leave out {', '.join(specs)}"
    if source.url.startswith("s3://"):
        place = shlex.quote(source.url.removeprefix("s3://"))
        leave_out += f"; `chaninfra ls s3://{place}` lists what there is"
    head = " ".join(filter(None, [nearest_of(specs, names, "").strip(), f"of {'; of '.join(there)}" if there else ""]))
    remedy = f"{head}{' Else ' if head.endswith('?') else '; else '}{leave_out}" if head else leave_out
    return ConfigurationError(
        f"no package in {', '.join(subdirs)} is: {', '.join(specs)}", where=source.url, remedy=remedy
    )


def _without_effect(
    source: Source, wanted: Wanted, packages: Iterable[SourcePackage], subdirs: Sequence[Subdir]
) -> tuple[str, ...]:
    """See Selection.excludes_nothing."""
    if not wanted.specs_must_name or wanted.part is not None or not wanted.exclude:
        return ()
    exclude = Words(wanted.exclude)
    left = {*wanted.exclude} - {word for package in packages for word in exclude.naming(package)}
    if left and wanted.with_dependencies:
        needed = (package for subdir in subdirs for package in source.packages(subdir, {*map(name_of, left)}))
        left -= {word for package in needed for word in exclude.naming(package)}
    return tuple(word for word in dict.fromkeys(wanted.exclude) if word in left)


def _newest_first(name: str, versions: Iterable[str]) -> str:
    """`a there are 3, 2, 1`."""
    known = sorted(versions, key=lambda each: (order_of(each) is not None, order_of(each) or "", each), reverse=True)
    return f"{name} there {'is' if len(known) == 1 else 'are'} {few(known, _FEW)}"


def _sorted(packages: Iterable[SourcePackage], part: Part | None) -> tuple[SourcePackage, ...]:
    """Those of the part, each once."""
    each_once = {each.path_in_channel: each for each in packages}
    if part is not None:
        each_once = {path: each for path, each in each_once.items() if part.has(path)}
    return tuple(sorted(each_once.values(), key=lambda each: (KNOWN_SUBDIRS.index(each.subdir), each.file)))
