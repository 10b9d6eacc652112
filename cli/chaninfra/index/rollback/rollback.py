"""Roll a channel back: it says again what it said then, by one new commit of each subdir that differs.

The commit yanks what was not there then, and brings back what was: with new shards, since gc may have marked those of
then. So no later re-index or publish undoes it, and it can be rolled back itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Applied
from chaninfra.index.commit.commit import When
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.lasting import until_it_holds
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.publish import INDEXING
from chaninfra.index.report import LeftOut, Report, SubdirReport
from chaninfra.index.rollback.plan import Plan, SubdirPlan, since
from chaninfra.index.signatures import Signatures
from chaninfra.index.whole import check_writable
from chaninfra.index.yanked_document import prove_writable


@dataclass(frozen=True, kw_only=True)
class RolledBack:
    """What `roll_back` did. Packages are `<subdir>/<file>`."""

    meanwhile: tuple[str, ...]
    """Packages that were not there then, and that others have added to the index since the plan was made: they stay."""
    report: Report
    """With those of the plan that stay as they are."""


def roll_back(channel: Channel, plan: Plan, progress: Progress = SILENT) -> RolledBack:
    """Do what the plan says. Where it changes nothing, only what an earlier run has left is finished: derived files,
    and yanked.json.

    Raises RefusedError where an index must not be written; StorageError, also for whoever is no maintainer, before
    anything is changed; and what `commit` raises.
    """
    plans = {each.target.subdir: each for each in plan.subdirs if each.differing}
    subdir_indexes = {subdir: each.target for subdir, each in plans.items()}
    progress.stage(INDEXING, len(plans), unit="subdir")
    if plan.changes:
        for subdir_index in subdir_indexes.values():
            check_writable(subdir_index)
        _prove_writable(channel, plans)
    wanted = {
        subdir: {**dict.fromkeys(each.yanks, True), **dict.fromkeys(each.back, False)} for subdir, each in plans.items()
    }

    replaced: dict[Subdir, set[str]] = {subdir: set() for subdir in plans}

    def commit_to(subdir: Subdir, attempt: int) -> SubdirReport:
        if not attempt:
            # Rule: the patches are written before the commit, which lays them over the records.
            plans[subdir].patches.begin(plans[subdir].target)
        applied, report = _commit(plans[subdir])
        replaced[subdir].update(applied.superseded)
        # What others replace or delete meanwhile stays as they made it.
        for file in (*applied.superseded, *applied.gone):
            wanted[subdir].pop(file, None)
        return report

    names = {subdir: {*each.differing, *each.names} for subdir, each in plans.items()}
    reports = until_it_holds(channel, subdir_indexes, names, wanted, commit_to, progress) if plans else []
    for subdir, each in plans.items():
        each.patches.end(each.target, replaced[subdir])
    report = Report.of(reports)
    return RolledBack(
        meanwhile=tuple(_meanwhile(channel, plan)) if plan.changes else (),
        report=dataclasses.replace(report, left_out=(*plan.left_out, *report.left_out)),
    )


def _prove_writable(channel: Channel, plans: Mapping[Subdir, SubdirPlan]) -> None:
    document, condition = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    new = {f"{subdir}/{file}": yank for subdir, plan in plans.items() for file, yank in plan.recorded.items()}
    after = msgspec.structs.replace(document, packages={**document.packages, **new})
    prove_writable(channel, document, condition, after)


def _commit(plan: SubdirPlan) -> tuple[Applied, SubdirReport]:
    change = plan.change()
    signatures = Signatures(plan.target)
    signed = dataclasses.replace(change, signatures=signatures.lookups(change.records))
    # Also where nothing is to be changed, since an earlier run may have ended before the derived files were
    # written.
    when: When = "always" if plan.patches.new else "changed"
    applied, report = commit_adopting(plan.target, lambda: signed, "now", when, plan.shards)
    replaced = [
        LeftOut(package=f"{plan.target.subdir}/{file}", reason="was replaced or deleted meanwhile by another writer")
        for file in sorted(applied.superseded)
    ]
    return applied, dataclasses.replace(
        report,
        added=tuple(sorted({*report.added, *applied.added})),
        remade=tuple(sorted({*report.remade, *applied.replaced})),
        yanked=tuple(sorted({*report.yanked, *applied.newly_yanked})),
        left_out=(*report.left_out, *replaced, *signatures.left_out()),
    )


def _meanwhile(channel: Channel, plan: Plan) -> list[str]:
    found: list[str] = []
    for each in plan.subdirs:
        if each.changes:
            # Another tool has written it since: the next command says so.
            with suppress(ForeignIndexError):
                subdir = each.target.subdir
                found += (f"{subdir}/{file}" for file in since(each, channel, plan.target.shards[subdir]))
    return found
