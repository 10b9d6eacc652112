"""`chaninfra yank` and `chaninfra unyank`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.yank import Yanking

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
      chaninfra yank "my-package >=1.0,<1.2" -c s3://my-bucket/my-channel
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.output.reports import replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.yank import yank as run

    opened = open_channel(channel, store, "write")
    remedy = replace_skipped(remedies_for(channel, store))
    _finish(opened, run(opened, packages, reason), "yanked", remedy, as_json=as_json)


def unyank(
    *,
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE", help=_PACKAGE_HELP)],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
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
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.output.reports import publish_unyanked
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.yank import unyank as run

    opened = open_channel(channel, store, "write")
    remedy = publish_unyanked(remedies_for(channel, store))
    _finish(opened, run(opened, packages), "back in the index", remedy, as_json=as_json)


def _finish(channel: Channel, done: Yanking, outcome: str, remedy: str, *, as_json: bool) -> None:
    from chaninfra.channel.text import one_line
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.reports import finish, report_json, report_text
    from chaninfra.index.cdn_invalidation import changed

    cdn_refresh.refresh(channel, changed(done.report))
    if as_json:
        streams.result_json({"changed": [*done.changed], "already": [*done.already], "index": report_json(done.report)})
    else:
        lines = [one_line(f"{label}: {outcome}") for label in done.changed]
        lines += [one_line(f"{label}: already {outcome}") for label in done.already]
        streams.result("\n".join([*lines, report_text(done.report)]))
    client_caches.tell(channel.descriptor, changed(done.report))
    finish(done.report, remedy=remedy)
