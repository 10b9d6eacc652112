"""`chaninfra yank` and `chaninfra unyank`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.cli.output.progress import Shown
    from chaninfra.index.channel import Channel
    from chaninfra.index.yank import Yanking

_DRY_RUN_HELP = "Write nothing; select and refuse as a real run does, and print what that would do."
_PACKAGE_HELP = "Package names, file names (with or without the subdir) or match specs."


def yank(
    *,
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE", help=_PACKAGE_HELP)],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option("--reason", metavar="TEXT", help="Why the packages are yanked; `chaninfra ls` shows it."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Remove packages from the index, but keep their files.

    Solvers no longer find the packages; environments whose lock file has them can still install them. The index keeps
    that they are yanked, so that no later `reindex` or `publish` adds them again, and the channel's yanked.json lists
    them. `unyank` reverses this.

    \b
    Examples:
      chaninfra yank my-package-1.0-0.conda -c stack:prod --reason "does not start on macOS"
      chaninfra yank "my-package >=1.0,<1.2" -c s3://my-bucket/my-channel --dry-run
    """
    from chaninfra.cli.output.reports import replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.yank import yank as run

    options = ["--reason", reason] if reason is not None else []
    skipped = replace_skipped(remedies_for(channel, store))
    _run(
        "yank",
        lambda opened, shown: run(opened, packages, reason, shown),
        _Request(channel, store, packages, options, "yanked", skipped, dry_run, as_json),
    )


def unyank(
    *,
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE", help=_PACKAGE_HELP)],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Add yanked packages to the index again.

    Removes them from the channel's yanked.json, too. A package whose file was deleted since is skipped (exit code 3).

    \b
    Examples:
      chaninfra unyank my-package-1.0-0.conda -c stack:prod
      chaninfra unyank "my-package >=1.0,<1.2" -c s3://my-bucket/my-channel
    """
    from chaninfra.cli.output.reports import publish_unyanked
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.yank import unyank as run

    skipped = publish_unyanked(remedies_for(channel, store))
    _run(
        "unyank",
        lambda opened, shown: run(opened, packages, shown),
        _Request(channel, store, packages, [], "back in the index", skipped, dry_run, as_json),
    )


@dataclass(frozen=True)
class _Request:
    channel: str | None
    store: StoreFlags
    packages: Sequence[str]
    options: Sequence[str]
    """What else a repetition needs."""
    outcome: str
    skipped: str
    """What to do about packages that are skipped."""
    dry_run: bool
    as_json: bool


def _run(command: Literal["yank", "unyank"], run: Callable[[Channel, Shown], Yanking], request: _Request) -> None:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish
    from chaninfra.cli.output.stopped import yank_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed

    refuse_channels(request.packages, command, "PACKAGE")
    remedies = remedies_for(request.channel, request.store)
    given = [*request.options, *(["--dry-run"] if request.dry_run else []), *(["--json"] if request.as_json else [])]
    with (
        progress(dry_run=request.dry_run) as shown,
        interruptible(lambda: yank_stopped(shown, remedies, command, [*request.packages, *given]), shown.stop),
    ):
        opened = open_channel(request.channel, request.store, "write", dry_run=request.dry_run)
        shown.stage("reading the index")
        done = run(opened, shown)
        shown.pause()
        cdn_refresh.refresh(opened, changed(done.report))
    streams.result_json(_json(done, request)) if request.as_json else streams.result(_text(done, request))
    if not request.dry_run:
        client_caches.tell(opened.descriptor, changed(done.report))
    finish(done.report, remedy=request.skipped)


def _json(done: Yanking, request: _Request) -> dict[str, Any]:
    from chaninfra.cli.output.reports import report_json

    return {
        "dry-run": request.dry_run,
        "changed": [*done.changed],
        "already": [*done.already],
        "index": report_json(done.report),
    }


def _text(done: Yanking, request: _Request) -> str:
    from chaninfra.channel.text import one_line
    from chaninfra.cli.output.reports import DRY_RUN, report_text

    would = "would be " if request.dry_run else ""
    lines = [one_line(f"{label}: {would}{request.outcome}") for label in done.changed]
    lines += [one_line(f"{label}: already {request.outcome}") for label in done.already]
    return "\n".join([*lines, report_text(done.report), *([DRY_RUN] if request.dry_run else [])])
