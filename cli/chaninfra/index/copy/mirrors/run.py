"""Runs a mirror of a channel: yanks what has left the source, brings back what is there again, and copies what is new.

What has left goes first, so that a package that was withdrawn from the source does not stay for as long as a large copy
takes. Nothing is written before both are planned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from chaninfra.channel.conda.mirrors import Mirror, Mirrors
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import nearest
from chaninfra.index.cdn_invalidation import changed
from chaninfra.index.channel import Channel
from chaninfra.index.copy.copy import AT_ONCE, SoFar, Transfer, copy
from chaninfra.index.copy.deletions import deleted_for_good, was_deleted
from chaninfra.index.copy.mirrors import prune
from chaninfra.index.copy.mirrors.left import why
from chaninfra.index.copy.mirrors.notes import begin_notes
from chaninfra.index.copy.mirrors.retired import retired
from chaninfra.index.copy.plan import Plan, Task, plan_copy
from chaninfra.index.copy.report import Copied
from chaninfra.index.copy.selection import Selection, select
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.locks import read_lock
from chaninfra.index.part import Part
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import Runtime
from chaninfra.index.withdrawal.document import Withdrawn


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """What a run is going to do."""

    name: str
    mirror: Mirror
    selection: Selection
    plan: Plan
    prune: prune.Planned | None
    """None: the mirror does not prune."""
    withdrawn: tuple[str, ...] = ()
    """`<subdir>/<file>` of what is not copied, since these bytes were deleted here for good."""
    retired: Mapping[str, str] = field(default_factory=dict)
    """`<subdir>/<file>` of what is not copied, since a retention rule would take it at once → the rule."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run did."""

    copied: Copied
    pruned: prune.Pruned | None

    @property
    def subdirs(self) -> tuple[Subdir, ...]:
        """The subdirs whose index changed."""
        pruned = changed(self.pruned.report) if self.pruned is not None else ()
        return tuple(dict.fromkeys([*pruned, *(each.package.subdir for each in self.copied.packages)]))


def mirrors_of(channel: Channel) -> Mirrors:
    """The mirrors of the channel. Raises ConfigurationError where it has none."""
    mirrors = channel.descriptor.mirrored
    if not mirrors:
        raise ConfigurationError(
            "the channel has no mirrors",
            where=channel.url(CHANNEL_JSON),
            remedy="set `mirrors` in its stack config, and run `pulumi up`; or name a source: "
            "`chaninfra copy SPEC --from SOURCE`",
        )
    return mirrors


def mirror_named(channel: Channel, name: str) -> Mirror:
    """The mirror of this name. Raises ConfigurationError where the channel has none."""
    mirrors = mirrors_of(channel)
    if name not in mirrors:
        where = channel.url(CHANNEL_JSON)
        raise ConfigurationError(f"there is no mirror {name!r}", where=where, remedy=nearest(name, mirrors))
    return mirrors[name]


def limits(mirror: Mirror, flags: FromFlags) -> FromFlags:
    """The flags, with the rate and the connections that the mirror says, where they say nothing else."""
    return dataclasses.replace(flags, rate=flags.rate or mirror.rate, at_once=flags.at_once or mirror.at_once)


def wanted_of(mirror: Mirror, part: Part | None = None) -> Wanted:
    """What a mirror copies. Its lock files are looked for from the current folder."""
    return Wanted(
        specs=mirror.specs,
        # A package that has left the source is no misspelled one.
        specs_must_name=False,
        locks=tuple(map(Path, mirror.locks)),
        exclude=mirror.exclude,
        subdirs=mirror.subdirs,
        newest=mirror.newest,
        older_than_ms=mirror.older_than_ms,
        part=part,
    )


def plan_run(
    channel: Channel, source: Source, name: str, part: Part | None = None, progress: Progress = SILENT
) -> PlannedRun:
    """What a run of the mirror of this name is going to do; nothing is written. Raises as `mirror_named`, `select`,
    `plan_copy` and `prune.plan`.
    """
    mirror = mirror_named(channel, name)
    wanted = wanted_of(mirror, part)
    for path in wanted.locks:
        if not path.exists():
            raise ConfigurationError(
                "there is no such file",
                where=str(path),
                remedy=f"it is one of `locks` of the mirror {name}, whose paths begin in the folder where it is run: "
                f"{Path.cwd()}",
            )
    subdirs = _subdirs(channel, source, mirror)
    progress.stage("reading the source")
    selection = select(source, wanted, subdirs, channel.runtime.now_ms())
    deleted = deleted_for_good(channel)
    withdrawn = _withdrawn(deleted, selection.packages)
    if withdrawn:
        left = tuple(each for each in selection.packages if each.path_in_channel not in withdrawn)
        selection = dataclasses.replace(selection, packages=left)
    plan = plan_copy(source, channel, selection.packages, progress, deleted=deleted)
    locks = [read_lock(path) for path in wanted.locks]
    taken = retired(channel, [task.package for task in plan.tasks if task.doing == "new"], locks)
    if taken:
        plan = _of_tasks(plan, lambda task: None if task.package.path_in_channel in taken else task)
    pruning = None
    if mirror.prune:
        pruning = prune.plan(
            channel,
            source,
            name,
            [each for each in channel.descriptor.subdirs if mirror.subdirs is None or each in mirror.subdirs],
            wanted={package.path_in_channel for package in selection.packages},
            locks=locks,
            part=part,
        )
        plan = _without_yanks(plan, name)
    return PlannedRun(
        name=name, mirror=mirror, selection=selection, plan=plan, prune=pruning, withdrawn=withdrawn, retired=taken
    )


