"""Which packages of a source lock files name: pure.

A lock names packages of several channels, and those of the source by any URL that it can be read by: its own, or that
of a channel with the same packages (a mirror). So a package is found by its path and its bytes, whatever its URL is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.record_facts import RecordFacts
from chaninfra.channel.conda.subdirs import NOARCH, Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import count
from chaninfra.index.copy.limits import Limit
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.locks import Lock, LockedPackage, channel_url

_LIMITS: dict[Limit, str] = {
    "young": "it has not been public for long enough",
    "of unknown age": "the source does not say since when it has been public",
}

_LATER = "wait until it is old enough, or copy without `--older-than`"
_LOCK_AGAIN = "lock again, from what the source has now"
_DECLARE = "add the subdir to the channel that lacks it, or lock without that platform"


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A package of the source that a lock needs, and that is not copied."""

    lock: str
    """The path of the lock file."""
    path_in_channel: str
    why: str
    """Completes "is not copied: …"."""
    remedy: str | None = None


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """A channel of a lock that is not the source, as far as the source does not have the same packages."""

    lock: str
    channel: str
    """Its URL, without secrets."""
    there: int
    """How many of its packages the source has, with the same bytes."""
    missing: tuple[str, ...]
    """The paths of those that it does not have."""


@dataclass(frozen=True, kw_only=True)
class Locked:
    """What locks name."""

    packages: tuple[SourcePackage, ...]
    lacking: tuple[Lacking, ...]
    elsewhere: tuple[Elsewhere, ...]


def find_locked(
    url: str,
    locks: Sequence[Lock],
    packages: Iterable[SourcePackage],
    why_not: Callable[[SourcePackage], Limit | None],
    subdirs: Collection[Subdir],
    *,
    only: Collection[Subdir] | None = None,
) -> Locked:
    """The packages of the source at `url` that the locks name, and that `why_not` does not keep out.

    `subdirs` are those that can be copied, `only` those that somebody asked for: what a lock names in others, but for
    noarch, is then none of it. Raises ConfigurationError for a lock of which the source has no package.
    """
    by_file: dict[str, list[SourcePackage]] = {}
    for each in packages if locks else ():
        by_file.setdefault(each.file, []).append(each)
    chosen: dict[str, SourcePackage] = {}
    lacking: list[Lacking] = []
    elsewhere: list[Elsewhere] = []
    own = channel_url(url)
    for lock in locks:
        others: dict[str, tuple[list[str], list[str]]] = {}
        found = 0
        asked_for = [
            locked
            for locked in lock.packages
            if only is None or locked.subdir in (None, NOARCH) or locked.subdir in only
        ]
        for locked in asked_for:
            package, why = _look(locked, by_file.get(locked.file, ()), subdirs, own=locked.channel == own)
            there, missing = others.setdefault(locked.channel, ([], []))
            (missing if package is None else there).append(locked.path_in_channel)
            if package is not None:
                found += 1
                limit = why_not(package)
                if limit is None:
                    chosen[package.path_in_channel] = package
                # What is excluded was asked for, and not to be copied.
                why = _LIMITS.get(limit) if limit is not None else None
            if why is not None and (package is not None or locked.channel == own):
                remedy = _LATER if package is not None else _remedy(locked, subdirs)
                lacking.append(Lacking(lock=lock.path, path_in_channel=locked.path_in_channel, why=why, remedy=remedy))
        if asked_for and not found:
            raise _of_another_channel(url, lock, own, others)
        elsewhere += (
            Elsewhere(lock=lock.path, channel=channel, there=len(there), missing=tuple(sorted(missing)))
            for channel, (there, missing) in sorted(others.items())
            if channel != own and missing
        )
    return Locked(packages=tuple(chosen.values()), lacking=tuple(lacking), elsewhere=tuple(elsewhere))


def _look(
    locked: LockedPackage, packages: Sequence[SourcePackage], subdirs: Collection[Subdir], *, own: bool
) -> tuple[SourcePackage | None, str | None]:
    """The package of the source with this path and these bytes; or why there is none."""
    if locked.subdir is not None and locked.subdir not in subdirs:
        return None, f"{locked.subdir} is not in both channels"
    candidates = [each for each in packages if locked.subdir in (None, each.subdir)]
    if not candidates:
        return None, "the source does not have it"
    same = [(each, _same_bytes(locked, each)) for each in candidates]
    for package, equal in same:
        # Without a hash the URL must say that it is this package: another channel may have another one of this name.
        if equal or (equal is None and own and locked.sha256 is None and locked.md5 is None):
            return package, None
    if any(equal is False for _, equal in same):
        return None, "the source has other bytes under this name"
    return None, "there is no hash by which the bytes can be compared"


def _remedy(locked: LockedPackage, subdirs: Collection[Subdir]) -> str:
    """What to do about a package that `_look` does not find."""
    return _DECLARE if locked.subdir is not None and locked.subdir not in subdirs else _LOCK_AGAIN


def _same_bytes(locked: LockedPackage, package: SourcePackage) -> bool | None:
    """Whether they have the same bytes, by sha256, else by md5; None: that cannot be told."""
    try:
        facts = package.facts
    except MALFORMED:
        facts = RecordFacts()
    for theirs, ours in ((locked.sha256, facts.sha256), (locked.md5, facts.md5)):
        if theirs is not None and ours is not None:
            return theirs == ours.lower()
    return None


def _of_another_channel(url: str, lock: Lock, own: str, channels: Collection[str]) -> ConfigurationError:
    others = [channel for channel in channels if channel != own]
    named = f"; it names those of {', '.join(others[:3])}" if others else ""
    return ConfigurationError(
        f"none of its {count(len(lock.packages), 'package')} is in {url}{named}",
        where=lock.path,
        remedy="give the channel that its packages are from with --from, or leave the lock out",
    )
