"""Does a copy: by what the options say, by a mirror, or by all mirrors of a channel."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError, StoppedError
from chaninfra.cli.channel_argument.source import FromFlags, open_from
from chaninfra.cli.output import streams
from chaninfra.cli.part_option import check_shared
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.index.copy.mirrors.run import PlannedRun, Ran
    from chaninfra.index.copy.report import Copied
    from chaninfra.index.copy.wanted import Wanted
    from chaninfra.index.report import Report


@dataclass(frozen=True, kw_only=True)
class CopyJob:
    """What is copied, from where to where."""

    channel: str | None
    store: StoreFlags
    source: FromFlags
    from_: str = field(repr=False)
    """May have a login."""
    wanted: Wanted
    """Of a mirror only its part."""
    again: str
    """The command line that does the same."""
    dry_run: bool
    as_json: bool


def copy_once(job: CopyJob, mirror: str | None, documents: list[dict[str, Any]] | None = None) -> None:
    """Copy, by the mirror of this name if there is one. `documents`: where the JSON goes; None: to stdout.

    Raises SkippedError for what was not copied; what `plan_copy` and `copy` raise.
    """
    from chaninfra.index.copy.mirrors.remedies import of_mirror

    with of_mirror(mirror) if mirror is not None else nullcontext():
        _copy(job, mirror, documents)


def _copy(job: CopyJob, mirror: str | None, documents: list[dict[str, Any]] | None) -> None:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.copy_errors import copy_stopped, failure
    from chaninfra.cli.output.copying import (
        done_text,
        plan_text,
        tell_deleted_here,
        tell_mirror,
        tell_selection,
        tell_yanked_here,
    )
    from chaninfra.cli.output.copying_json import result_json
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish, replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.copy import copy as engine
    from chaninfra.index.copy.memory import share_what_is_freed
    from chaninfra.index.copy.mirrors.run import limits, mirror_named, plan_run, run
    from chaninfra.index.copy.plan import plan_copy
    from chaninfra.index.copy.selection import select
    from chaninfra.index.copy.subdirs import common_subdirs, names_elsewhere
    from chaninfra.index.copy.transfer import Transfer

    share_what_is_freed()
    so_far, total = engine.SoFar(), None
    planned: PlannedRun | None = None
    ran: Ran | None = None
    copied = None
    with (
        progress(dry_run=job.dry_run) as shown,
        interruptible(lambda: copy_stopped(so_far, total, job.again), shown.stop),
    ):
        opened = open_channel(job.channel, job.store, "write", dry_run=job.dry_run)
        if not job.dry_run:
            check_shared(job.wanted.part, opened.descriptor)
        if mirror is not None:
            declared = mirror_named(opened, mirror)
            read = open_from(declared.source, limits(declared, job.source), opened)
            planned = plan_run(opened, read, mirror, job.wanted.part, shown)
            selection, plan = planned.selection, planned.plan
        else:
            read = open_from(job.from_, job.source, opened)
            shown.stage("reading the source")
            subdirs = common_subdirs(opened, read, job.wanted)
            selection = select(read, job.wanted, subdirs, opened.runtime.now_ms())
            selection = replace(selection, not_here=names_elsewhere(opened, read, job.wanted))
            plan = plan_copy(read, opened, selection.packages, shown, named=selection.by_file)
        shown.pause()
        tell_selection(selection, read.refused(), opened)
        if planned is not None:
            tell_mirror(planned)
        else:
            tell_deleted_here(plan)
            tell_yanked_here(plan, remedies_for(job.channel, job.store).command("unyank"))
        if not job.dry_run:
            total = len(plan.tasks)
            transfer = Transfer(read, opened)
            if planned is not None:
                ran = run(opened, read, planned, transfer, shown, so_far=so_far)
                copied = ran.copied
            else:
                at_once = job.source.at_once or engine.AT_ONCE
                copied = engine.copy(opened, read, plan, transfer, shown, so_far=so_far, at_once=at_once)
            shown.pause()
            report = _report(copied, ran)
            touched = changed(report, (each.package.path_in_channel for each in copied.packages))
            cdn_refresh.refresh(opened, touched)
    if job.as_json:
        document = result_json(opened, read, plan, selection, copied, planned, ran)
        if documents is None:
            streams.result_json(document)
        else:
            documents.append(document)
    else:
        streams.result(plan_text(plan, planned) if copied is None else done_text(copied, ran, planned))
    error = failure(copied, plan, selection)
    if copied is None:
        if error is not None:
            raise error
        return
    client_caches.tell(opened.descriptor, touched)
    remedies = remedies_for(job.channel, job.store)
    finish(
        report,
        error,
        remedy=replace_skipped(remedies),
        reindex=remedies.command("reindex"),
        gc=remedies.command("gc"),
    )


def copy_by_all_mirrors(job: CopyJob) -> None:
    """Run each mirror of the channel, one after the other, also where one fails.

    Raises ChaninfraError for the last one that failed, after the others were printed; StoppedError at once.
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.index.copy.mirrors.run import mirrors_of

    names = [*mirrors_of(open_channel(job.channel, job.store, "read"))]
    documents: list[dict[str, Any]] = []
    failed: list[ChaninfraError] = []
    for name in names:
        streams.step(f"mirror {name}")
        printed: list[dict[str, Any]] = []
        said: str | None = None
        try:
            copy_once(job, name, printed)
        except StoppedError:
            raise
        except ChaninfraError as error:
            said = error.summary
            error.message = f"mirror {name}: {error.message}"
            failed.append(error)
        result = printed[0] if printed else {}
        documents.append({"name": name, "error": said, **result})
    if job.as_json:
        streams.result_json({"mirrors": documents})
    for problem in failed[:-1]:
        streams.error(problem)
    if failed:
        raise failed[-1]


def _report(copied: Copied, ran: Ran | None) -> Report:
    """The report of the index, with that of what a mirror yanked."""
    from chaninfra.index.report import Report

    pruned = ran.pruned if ran is not None else None
    return Report.of([*copied.report.subdirs, *(pruned.report.subdirs if pruned is not None else ())])
