"""What prune is going to do, and has done, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import SkippedError
from chaninfra.channel.text import count, few, one_line
from chaninfra.cli.output import streams
from chaninfra.cli.output.progress import bytes_text
from chaninfra.cli.output.reports import DRY_RUN, finish, replace_skipped, report_json, report_text

if TYPE_CHECKING:
    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.prune.plan import Going, Kept
    from chaninfra.index.prune.prepare import Planned
    from chaninfra.index.prune.prune import Pruned
    from chaninfra.index.report import Report

_SHOWN = 5
_HEAD = ("PACKAGE", "WHAT", "SIZE", "WHY")


def tell(planned: Planned, remedies: Remedies) -> None:
    """Print what is to know of the rules and locks."""
    for name in planned.plan.idle:
        streams.note(f"the rule {name} matches no package")
    for path in planned.unused:
        streams.note(f"{path} has no package of this channel")
    released = planned.plan.released
    if released:
        some = few([each.path_in_channel for each in released], _SHOWN)
        first = remedies.command("unyank", released[0].path_in_channel)
        streams.note(f"yanked by prune, and no rule takes them any more: {some}; to bring one back: `{first}`")
    if planned.later:
        streams.note(
            f"{count(planned.later, 'package')} more will be yanked by later runs: yanked.json may not get any larger "
            "before some of the yanked ones are deleted"
        )


def plan_text(planned: Planned, *, dry_run: bool) -> str:
    """A table of what goes and what stays, and the sums. `dry_run`: nothing of it is going to be done."""
    rows = [
        *(_row(each, "delete") for each in planned.delete),
        *(_row(each, "yank") for each in planned.yank),
        *(_row(each, _waits(each)) for each in planned.waiting),
        *(_row(each.going, "keep", each.needed_by) for each in planned.kept),
    ]
    table = [streams.table([_HEAD, *rows])] if rows else []
    return "\n".join([*table, _sums(planned, "would be "), *([DRY_RUN] if dry_run else [])])


def _row(going: Going, what: str, needed_by: str | None = None) -> tuple[str, ...]:
    why = f"{going.rule}: {going.why}" if needed_by is None else f"{needed_by} ({going.rule}: {going.why})"
    return (going.package.path_in_channel, what, bytes_text(going.size), why)


def _waits(going: Going) -> str:
    return "yanked" if going.deletable_ms is None else f"yanked, until {_day(going.deletable_ms)}"


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def _sums(planned: Planned, would: str) -> str:
    lines = [f"{_packages(planned.delete)} {would}deleted"]
    lines.append(f"{_packages(planned.yank)} {would}yanked, and deleted when the grace period is over")
    if planned.waiting:
        lines.append(f"{_packages(planned.waiting)} {'are' if len(planned.waiting) > 1 else 'is'} in the grace period")
    if planned.kept:
        them = "it" if len(planned.kept) == 1 else "them"
        lines.append(f"{_packages(each.going for each in planned.kept)} {would}kept, since something needs {them}")
    return "\n".join(lines)


def _packages(going: Iterable[Going]) -> str:
    all_of = [*going]
    return f"{count(len(all_of), 'package')} ({bytes_text(sum(each.size for each in all_of))})"


def done_text(planned: Planned, done: Pruned) -> str:
    """A line for each package, and the sums."""
    lines = [f"{each.package.path_in_channel}: deleted ({each.rule}: {each.why})" for each in done.deleted]
    lines += [f"{each.package.path_in_channel}: yanked ({each.rule}: {each.why})" for each in done.yanked]
    kept = _unique([*planned.kept, *done.kept])
    lines += [f"{each.going.package.path_in_channel}: kept, {each.needed_by}" for each in kept]
    lines.append(f"{_packages(done.deleted)} deleted, {_packages(done.yanked)} yanked")
    report = report_text(done.report)
    return "\n".join([*map(one_line, lines), *([report] if report else [])])


def _unique(kept: Iterable[Kept]) -> list[Kept]:
    return [*{each.going.package.path_in_channel: each for each in kept}.values()]


def _going_json(going: Going) -> dict[str, Any]:
    return {
        "package": going.package.path_in_channel,
        "rule": going.rule,
        "why": going.why,
        "size": going.size,
        "sha256": going.facts.sha256,
    }


def _kept_json(kept: Iterable[Kept]) -> list[dict[str, Any]]:
    return [{**_going_json(each.going), "needed-by": each.needed_by} for each in kept]


def _rest_json(planned: Planned) -> dict[str, Any]:
    return {
        "waiting": [
            {**_going_json(each), "until": None if each.deletable_ms is None else _day(each.deletable_ms)}
            for each in planned.waiting
        ],
        "released": [each.path_in_channel for each in planned.plan.released],
        "later": planned.later,
        "rules-without-package": [*planned.plan.idle],
        "locks-without-package": [*planned.unused],
        "unknown": [{"subdir": subdir, "key": key} for subdir, key in planned.unknown.items()],
    }


def plan_json(planned: Planned) -> dict[str, Any]:
    """The plan as a JSON document; sizes in bytes."""
    return {
        "dry-run": True,
        "deleted": [_going_json(each) for each in planned.delete],
        "freed": sum(each.size for each in planned.delete),
        "yanked": [_going_json(each) for each in planned.yank],
        "kept": _kept_json(planned.kept),
        **_rest_json(planned),
        "index": {"subdirs": []},
    }


def done_json(planned: Planned, done: Pruned) -> dict[str, Any]:
    """What was done as a JSON document."""
    return {
        "dry-run": False,
        "deleted": [_going_json(each) for each in done.deleted],
        "freed": sum(each.size for each in done.deleted),
        "yanked": [_going_json(each) for each in done.yanked],
        "kept": _kept_json(_unique([*planned.kept, *done.kept])),
        **_rest_json(planned),
        "index": report_json(done.report),
    }


def finish_prune(planned: Planned, report: Report, command: str, remedies: Remedies) -> None:
    """Raise SkippedError if nothing of a subdir could be deleted, or if packages were left out by a re-index of what
    another tool wrote.
    """
    finish(
        report,
        _undeleted(planned, command) if planned.unknown else None,
        remedy=replace_skipped(remedies),
        reindex=remedies.command("reindex"),
        gc=remedies.command("gc"),
    )


def _undeleted(planned: Planned, command: str) -> SkippedError:
    lines = "\n  ".join(f"{subdir}: {key}" for subdir, key in planned.unknown.items())
    return SkippedError(
        f"nothing was deleted of these subdirs, since what a snapshot there lists cannot be read:\n  {lines}",
        remedy="`chaninfra snapshot ls` says how to finish one that is being made; remove one that is damaged; then "
        f"run `{command}` again",
    )
