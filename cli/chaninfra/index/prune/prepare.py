"""Finds out what prune is going to do, without writing anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_TABLES
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.retention import check_rules
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ConfigurationError, RefusedError
from chaninfra.channel.text import count, nearest
from chaninfra.index.channel import Channel
from chaninfra.index.commit.new_yanks import with_record
from chaninfra.index.locks import Lock
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.prune.look import look
from chaninfra.index.prune.packages import Package
from chaninfra.index.prune.plan import Going, Kept, Matchers, Plan, plan
from chaninfra.index.times import now_with_offset
from chaninfra.index.yank import Opened, open_indexes
from chaninfra.index.yanks import yanks_of

_DOCUMENT_BYTES = 6 << 20
"""Size of yanked.json above which prune yanks nothing more: it may have 8 MiB, and people yank, too."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What prune is going to do. All are sorted by subdir and file."""

    opened: Opened
    plan: Plan
    yank: tuple[Going, ...]
    later: int
    """How many more are yanked by later runs, since yanked.json may not get any larger now."""
    delete: tuple[Going, ...]
    gone: tuple[Going, ...]
    """Yanked by prune, and their file is not there: their yanks are dropped."""
    waiting: tuple[Going, ...]
    kept: tuple[Kept, ...]
    unknown: Mapping[Subdir, str]
    """The subdirs of which nothing is deleted → the key of the file of a snapshot that cannot be read, so that it is
    not known what the snapshot needs."""
    unused: tuple[str, ...]
    """The lock files that name no package of the channel."""

    def check(self) -> None:
        """Raise RefusedError if no package would be left in the index of a subdir."""
        emptied = self.plan.emptied
        if not emptied:
            return
        which = ", ".join(f"{subdir} ({count(number, 'package')})" for subdir, number in sorted(emptied.items()))
        rules = [*dict.fromkeys(each.rule for each in self.plan.yank if each.package.subdir in emptied)]
        raise RefusedError(
            f"no package would be left in the index of {which}: {' and '.join(rules)} "
            f"{'takes' if len(rules) == 1 else 'take'} all",
            where="retention",
            remedy="correct `retention` in the stack config (`--dry-run` lists the packages); or give `--all`, if none "
            "is to stay",
        )


def matchers_of(channel: Channel, only: Collection[str] = ()) -> Matchers:
    """The rules of the channel. `only`: names of rules. Raises ConfigurationError where there are no rules, one of them
    is not valid, or one of the names is none of theirs.
    """
    rules, where = channel.descriptor.rules, channel.url(CHANNEL_JSON)
    if not rules:
        raise ConfigurationError(
            "the channel has no retention rules",
            where=where,
            remedy="set `retention` in the stack config, and run `pulumi up`",
        )
    for name in only:
        if name not in rules:
            raise ConfigurationError(f"there is no rule {name!r}", where="--rule", remedy=nearest(name, rules))
    check_rules(rules, where)
    return Matchers(rules, where)


def prepare(
    channel: Channel,
    matchers: Matchers,
    only: Collection[str] = (),
    locks: Sequence[Lock] = (),
    progress: Progress = SILENT,
) -> Planned:
    """Find out what goes. Raises what `read_whole` raises, and StorageError."""
    progress.stage("reading the index")
    opened = open_indexes(channel)
    packages = [*packages_of(opened)]
    now = channel.runtime.now_ms()
    planned = plan(packages, matchers, now, only=only, locks=locks)
    progress.stage("looking at what is yanked")
    looked = {
        subdir: look(opened.subdir_indexes[subdir], matchers.rules, due, now)
        for subdir, due in by_subdir(planned.delete)
    }
    each = looked.values()
    files = {package.file for package in packages}
    hashes = {facts.sha256 for package in packages if locks and (facts := package.facts()) is not None}
    fits = _fitting(opened, planned.yank, now_with_offset(channel.runtime))
    return Planned(
        opened=opened,
        plan=planned,
        yank=planned.yank[:fits],
        later=len(planned.yank) - fits,
        delete=tuple(going for found in each for going in found.delete),
        gone=tuple(going for found in each for going in found.gone),
        waiting=_sorted([*planned.waiting, *(going for found in each for going in found.waiting)]),
        kept=tuple(
            sorted(
                [*planned.kept, *(kept for found in each for kept in found.kept)],
                key=lambda kept: kept.going.package.path_in_channel,
            )
        ),
        unknown={subdir: found.unknown for subdir, found in looked.items() if found.unknown is not None},
        unused=tuple(lock.path for lock in locks if not (lock.files & files or lock.hashes & hashes)),
    )


def yank_for(going: Going, when: str) -> Yank:
    """The yank of a package that goes, without its record."""
    return Yank(reason=f"retention rule {going.rule}: {going.why}", when=when, rule=going.rule)


def by_subdir(going: Iterable[Going]) -> list[tuple[Subdir, list[Going]]]:
    """The packages by subdir."""
    found: dict[Subdir, list[Going]] = {}
    for each in going:
        found.setdefault(each.package.subdir, []).append(each)
    return [*found.items()]


def _sorted(going: Iterable[Going]) -> tuple[Going, ...]:
    return tuple(sorted(going, key=lambda each: each.package.path_in_channel))


def packages_of(opened: Opened) -> Iterator[Package]:
    """The conda packages of the index: those with a record, and those that prune has yanked."""
    for subdir, whole in opened.wholes.items():
        repodata = whole.repodata
        for file, table, key in repodata.files():
            if table in PACKAGE_TABLES:
                yield Package(subdir, file, bytes(repodata.records[table][key]))
        yanks = yanks_of(opened.subdir_indexes[subdir], whole)
        for file in sorted(yanks.files):
            yank = yanks.find(file)
            if yank is not None and yank.rule is not None and yank.record is not None and repodata.find(file) is None:
                yield Package(subdir, file, msgspec.json.encode(yank.record), yank)


def _fitting(opened: Opened, going: Sequence[Going], when: str) -> int:
    """How many of the packages, the first ones, can be yanked, so that yanked.json does not get too large."""
    size = len(msgspec.json.format(msgspec.json.encode(opened.document), indent=2))
    for number, each in enumerate(going):
        repodata = opened.wholes[each.package.subdir].repodata
        yank = with_record(yank_for(each, when), repodata, each.package.file)
        entry = {each.package.path_in_channel: yank}
        # As many spaces more as it is nested deeper.
        size += len(msgspec.json.format(msgspec.json.encode({"packages": entry}), indent=2))
        if size > _DOCUMENT_BYTES:
            return number
    return len(going)
