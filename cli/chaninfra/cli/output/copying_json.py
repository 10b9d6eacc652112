"""What a copy is going to do, and has done, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaninfra.cli.output.reports import report_json

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.mirrors.run import PlannedRun, Ran
    from chaninfra.index.copy.plan import Plan, Task
    from chaninfra.index.copy.report import Copied, CopiedPackage
    from chaninfra.index.copy.selection import Selection
    from chaninfra.index.copy.source import Source


def result_json(
    channel: Channel,
    source: Source,
    plan: Plan,
    selection: Selection,
    copied: Copied | None,
    planned: PlannedRun | None,
    ran: Ran | None,
) -> dict[str, Any]:
    """The result as a JSON document. `copied` None: a dry run, which names what would be done."""
    if copied is not None:
        packages = [
            {**_package(channel, each), "way": each.way, "yanked": each.yanked, "patch": each.patch}
            for each in copied.packages
        ]
    else:
        packages = [
            {
                **_package(channel, task),
                "way": None,
                "yanked": task.package.yank is not None,
                "patch": "own" if task.own else "source" if task.patch is not None else None,
            }
            for task in plan.tasks
        ]
    failed = [{"package": each.package, "reason": each.reason} for each in plan.left_out]
    failed += [{"package": each.package, "reason": each.error.message} for each in (copied.failed if copied else ())]
    gone = planned.prune if planned is not None else None
    pruned = ran.pruned if ran is not None else None
    return {
        "dry-run": copied is None,
        "source": source.url,
        "packages": packages,
        "size": plan.size if copied is None else copied.size,
        "already": [*plan.already],
        "yanked-here": [*plan.yanked_here],
        "deleted-here": [*plan.deleted_here],
        "failed": failed,
        "selection": {
            "not-here": dict(selection.not_here),
            "too-young": selection.too_young,
            "unnamed": [*selection.unnamed],
            "excludes-nothing": [*selection.excludes_nothing],
            "lacking": [
                {"lock": each.lock, "package": each.path_in_channel, "reason": each.why} for each in selection.lacking
            ],
            "elsewhere": [
                {"lock": each.lock, "channel": each.channel, "there": each.there, "missing": [*each.missing]}
                for each in selection.elsewhere
            ],
            "not-installable": dict(selection.not_installable),
            "unmet": dict(selection.unmet),
        },
        "mirror": {
            "yanked": [*(pruned.yanked if pruned is not None else gone.yank if gone is not None else ())],
            "back": [*(pruned.back if pruned is not None else gone.back if gone is not None else ())],
            "kept": dict(gone.kept) if gone is not None else {},
            "withdrawn": [*planned.withdrawn] if planned is not None else [],
            "retired": dict(planned.retired) if planned is not None else {},
        },
        "index": report_json(copied.report) if copied is not None else None,
    }


def _package(channel: Channel, each: Task | CopiedPackage) -> dict[str, Any]:
    package = each.package
    return {
        "package": package.path_in_channel,
        "url": channel.url(package.path_in_channel),
        "doing": each.doing,
        "size": package.facts.size,
        "sha256": package.facts.sha256,
    }
