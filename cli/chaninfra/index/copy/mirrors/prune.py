"""Yanks what has left the source of a mirror, and brings back what is there again.

What is yanked is forgotten as a copy, after the commit; so what somebody brings back by hand stays. What comes back is
a copy again, before the commit. Who is killed in between leaves entries that say nothing, see `left`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import RefusedError
from chaninfra.channel.text import count
from chaninfra.index.channel import Channel
from chaninfra.index.copy.mirrors.document import add_copies, forget_copies, read_copies
from chaninfra.index.copy.mirrors.left import InSource, Left, left
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.locks import Lock
from chaninfra.index.part import Part
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.times import now_with_offset
from chaninfra.index.yank import Opened, choosing, open_indexes, unyank_chosen, yank_chosen
from chaninfra.index.yanks import yanks_of


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is going to be done."""

    opened: Opened
    left: dict[Subdir, Left]

    @property
    def yank(self) -> dict[str, str]:
        """`<subdir>/<file>` of what is to be yanked → why."""
        return {f"{subdir}/{file}": why for subdir, each in self.left.items() for file, why in each.yank.items()}

    @property
    def back(self) -> list[str]:
        """`<subdir>/<file>` of what is to come back."""
        return [f"{subdir}/{file}" for subdir, each in self.left.items() for file in each.back]

    @property
    def kept(self) -> dict[str, str]:
        """`<subdir>/<file>` of what has left the source and stays → the lock file that needs it."""
        return {f"{subdir}/{file}": path for subdir, each in self.left.items() for file, path in each.kept.items()}


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What was done. Packages are `<subdir>/<file>`."""

    yanked: tuple[str, ...]
    back: tuple[str, ...]
    report: Report


def plan(
    channel: Channel,
    source: Source,
    name: str,
    subdirs: Sequence[Subdir],
    *,
    wanted: Collection[str],
    locks: Sequence[Lock] = (),
    part: Part | None = None,
) -> Planned:
    """What the mirror of this name is going to yank and bring back in these subdirs.

    `wanted`: `<subdir>/<file>` of what the mirror copies now, of which alone something comes back. Raises RefusedError
    where the source has no package at all any more in a subdir that it had packages in: an index that is damaged or
    being moved looks like that, and it would empty this channel. Raises what reading of both raises.
    """
    opened = open_indexes(channel)
    there = {*source.subdirs()}
    found: dict[Subdir, Left] = {}
    for subdir in subdirs:
        target, whole = opened.subdir_indexes.get(subdir), opened.wholes.get(subdir)
        if target is None or whole is None:
            continue
        copies = {
            file: copied for file, copied in read_copies(target).items() if part is None or part.has(f"{subdir}/{file}")
        }
        known = yanks_of(target, whole)
        yanks = {
            file: yank
            for file in known.files
            if (yank := known.find(file)) is not None
            and yank.mirror == name
            and (part is None or part.has(f"{subdir}/{file}"))
        }
        files = {*(file for file, copied in copies.items() if name in copied.mirrors), *yanks}
        if not files:
            continue
        repodata = whole.repodata
        indexed = {
            file: _sha256(repodata.records[table][key]) for file, table, key in repodata.files() if file in files
        }
        names = {*map(package_name, files)}
        packages = source.packages(subdir, names) if subdir in there else ()
        known_there = {package.file: in_source(package) for package in packages if package.file in files}
        one = left(
            name,
            copies,
            indexed,
            yanks,
            known_there,
            mirrors={*channel.descriptor.mirrored},
            wanted={file for file in files if f"{subdir}/{file}" in wanted},
            unclear={file for file in files if source.passes_over(subdir, file)},
            locks=locks,
        )
        # Rule: nothing is yanked for a source that has nothing at all, whatever else holds some of the copies.
        if (
            one.yank
            and not known_there
            and next(iter(source.packages(subdir) if subdir in there else ()), None) is None
        ):
            raise RefusedError(
                f"{source.url} has no package any more in {subdir}, so what was copied from it would be yanked "
                f"({count(len(one.yank), 'package')})",
                where=f"mirror {name}",
                remedy="find out whether the source is whole; if it has really ended, take the mirror out of the stack "
                "config, and yank by hand what is to go: chaninfra yank",
            )
        found[subdir] = one
    return Planned(opened=opened, left=found)


def carry_out(channel: Channel, planned: Planned, name: str, progress: Progress = SILENT) -> Pruned:
    """Do what was planned. Raises as `yank` and `unyank`, and StorageError."""
    when = now_with_offset(channel.runtime)
    opened = planned.opened
    reports: list[SubdirReport] = []
    yanked: tuple[str, ...] = ()
    back: tuple[str, ...] = ()

    def yank_of(subdir: Subdir, file: str) -> Yank:
        return Yank(reason=planned.left[subdir].yank[file], when=when, mirror=name)

    returning = [(subdir, file) for subdir, each in planned.left.items() for file in each.back]
    if returning:
        for subdir, again in planned.left.items():
            if again.back:
                add_copies(opened.subdir_indexes[subdir], name, again.back)
        done = unyank_chosen(channel, choosing(opened, returning), progress)
        back = done.changed
        reports += done.report.subdirs
    leaving = [(subdir, file) for subdir, each in planned.left.items() for file in each.yank]
    if leaving:
        done = yank_chosen(channel, choosing(opened, leaving), yank_of, progress)
        yanked = done.changed
        reports += done.report.subdirs
    for subdir, each in planned.left.items():
        if gone := {*each.yank, *each.forget}:
            forget_copies(opened.subdir_indexes[subdir], name, gone)
    return Pruned(yanked=yanked, back=back, report=Report.of(reports))


def _is_empty(source: Source, subdir: Subdir) -> bool:
    return next(iter(source.packages(subdir)), None) is None


def in_source(package: SourcePackage) -> InSource:
    """What the rules ask of a package of the source."""
    yank = package.yank
    return InSource(
        sha256=_sha256(package.record), yanked=yank is not None, reason=yank.reason if yank is not None else None
    )


def _sha256(record: Raw) -> str | None:
    """What the record says; None: nothing, or it is not valid."""
    try:
        found = read_facts(record, "sha256").sha256
        return None if found is None else found.lower()
    except MALFORMED:
        return None
