"""Plans a copy: what the target has of the packages already, and what is to be done. Nothing is written here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Literal

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.untrusted import UNWRITABLE
from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.channel.text import few
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import read_authority
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.copy.deletions import deleted_for_good, was_deleted
from chaninfra.index.copy.patching import is_own
from chaninfra.index.copy.records import copied_patch, record_fields, why_refused, without_index
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.copy.there import Has, found_objects, is_behind, is_other, looked_up
from chaninfra.index.package.sidecars import FIELD
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.place import how_to_declare, require_index
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import LeftOut
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import check_writable
from chaninfra.index.withdrawal.document import Withdrawn

Doing = Literal["new", "record", "yank", "attestations"]
"""`new`: the index of the target has no record of it. `record`: it has another record of these bytes, or another patch.
`yank`: the source has yanked it. `attestations`: it lacks attestations that the source has."""

COMPARING = "comparing"
"""A stage of the progress."""
_SHOWN = 10
LEAVE_OUT = "leave it out with `--exclude`, or tell those who keep the source"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A package to copy."""

    package: SourcePackage
    doing: Doing
    patch: Patch | None = None
    """The patch that the target is to have for it, if the source tells."""
    told: bool = False
    """Whether the source tells what the package says itself; else the package must have been read."""
    own: bool = False
    """Whether the target has a patch of its own for it, which stays."""
    there: bool = False
    """Whether its bytes seem to be in the target."""
    mirror: str | None = None
    """The mirror that yanks it in its own name, if it is yanked; None: it is yanked as by a person."""


@dataclass(frozen=True, kw_only=True)
class SubdirPlan:
    """What is to be done in a subdir."""

    target: SubdirIndex
    tasks: tuple[Task, ...]
    patches: Patches
    """Those that the target has."""
    behind: bool = False
    """Whether a derived file lacks commits: their writer may have been killed."""
    unlisted: frozenset[str] = frozenset()
    """The names of packages that are yanked on both sides, and that yanked.json does not list: as `behind`."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a copy is to do. Packages are `<subdir>/<file>`."""

    subdirs: tuple[SubdirPlan, ...]
    already: tuple[str, ...] = ()
    """Packages that the target has with these bytes and this record, or has yanked."""
    yanked_here: tuple[str, ...] = ()
    """Those of `already` that the target has yanked, and the source has not."""
    deleted_here: tuple[str, ...] = ()
    """Packages that were deleted here for good, are not there again, and are not named by their files."""
    left_out: tuple[LeftOut, ...] = ()
    """Packages whose record no channel can have."""
    deleted: Withdrawn = field(default_factory=Withdrawn)
    """What was deleted for good in the target before the plan was made."""

    @property
    def tasks(self) -> list[Task]:
        """All of them."""
        return [task for subdir in self.subdirs for task in subdir.tasks]

    @property
    def size(self) -> int:
        """The bytes of the packages that the index of the target does not have."""
        return sum(task.package.facts.size or 0 for task in self.tasks if task.doing == "new")