def run_mirror(channel: Channel, name: str) -> tuple[PlannedRun, Ran]:
    """Plan a run, and do it, as followers do. Raises as `open_source`, `plan_run` and `run`."""
    from chaninfra.index.copy.sources.open import open_source
    from chaninfra.index.copy.transfer import Transfer

    mirror = mirror_named(channel, name)
    source = open_source(mirror.source, limits(mirror, FromFlags()), channel)
    planned = plan_run(channel, source, name)
    return planned, run(channel, source, planned, Transfer(source, channel))


def run(
    channel: Channel,
    source: Source,
    planned: PlannedRun,
    transfer: Transfer,
    progress: Progress = SILENT,
    *,
    so_far: SoFar | None = None,
    bringing: Runtime | None = None,
) -> Ran:
    """Do what was planned. `so_far` and `bringing` are those of `copy`.

    Raises as `copy` and `prune.carry_out`; whatever was not done then, the next run does.
    """
    pruned, committing = None, None
    if planned.prune is not None:
        pruned = prune.carry_out(channel, planned.prune, planned.name, progress)
    # Also what a mirror copies that does not prune: another one must not yank it.
    if any(each.prune for each in channel.descriptor.mirrored.values()):
        committing = begin_notes(channel, planned.selection.packages, planned.plan, planned.name)
    at_once = planned.mirror.at_once or AT_ONCE
    copied = copy(
        channel,
        source,
        planned.plan,
        transfer,
        progress,
        so_far=so_far,
        at_once=at_once,
        bringing=bringing,
        committing=committing,
    )
    return Ran(copied=copied, pruned=pruned)


def _withdrawn(document: Withdrawn, packages: Sequence[SourcePackage]) -> tuple[str, ...]:
    """Those of the packages (`<subdir>/<file>`) that were deleted here for good, with the same bytes."""
    return tuple(each.path_in_channel for each in filter(was_deleted(document), packages))


def _without_yanks(plan: Plan, name: str) -> Plan:
    """The plan without the yanks of the source: the mirror alone decides on them, and knows which are its own. What is
    new and yanked is yanked in its name, so that it can end.
    """
    return _of_tasks(plan, lambda task: None if task.doing == "yank" else _in_name_of(name, task))


def _of_tasks(plan: Plan, change: Callable[[Task], Task | None]) -> Plan:
    """The plan with its tasks changed; None: without that."""
    subdirs = [
        dataclasses.replace(each, tasks=tuple(new for task in each.tasks if (new := change(task)) is not None))
        for each in plan.subdirs
    ]
    needed = [each for each in subdirs if each.tasks or each.behind or each.unlisted]
    return dataclasses.replace(plan, subdirs=tuple(needed))


def _in_name_of(name: str, task: Task) -> Task:
    yank = task.package.yank
    if yank is not None and task.doing == "new":
        reason = why(name, prune.in_source(task.package))
        yank, mirror = msgspec.structs.replace(yank, reason=reason), name
    else:
        yank, mirror = None, None
    return dataclasses.replace(task, package=dataclasses.replace(task.package, yank=yank), mirror=mirror)


def _subdirs(channel: Channel, source: Source, mirror: Mirror) -> Sequence[Subdir]:
    """Those that both have, and the mirror does not leave out. Raises ConfigurationError where there is none."""
    there = source.subdirs()
    found = [each for each in channel.descriptor.subdirs if each in there and each in (mirror.subdirs or there)]
    if not found:
        denied = "".join(f"; {each}" for each in source.refused())
        raise ConfigurationError(
            f"the source has none of the subdirs that are mirrored: it has {', '.join(there) or 'none'}{denied}",
            where=source.url,
            remedy="correct `subdirs` of the mirror, or those of the channel, in the stack config",
        )
    return found
