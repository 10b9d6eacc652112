"""Commits packages whose bytes are in the target: their patches, attestations, records and yanks, by one commit."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.record_facts import fields_of
from chaninfra.channel.conda.untrusted import UNWRITABLE
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ChaninfraError, ConflictError, SkippedError
from chaninfra.channel.text import MAX_REASON, one_line
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.commit import When
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.patching import NoRoomError, Patching, Wish
from chaninfra.index.copy.plan import LEAVE_OUT, SubdirPlan, Task
from chaninfra.index.copy.records import found_patch, index_record, record_fields
from chaninfra.index.copy.report import CopiedPackage, Failed, together
from chaninfra.index.copy.source import Source
from chaninfra.index.copy.summaries import add_summaries
from chaninfra.index.lasting import until_it_holds
from chaninfra.index.package.sidecars import MAX_SIDECAR, Sidecar, SidecarError, sidecar_name
from chaninfra.index.package_reader import Read, read_files
from chaninfra.index.progress import SILENT
from chaninfra.index.report import RESIGN, LeftOut, SubdirReport
from chaninfra.index.runtime import Runtime, run_all
from chaninfra.index.signatures import Signatures
from chaninfra.index.summaries import Summaries
from chaninfra.index.times import now_text, now_with_offset

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}(?:Z|[+-][0-9]{2}:[0-9]{2})")

_ATTEMPTS = 5
"""Commits before a batch gives up, if others remove its patches."""


@dataclass(frozen=True)
class Arrived:
    """A package whose bytes are in the target, and what it was brought for."""

    task: Task
    brought: Brought

    @property
    def file(self) -> str:
        """Its file name."""
        return self.task.package.file


@dataclass(frozen=True, kw_only=True)
class BatchDone:
    """What a commit did."""

    packages: tuple[CopiedPackage, ...]
    failed: tuple[Failed, ...]
    report: SubdirReport | None
    """None: no package was left to commit."""
    added: frozenset[str] = frozenset()
    """The files that had no record before."""


def commit_batch(channel: Channel, source: Source, plan: SubdirPlan, arrived: Sequence[Arrived]) -> BatchDone:
    """Commit the records of these packages of one subdir. Raises what `commit` raises.

    Rule: the patches are written before the commit, which lays them over the records.
    """
    failed: list[Failed] = []
    patches = _patches(source, plan, arrived, failed)
    without = {each.package for each in failed}
    batch = [each for each in arrived if each.task.package.path_in_channel not in without]
    if not batch:
        return BatchDone(packages=(), failed=tuple(failed), report=None)
    wishes = {
        each.file: Wish(sha256=record_fields(each.task.package)["sha256"], patch=patches.get(each.file))
        for each in batch
        if not each.task.own and (each.file in patches or each.file in plan.patches)
    }
    patching = Patching(plan.target, wishes)
    try:
        applied, report, own = _commit_patched(channel, source, plan, batch, patching)
    except NoRoomError as no_room:
        # Rule: none of these is committed without its patch; the others do not wait for somebody who makes room.
        failed += [_without_room(each, no_room) for each in batch if each.file in no_room.files]
        done = commit_batch(channel, source, plan, [each for each in batch if each.file not in no_room.files])
        return dataclasses.replace(done, failed=(*failed, *done.failed))
    patching.end(applied.superseded)
    copied: list[CopiedPackage] = []
    for each in batch:
        package = each.task.package
        if each.file in applied.superseded:
            error = ConflictError("another writer has put other bytes there meanwhile, or deleted it")
            failed.append(Failed(package=package.path_in_channel, error=error))
            continue
        if each.file in applied.unpatched:
            error = ConflictError("others remove its patch again and again", remedy="copy it when that has ended")
            failed.append(Failed(package=package.path_in_channel, error=error))
            continue
        patch: Literal["source", "own"] | None = "source" if each.file in patches else None
        copied.append(
            CopiedPackage(
                package=package,
                doing=each.task.doing,
                way=each.brought.way,
                yanked=each.file in applied.yanked,
                patch="own" if each.task.own or each.file in own else patch,
            )
        )
    return BatchDone(packages=tuple(copied), failed=tuple(failed), report=report, added=frozenset(applied.added))


def _without_room(arrived: Arrived, error: NoRoomError) -> Failed:
    text = f"there is no room for the patch that keeps what the source has changed of its record: {error.summary}"
    return Failed(package=arrived.task.package.path_in_channel, error=SkippedError(text, remedy=error.remedy))


def _patches(source: Source, plan: SubdirPlan, arrived: Sequence[Arrived], failed: list[Failed]) -> dict[str, Patch]:
    """File name → the patch that keeps the record of the source. What was not read on its way is read in the target."""
    found = {each.file: each.task.patch for each in arrived if each.task.patch is not None}
    unknown = {each.file: each for each in arrived if not each.task.told and not each.task.own}
    made: dict[str, Any] = {
        file: fields_of(each.brought.made.index_record(file, plan.target.subdir).encode(0))
        for file, each in unknown.items()
        if each.brought.made is not None
    }
    why: dict[str, str] = {}
    for read in read_files(plan.target, [file for file in unknown if file not in made]):
        if isinstance(read, Read) and read.record is not None and read.etag == unknown[read.file].brought.etag:
            made[read.file] = fields_of(read.record.encode(0))
        elif not isinstance(read, Read) or read.record is None:
            why[read.file] = getattr(read, "reason", "") or "was deleted meanwhile"
    when = now_text(plan.target.runtime)
    for file, each in unknown.items():
        package = each.task.package
        try:
            if file not in made:
                raise ValueError(why.get(file, "it was replaced or deleted meanwhile"))
            patch = found_patch(package, made[file], when, source.url)
        except UNWRITABLE as error:
            text = f"what the source says of it cannot be kept: {error}"
            failed.append(Failed(package=package.path_in_channel, error=SkippedError(text, remedy=LEAVE_OUT)))
            continue
        if patch is not None:
            found[file] = patch
    return found


def _commit_patched(
    channel: Channel, source: Source, plan: SubdirPlan, batch: Sequence[Arrived], patching: Patching
) -> tuple[Applied, SubdirReport, frozenset[str]]:
    """Write the patches, and commit; once more where somebody has removed a patch in between. Returns also the files
    that have a patch of the target itself by then.
    """
    all_applied, reports = Applied(), []
    own: frozenset[str] = frozenset()
    left = batch
    for attempt in range(_ATTEMPTS):
        begun = patching.begin()
        own = begun.own
        # Rule: what is patched here meanwhile is committed as if that had been so before.
        wishes = {file: wish for file, wish in patching.wishes.items() if file not in own}
        applied, report = _commit(channel, source, plan, left, wishes, always=begun.changed)
        all_applied.update({package_name(each.file) for each in left}, applied)
        reports.append(report)
        left = [each for each in left if each.file in applied.unpatched]
        if not left:
            break
        plan.target.runtime.pause(attempt)
    return all_applied, together(reports), own


def _commit(
    channel: Channel,
    source: Source,
    plan: SubdirPlan,
    batch: Sequence[Arrived],
    wishes: Mapping[str, Wish],
    *,
    always: bool,
) -> tuple[Applied, SubdirReport]:
    target = plan.target
    patches = {file: wish.patch for file, wish in wishes.items()}
    records = {each.file: index_record(each.task.package, each.brought.etag, patches.get(each.file)) for each in batch}
    yanks = {
        each.file: _yank(yank, target.runtime, each.task.mirror)
        for each in batch
        if (yank := each.task.package.yank) is not None
    }
    fresh = {each.file for each in batch if each.brought.way != "present"}
    signatures, sidecars = Signatures(target), _Sidecars(source, target.runtime)
    summaries = Summaries(target)
    last: list[Applied] = []
    holds = dict.fromkeys(yanks, True)

    def change() -> Change:
        add_summaries(summaries, source, target, [each.brought for each in batch])
        summaries.start()
        sidecars.add(signatures, batch, fresh)
        return Change(
            records=records,
            yanks=yanks,
            # Of a package that was not there nobody has attestations but those that are copied.
            signatures=signatures.lookups(file for file in records if file not in fresh or file in sidecars.copied),
            # It may be deleted for good meanwhile, also what was just put.
            planned=True,
        )

    def commit_to(_subdir: object = None, _attempt: int = 0) -> SubdirReport:
        # Rule: as a publish, it commits where a package was put: who has found it missing before begins again.
        when: When = "always" if fresh or always else "changed"
        applied, report = commit_adopting(target, change, when=when)
        last.append(applied)
        for file in (*applied.superseded, *applied.gone, *applied.unpatched):
            holds.pop(file, None)
        return report

    if yanks:
        names = {package_name(file) for file in records}
        (report,) = until_it_holds(
            channel, {target.subdir: target}, {target.subdir: names}, {target.subdir: holds}, commit_to, SILENT
        )
    else:
        report = commit_to()
    left_out = (*report.left_out, *signatures.left_out(), *sidecars.left_out)
    notes = (*report.notes, *summaries.finish())
    return last[-1], dataclasses.replace(report, left_out=left_out, notes=notes)


def _yank(yank: Yank, runtime: Runtime, mirror: str | None) -> Yank:
    """The yank as the source has it, whose texts may be anything. The rule of retention is that of the source alone."""
    reason = one_line(yank.reason)[:MAX_REASON] if yank.reason else None
    when = yank.when if _TIME.fullmatch(yank.when) else now_with_offset(runtime)
    return Yank(reason=reason, when=when, mirror=mirror)


class _Sidecars:
    """The attestations of the source."""

    def __init__(self, source: Source, runtime: Runtime) -> None:
        self.copied: set[str] = set()
        """The files that have some."""
        self.left_out: list[LeftOut] = []
        self._source = source
        self._runtime = runtime

    def add(self, signatures: Signatures, batch: Sequence[Arrived], fresh: set[str]) -> None:
        """Append them to those of the target."""
        calls = [
            partial(self._one, signatures, each, fresh=each.file in fresh)
            for each in batch
            if each.task.package.facts.attestations_sha256
        ]
        self.left_out = []
        run_all(self._runtime, calls)

    def _one(self, signatures: Signatures, each: Arrived, *, fresh: bool) -> None:
        package = each.task.package
        try:
            data = self._source.sidecar(package, MAX_SIDECAR)
            if data is None:
                raise SidecarError("the record names attestations, and the source has none")
            sidecar = Sidecar.parse(data)
            if not sidecar.is_about(package.facts.sha256 or ""):
                raise SidecarError("its attestations are about other bytes")
        except (SidecarError, ChaninfraError) as error:
            text = f"was not copied: {getattr(error, 'message', None) or error}"
            path = f"{package.subdir}/{sidecar_name(package.file)}"
            self.left_out.append(LeftOut(package=path, reason=text, remedy=RESIGN))
            return
        self.copied.add(package.file)
        signatures.add(package.file, sidecar, fresh=fresh)
