"""Prunes a channel: yanks what goes by its retention rules, and deletes what it has yanked before.

docs/index-protocol.md argues the steps. Files are deleted while they are yanked, so no record is without its package,
and only then the yanks are dropped: who is killed in between leaves yanks without files, which the next run drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import SIDECAR_SUFFIX, package_name
from chaninfra.channel.conda.retention import Rules
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import remedy_if_denied
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.replaced import MAY_NOT_DELETE
from chaninfra.index.commit.shard_reader import LostShardError, ShardReader
from chaninfra.index.patches.document import read_patches
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.prune.look import Looked, look
from chaninfra.index.prune.plan import Going, Kept
from chaninfra.index.prune.prepare import Planned, by_subdir, yank_for
from chaninfra.index.prune.stages import DELETING, YANKING
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import forget
from chaninfra.index.times import now_with_offset
from chaninfra.index.whole import check_writable
from chaninfra.index.yank import choosing, yank_chosen
from chaninfra.index.yanked_document import after_commit
from chaninfra.index.yanks import committed_yanks

_AT_ONCE = 300
"""Packages of a subdir that are deleted before their yanks are dropped: with their sidecars, less than the 1,000 keys
that a request may have."""


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """What was done."""

    yanked: tuple[Going, ...]
    deleted: tuple[Going, ...]
    kept: tuple[Kept, ...]
    """What was to be deleted, and stays since something has changed meanwhile."""
    report: Report


def carry_out(channel: Channel, planned: Planned, rules: Rules, progress: Progress = SILENT) -> Pruned:
    """Do what was planned, where it is still so. Raises as `yank`, and DeniedError."""
    reports: list[SubdirReport] = []
    going = {each.package.path_in_channel: each for each in planned.yank}
    when = now_with_offset(channel.runtime)

    def yank_of(subdir: Subdir, file: str) -> Yank:
        return yank_for(going[f"{subdir}/{file}"], when)

    yanked: tuple[str, ...] = ()
    if planned.yank:
        chosen = choosing(planned.opened, ((each.package.subdir, each.package.file) for each in planned.yank))
        progress.stage(YANKING)
        done = yank_chosen(channel, chosen, yank_of)
        yanked = done.changed
        reports += done.report.subdirs
    due = [*planned.delete, *planned.gone]
    progress.stage(DELETING, len(due))
    deleted: list[Going] = []
    kept: list[Kept] = []
    for subdir, there in by_subdir(due):
        target = planned.opened.subdir_indexes[subdir]
        for start in range(0, len(there), _AT_ONCE):
            part = there[start : start + _AT_ONCE]
            looked, report = _delete(channel, target, rules, part)
            deleted += looked.delete
            kept += looked.kept
            reports += [report] if report else []
            for _ in part:
                progress.done()
    return Pruned(
        yanked=tuple(going[path] for path in yanked),
        deleted=tuple(deleted),
        kept=tuple(kept),
        report=Report.of(reports),
    )


def _delete(
    channel: Channel, target: SubdirIndex, rules: Rules, due: Sequence[Going]
) -> tuple[Looked, SubdirReport | None]:
    """Delete these packages, and drop their yanks and those of packages that are gone."""
    names = {package_name(each.package.file) for each in due}
    # Rule: all is asked again right before the deletion. Somebody may have brought a package back since it was planned,
    # put it again, or made a snapshot.
    yanks = _yanks_now(target, names)
    same = [each for each in due if _is_same(each.package.yank, yanks.get(each.package.file))]
    back = tuple(
        Kept(going=each, needed_by="somebody has brought it back, or yanked it anew")
        for each in due
        if not _is_same(each.package.yank, yanks.get(each.package.file))
    )
    looked = look(target, rules, same, channel.runtime.now_ms())
    looked = Looked(
        delete=looked.delete,
        gone=looked.gone,
        waiting=looked.waiting,
        kept=(*looked.kept, *back),
        unknown=looked.unknown,
    )
    files = [each.package.file for each in (*looked.delete, *looked.gone)]
    if not files:
        return looked, None
    if looked.delete:
        # Rule: nothing is deleted where the commit must fail that drops the yanks.
        check_writable(target)
        read_patches(target)
        with remedy_if_denied(MAY_NOT_DELETE):
            target.store.delete([target.key(name) for each in looked.delete for name in _objects_of(each)])
    # Rule: the file goes before its yank. A file without a yank would come back by the next re-index.
    _, report = commit_adopting(target, lambda: Change(deleted=files), "now")
    after_commit(channel, {target.subdir: target}, {target.subdir: names})
    if target.layout.has_summaries:
        forget(target, files)
    return looked, report


def _yanks_now(target: SubdirIndex, names: set[str]) -> dict[str, Yank]:
    try:
        return committed_yanks(target, ShardReader(target), names)
    except ForeignIndexError as error:
        from chaninfra.index.reindex import reindex_subdir

        reindex_subdir(target, every_shard=isinstance(error, LostShardError))
        return committed_yanks(target, ShardReader(target), names)


def _is_same(before: Yank | None, now: Yank | None) -> bool:
    return before is not None and now is not None and (before.rule, before.when) == (now.rule, now.when)


def _objects_of(going: Going) -> Iterator[str]:
    """The names of the package's file, its sidecar, and the copy of that."""
    file, digest = going.package.file, going.facts.attestations_sha256
    yield file
    yield f"{file}{SIDECAR_SUFFIX}"
    copy = f"{file}{SIDECAR_SUFFIX}.{digest}"
    if package_of(copy) == file:
        yield copy
