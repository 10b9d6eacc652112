"""`chaninfra yank` and `chaninfra unyank`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from chaninfra.channel.errors import ChaninfraError
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
    notice: Annotated[
        bool,
        typer.Option(
            "--notice",
            help="Add a notice that names the packages and the reason, which clients show to users; see `chaninfra "
            "notice`. `unyank` takes it back.",
        ),
    ] = False,
    notice_text: Annotated[
        str | None, typer.Option("--notice-text", metavar="TEXT", help="As --notice, with this text.")
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
      chaninfra yank my-package==1.3 -c stack:prod --reason "loses data" --notice
    """
    from chaninfra.cli.output.reports import replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index import yank_notices
    from chaninfra.index.yank import yank as run

    telling = notice or notice_text is not None
    options = [
        *(["--reason", reason] if reason is not None else []),
        *(["--notice"] if notice else []),
        *(["--notice-text", notice_text] if notice_text is not None else []),
    ]

    def yanking(opened: Channel, shown: Shown) -> Yanking:
        if telling:
            yank_notices.check(opened, reason, notice_text)
        return run(opened, packages, reason, shown)

    def tell(opened: Channel, done: Yanking) -> _Told:
        if not telling:
            return _Told()
        about = [*done.changed, *done.already]
        message = notice_text if notice_text is not None else yank_notices.message_about(about, reason)
        try:
            return _Told((yank_notices.tell(opened, about, reason, notice_text),), message)
        except ChaninfraError as error:
            return _Told(problem=yank_notices.untold(error))

    skipped = replace_skipped(remedies_for(channel, store))
    # In a dry run it has no id yet.
    tells = "a notice would tell users" if dry_run else "notice {id}: tells users"
    request = _Request(channel, store, packages, options, "yanked", tells, skipped, dry_run, as_json)
    _run("yank", yanking, tell, request)


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

    Removes them from the channel's yanked.json, too, and the notices that `yank --notice` added, once none of
    the packages of a notice is yanked. A package whose file was deleted since is skipped (exit code 3).

    \b
    Examples:
      chaninfra unyank my-package-1.0-0.conda -c stack:prod
      chaninfra unyank "my-package >=1.0,<1.2" -c s3://my-bucket/my-channel
    """
    from chaninfra.cli.output.reports import publish_unyanked
    from chaninfra.cli.remedies import name_channel, remedies_for
    from chaninfra.index import yank_notices
    from chaninfra.index.yank import unyank as run

    remedies = remedies_for(channel, store)

    def take_back(opened: Channel, done: Yanking) -> _Told:
        try:
            found = yank_notices.take_back(opened, done.changed)
        except ChaninfraError as error:
            # Packages are yanked without a notice most often.
            name_channel(error, channel, store)
            streams.warning(error)
            return _Told()
        for id_ in found.standing:
            remove = remedies.command("notice rm", id_)
            streams.note(
                f"the notice {id_} stays: it is about other packages, too, that are yanked; `{remove}` removes it"
            )
        return _Told(found.removed)

    removed = f"notice {{id}}: {'would be ' if dry_run else ''}removed"
    skipped = publish_unyanked(remedies)
    request = _Request(channel, store, packages, [], "back in the index", removed, skipped, dry_run, as_json)
    _run("unyank", lambda opened, shown: run(opened, packages, shown), take_back, request)


@dataclass(frozen=True)
class _Told:
    """What became of the notices about the packages."""

    notices: tuple[str, ...] = ()
    """The ids of those that tell of the yank, or were taken back."""
    message: str | None = None
    """What users read in the one that tells of the yank."""
    problem: ChaninfraError | None = None


@dataclass(frozen=True)
class _Request:
    channel: str | None
    store: StoreFlags
    packages: Sequence[str]
    options: Sequence[str]
    """What else a repetition needs."""
    outcome: str
    notice: str
    """What became of a notice; {id} stands for its id."""
    skipped: str
    """What to do about packages that are skipped."""
    dry_run: bool
    as_json: bool


def _run(
    command: Literal["yank", "unyank"],
    run: Callable[[Channel, Shown], Yanking],
    tell: Callable[[Channel, Yanking], _Told],
    request: _Request,
) -> None:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches, notice_readers
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
        told = tell(opened, done)
        shown.pause()
        cdn_refresh.refresh(opened, changed(done.report))
        if told.notices:
            cdn_refresh.refresh_notices(opened)
    streams.result_json(_json(done, told, request)) if request.as_json else streams.result(_text(done, told, request))
    if told.message is not None:
        notice_readers.tell(opened)
    if not request.dry_run:
        client_caches.tell(opened.descriptor, changed(done.report))
    if told.problem is not None:
        raise told.problem
    finish(done.report, remedy=request.skipped)


def _json(done: Yanking, told: _Told, request: _Request) -> dict[str, Any]:
    from chaninfra.cli.output.reports import report_json

    return {
        "dry-run": request.dry_run,
        "changed": [*done.changed],
        "already": [*done.already],
        "notices": [*told.notices],
        "index": report_json(done.report),
    }


def _text(done: Yanking, told: _Told, request: _Request) -> str:
    from chaninfra.channel.text import one_line
    from chaninfra.cli.output.reports import DRY_RUN, report_text

    would = "would be " if request.dry_run else ""
    lines = [one_line(f"{label}: {would}{request.outcome}") for label in done.changed]
    lines += [one_line(f"{label}: already {request.outcome}") for label in done.already]
    says = f": {told.message}" if told.message is not None else ""
    lines += [f"{request.notice.format(id=id_)}{says}" for id_ in told.notices]
    return "\n".join([*lines, report_text(done.report), *([DRY_RUN] if request.dry_run else [])])