def plan_copy(
    source: Source,
    channel: Channel,
    packages: Iterable[SourcePackage],
    progress: Progress = SILENT,
    *,
    deleted: Withdrawn | None = None,
    named: Collection[str] | None = None,
) -> Plan:
    """Compare the packages of the source with what the target has. `deleted`: what was deleted for good in it, if that
    was read before. `named`: the paths of the packages that are copied also if they were deleted so; None: all.

    Raises ConflictError where the target has other bytes under one of the names; ConfigurationError for a subdir that
    it does not have, and for a target that only a follower writes; RefusedError for an index that must not be written;
    and StorageError.
    """
    by_subdir: dict[Subdir, list[SourcePackage]] = {}
    left_out: list[LeftOut] = []
    for package in packages:
        why = why_refused(package)
        if why is None:
            by_subdir.setdefault(package.subdir, []).append(package)
        else:
            left_out.append(LeftOut(package=package.path_in_channel, reason=why, remedy=LEAVE_OUT))
    _check(channel, by_subdir)
    if by_subdir and deleted is None:
        # Rule: before the index is read, so that what is deleted since then is known.
        deleted = deleted_for_good(channel)
    progress.stage(COMPARING, sum(map(len, by_subdir.values())))
    is_deleted = was_deleted(deleted or Withdrawn())

    def stays_deleted(package: SourcePackage) -> bool:
        return named is not None and package.path_in_channel not in named and is_deleted(package)

    document = cache(lambda: read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))[0])
    plans: list[SubdirPlan] = []
    already: list[str] = []
    yanked_here: list[str] = []
    deleted_here: list[str] = []
    differing: list[str] = []
    for subdir in (each for each in KNOWN_SUBDIRS if each in by_subdir):
        progress.at(subdir)
        target = channel.subdir_index(subdir)
        check_writable(target)
        patches = read_patches(target)[0]
        authority = read_authority(target)
        has = looked_up(target, authority, {package_name(package.file) for package in by_subdir[subdir]})
        tasks: list[Task] = []
        for package in by_subdir[subdir]:
            try:
                task = _task(source, package, has(package.file), patches.get(package.file))
            except UNWRITABLE as error:
                why = f"its patch cannot be copied: {error}"
                left_out.append(LeftOut(package=package.path_in_channel, reason=why, remedy=LEAVE_OUT))
                continue
            if task is None:
                already.append(package.path_in_channel)
                if package.yank is None and _is_yanked(has(package.file)):
                    yanked_here.append(package.path_in_channel)
            elif task == "differs":
                differing.append(package.path_in_channel)
            elif task.doing == "new" and stays_deleted(package):
                deleted_here.append(package.path_in_channel)
            else:
                tasks.append(task)
        objects = found_objects(target, {task.package.file for task in tasks if task.doing == "new"})
        differing += [
            task.package.path_in_channel
            for task in tasks
            if (entry := objects.get(task.package.file)) is not None and is_other(target, task.package, entry)
        ]
        tasks = [replace(task, there=task.doing != "new" or task.package.file in objects) for task in tasks]
        both = {package.file for package in by_subdir[subdir] if package.yank and _is_yanked(has(package.file))}
        unlisted = frozenset(map(package_name, both - document().of(subdir).keys())) if both else frozenset[str]()
        behind = is_behind(target, authority)
        if tasks or behind or unlisted:
            plans.append(
                SubdirPlan(target=target, tasks=tuple(tasks), patches=patches, behind=behind, unlisted=unlisted)
            )
        for _ in by_subdir[subdir]:
            progress.done()
    if differing:
        raise other_bytes(channel, differing)
    return Plan(
        subdirs=tuple(plans),
        already=tuple(already),
        yanked_here=tuple(yanked_here),
        deleted_here=tuple(deleted_here),
        left_out=tuple(left_out),
        deleted=deleted or Withdrawn(),
    )


def other_bytes(channel: Channel, paths: Sequence[str]) -> ConflictError:
    """The error for packages (`<subdir>/<file>`) of which the target has other bytes."""
    return ConflictError(
        f"the channel has other bytes under the same name: {few(paths, _SHOWN)}",
        where=channel.descriptor.url,
        remedy="leave them out with `--exclude`; or, if the source is right, delete them here for good with `chaninfra "
        "delete`, and copy again",
    )


def _check(channel: Channel, subdirs: Iterable[Subdir]) -> None:
    described = channel.descriptor
    if described.index.only_a_follower_commits:
        raise ConfigurationError(
            "its one writer is its follower (`index.follow` and `writers: single`), which makes the records from the "
            "packages and knows nothing of a source",
            where=described.url,
            remedy="set `writers: many` if the store has conditional writes; or upload the packages, and let the "
            "follower index them",
        )
    missing = {*subdirs} - {*described.subdirs}
    if channel.origin == "descriptor" and missing:
        raise ConfigurationError(
            f"the packages are for {', '.join(sorted(missing))}, but the channel has {', '.join(described.subdirs)}",
            where=described.url,
            remedy=f"{how_to_declare(channel, missing)}; or copy others alone with `--subdir`",
        )
    require_index(channel, subdirs)


def _task(
    source: Source, package: SourcePackage, has: Has | None, old: Patch | None
) -> Task | Literal["differs"] | None:
    """What is to be done; None: nothing. Raises one of UNWRITABLE for a patch of the source that cannot be copied."""
    wanted = record_fields(package)
    if has is not None and has.sha256 not in (None, wanted["sha256"]):
        return "differs"
    if has is not None and has.yanked:
        return None
    fits = old is not None and old.is_of(wanted["sha256"])
    own = is_own(old, wanted["sha256"])
    told = source.tells_patches and not (package.patch is not None and package.patch.removing)
    patch = copied_patch(package, source.url) if told and not own else None
    made = partial(Task, package=package, patch=patch, told=told, own=own)
    if has is None or has.record is None:
        return made(doing="new")
    right = own or (
        _same_patch(old if fits else None, patch)
        if told
        else not (fits and old is not None and (old.removing or old.over(wanted) != wanted))
    )
    over = old if own else patch
    if not right or without_index(has.record) != (over.over(wanted) if over is not None else wanted):
        return made(doing="record")
    if package.yank is not None:
        return made(doing="yank")
    attested = package.facts.attestations_sha256
    return made(doing="attestations") if attested and attested != has.record.get(FIELD) else None


def _same_patch(old: Patch | None, new: Patch | None) -> bool:
    if old is None or new is None:
        return old is new
    return old.says_the_same(new)


def _is_yanked(has: Has | None) -> bool:
    return has is not None and has.yanked
