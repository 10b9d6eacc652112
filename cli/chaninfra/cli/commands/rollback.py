"""`chaninfra rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.rollback.plan import Plan, SubdirPlan
    from chaninfra.index.rollback.rollback import RolledBack


def rollback(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TIME|SNAPSHOT",
            help="2026-11-01T12:00Z, or 2026-11-01, which is its first moment in UTC; or the name of a snapshot.",
        ),
    ],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Write nothing; compare and refuse as a real run does, and print the table."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Bring a channel back to what it said at some time.

    \b
    By one new commit of each subdir that differs:
      - packages that were in the index then, and are not now, come back
      - packages that came since are yanked; their files stay in the bucket
      - records that were changed since say again what they said then
    A package whose file is gone or was overwritten since stays as it is, and is named (exit
    code 3). What `chaninfra delete` removed is not in the history any more, and so is not
    named. Nothing else is lost: a rollback can be rolled back, and `unyank` brings a package
    back that it has yanked.

    TIME is looked up in the history of the index, which `gc` thins: all states of the last day are there, then one an
    hour for a week, then one a day for `index.history-days` days. Without --yes it shows what it would do, and asks.
    For maintainers.

    \b
    Examples:
      chaninfra rollback --to 2026-11-01T12:00Z --dry-run
      chaninfra rollback stack:prod --to release-4
      chaninfra rollback s3://my-bucket/my-channel --to 2026-11-01 --yes
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.confirm import confirm, require_answer
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish
    from chaninfra.cli.output.stopped import rollback_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.rollback.plan import plan_rollback
    from chaninfra.index.rollback.rollback import roll_back

    remedies = remedies_for(channel, store)
    flags = {"--dry-run": dry_run, "--yes": yes, "--json": as_json}
    given = ["--to", to, *(flag for flag, on in flags.items() if on)]
    command = remedies.command("rollback", *given)
    require_answer(command, yes=yes or dry_run)
    with (
        progress(dry_run=dry_run) as shown,
        interruptible(lambda: rollback_stopped(shown, remedies, given), shown.stop),
    ):
        opened = open_channel(channel, store, "write", dry_run=dry_run)
        plan = plan_rollback(opened, to, shown)
        if plan.changes and not yes and not dry_run:
            shown.pause()
            confirm(_table(plan, would=True), f"{_sentence(opened, plan)}. Do it?", command)
        done = roll_back(opened, plan, shown)
        shown.pause()
        # Also what an earlier run has changed that was killed before it came to this.
        cdn_refresh.refresh(opened, [each.target.subdir for each in plan.subdirs if each.differing])
    for subdir in plan.target.gone:
        streams.note(f"{opened.url(subdir)} is no subdir of the channel any more, and stays as it is")
    again = remedies.command("rollback", "--to", to)
    for package in done.meanwhile:
        streams.note(f"{package} was published meanwhile, and stays; to take it out too: `{again}`")
    if as_json:
        streams.result_json(_json(plan, done, dry_run=dry_run))
    else:
        streams.result(_text(opened, plan, done, dry_run=dry_run))
    if not dry_run:
        client_caches.tell(opened.descriptor, changed(done.report))
    finish(
        done.report,
        remedy="a package that was deleted or overwritten comes back once its bytes of then are in the bucket again: "
        f"`{remedies.command('publish', '--force', 'FILE')}`, then `{again}`",
    )


def _rows(plan: Plan, *, would: bool) -> list[tuple[str, str]]:
    """What becomes of each package: `<subdir>/<file>`, and words."""
    will = "would be " if would else ""
    rows: list[tuple[str, str]] = []
    for each in plan.subdirs:
        words = {
            **{file: f"{will}back in the index{_patch(each, file)}" for file in each.back},
            **{file: f"{will}listed with its record of then{_patch(each, file)}" for file in each.restored},
            **dict.fromkeys(each.yanks, f"{will}yanked, since it was not there then"),
            **dict.fromkeys(each.again, f"{will}yanked again, as it was then"),
        }
        rows += ((f"{each.target.subdir}/{file}", text) for file, text in words.items())
    return sorted([*rows, *((each.package, f"stays as it is: {each.reason}") for each in plan.left_out)])


def _patch(plan: SubdirPlan, file: str) -> str:
    """What becomes of its patch."""
    if file not in plan.patches.new:
        return ""
    return ", without its patch" if plan.patches.new[file] is None else ", by a patch"


def _table(plan: Plan, *, would: bool) -> str:
    from chaninfra.channel.text import one_line

    return streams.table([(one_line(package), one_line(text)) for package, text in _rows(plan, would=would)])


def _sentence(opened: Channel, plan: Plan) -> str:
    """What would be done, in numbers."""
    from chaninfra.channel.text import count

    back = sum(len(each.back) for each in plan.subdirs)
    restored = sum(len(each.restored) for each in plan.subdirs)
    yanked = sum(len(each.yanks) for each in plan.subdirs)
    parts = [
        f"{count(number, 'package')} {text if number != 1 else one}"
        for number, one, text in (
            (back, "comes back", "come back"),
            (restored, "gets its record of then", "get their record of then"),
            (yanked, "is yanked", "are yanked"),
            (len(plan.left_out), "stays as it is", "stay as they are"),
        )
        if number
    ]
    return f"{opened.descriptor.url} goes back to {plan.target.text}: {', '.join(parts)}"


def _text(opened: Channel, plan: Plan, done: RolledBack, *, dry_run: bool) -> str:
    from chaninfra.cli.output.reports import DRY_RUN, report_text

    if not plan.changes and not plan.left_out:
        return f"{opened.descriptor.url}: says already what it said then: {plan.target.text}"
    lines = [_table(plan, would=dry_run), report_text(done.report), *([DRY_RUN] if dry_run else [])]
    return "\n".join(line for line in lines if line)


def _json(plan: Plan, done: RolledBack, *, dry_run: bool) -> dict[str, Any]:
    from chaninfra.cli.output.reports import report_json

    def paths(kind: str) -> list[str]:
        return sorted(f"{each.target.subdir}/{file}" for each in plan.subdirs for file in getattr(each, kind))

    return {
        "dry-run": dry_run,
        "to": {"at": plan.target.at, "snapshot": plan.target.snapshot},
        "back": paths("back"),
        "restored": paths("restored"),
        "yanked": paths("yanks"),
        "patches": sorted(f"{each.target.subdir}/{file}" for each in plan.subdirs for file in each.patches.new),
        "meanwhile": [*done.meanwhile],
        "index": report_json(done.report),
    }
