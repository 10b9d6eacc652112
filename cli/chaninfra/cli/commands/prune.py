"""`chaninfra prune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.index.prune.prepare import Planned


def prune(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", metavar="NAME", help="Only this rule of `retention` (repeatable; default: all of them)."
        ),
    ] = None,
    lock: Annotated[
        list[Path] | None,
        typer.Option(
            "--lock",
            metavar="FILE",
            help="Keep what this lock file has: a pixi.lock, a conda-lock.yml, or what `conda list --explicit` prints "
            "(repeatable).",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Go on also if no package would be left in the index of a subdir.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; print what goes, what stays, and why.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Yank and later delete what goes by the channel's retention rules.

    The rules are `retention` in the stack config. What they take is yanked first. A run after the rule's grace period
    (14 days, if it says nothing) deletes the files, which nothing brings back; until then `unyank` does. It deletes
    nothing that somebody has yanked by hand.

    \b
    It keeps and names, of what a rule takes:
      - what a lock file (--lock) has
      - what a record that stays in the index pins (`a ==1.0 h0_0`)
      - the files that a snapshot lists: these packages are yanked, and not deleted

    If the index of a snapshot cannot be read, nothing of that subdir is deleted and the exit code is 3. A package that
    `unyank` brings back is taken again by the next run, unless the rule says `never`. For maintainers.

    \b
    Examples:
      chaninfra prune --dry-run
      chaninfra prune stack:prod --rule nightlies --lock pixi.lock --yes
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.confirm import confirm, require_answer
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.prune_reports import done_json, done_text, finish_prune, plan_json, plan_text, tell
    from chaninfra.cli.output.stopped import nothing_changed, prune_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.locks import read_lock
    from chaninfra.index.prune.prepare import matchers_of, prepare
    from chaninfra.index.prune.prune import carry_out
    from chaninfra.index.report import Report

    remedies = remedies_for(channel, store)
    command = remedies.command("prune", *_given(rule, lock, everything=everything, dry_run=dry_run, as_json=as_json))
    require_answer(command, yes=yes or dry_run)
    locks = [read_lock(path) for path in lock or ()]
    with progress(dry_run=dry_run) as shown, interruptible(lambda: nothing_changed(command), shown.stop):
        opened = open_channel(channel, store, "write", dry_run=dry_run)
        matchers = matchers_of(opened, rule or ())
        planned = prepare(opened, matchers, rule or (), locks, shown)
    tell(planned, remedies)
    if dry_run:
        streams.result_json(plan_json(planned)) if as_json else streams.result(plan_text(planned, dry_run=True))
    if not everything:
        planned.check()
    if dry_run:
        finish_prune(planned, Report.of(()), command, remedies)
        return
    if not yes and (planned.yank or planned.delete):
        with interruptible(lambda: nothing_changed(command)):
            confirm(plan_text(planned, dry_run=False), _question(planned), command)
    with progress() as shown, interruptible(lambda: prune_stopped(shown, f"{command} --yes"), shown.stop):
        done = carry_out(opened, planned, matchers.rules, shown)
        shown.pause()
        cdn_refresh.refresh(opened, changed(done.report))
    streams.result_json(done_json(planned, done)) if as_json else streams.result(done_text(planned, done))
    if done.yanked:
        client_caches.tell(opened.descriptor, changed(done.report))
    finish_prune(planned, done.report, command, remedies)


def _given(
    rules: Sequence[str] | None, locks: Sequence[Path] | None, *, everything: bool, dry_run: bool, as_json: bool
) -> list[str]:
    """The options, for a command line that does the same."""
    return [
        *(word for name in rules or () for word in ("--rule", name)),
        *(word for path in locks or () for word in ("--lock", str(path))),
        *(["--all"] if everything else []),
        *(["--dry-run"] if dry_run else []),
        *(["--json"] if as_json else []),
    ]


def _question(planned: Planned) -> str:
    from chaninfra.channel.text import count

    parts = [f"yank {count(len(planned.yank), 'package')}"] if planned.yank else []
    parts += [f"delete {count(len(planned.delete), 'package')} for good"] if planned.delete else []
    what = " and ".join(parts)
    return f"{what[0].upper()}{what[1:]}?"
