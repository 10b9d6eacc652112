"""`chaninfra publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags


def publish(
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Package files: .conda or .tar.bz2.")],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Overwrite a package that has the same file name but other content. Installs from lock files that "
            "contain the old hash, and from snapshots that have the package, then fail. The bucket denies this if "
            "`aws.no-overwrite` is set.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Write nothing; compare and refuse as a real run does, and print what that would do. Whether the "
            "credentials may write is not tested: `chaninfra doctor --as publisher` does that.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Upload packages and add them to the index.

    All files are checked before the first upload; CEP 26 must allow their names. A package that is already in the
    channel with the same bytes is not uploaded again, so a job can be repeated. If the channel has a package of the
    same name with other bytes, publish refuses (exit code 4); --force overwrites it. Only the indexes of these
    packages' subdirs are read and written. A yanked package stays out of the index. If there is neither a channel.json
    nor an index, publish refuses (exit code 2). Attestations that lie beside a file, in FILE.sigs (CEP 50), are
    uploaded with it, and appended to those that the channel has.

    Ctrl-C ends it with exit code 130 and says how far it is. Run the same command again to go on.

    \b
    Examples:
      chaninfra publish output/noarch/my-package-1.0-0.conda -c stack:prod
      chaninfra publish *.conda -c stack:prod --dry-run
      chaninfra publish *.conda -c s3://my-bucket/my-channel --endpoint-url https://minio.example.com
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish, published_json, published_text, replace_skipped
    from chaninfra.cli.output.stopped import publish_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.package.local_file import read_all
    from chaninfra.index.publish import publish as run

    refuse_channels(files, "publish", "FILE")
    given = [*(["--force"] if force else []), *(["--dry-run"] if dry_run else []), *(["--json"] if as_json else [])]
    with (
        progress(dry_run=dry_run) as shown,
        interruptible(
            lambda: publish_stopped(shown, remedies_for(channel, store), [*map(str, files)], given), shown.stop
        ),
    ):
        # The files first, since their errors need no request.
        packages = read_all(files, shown)
        shown.pause()
        opened = open_channel(channel, store, "write", dry_run=dry_run)
        published = run(opened, packages, "overwrite" if force else "refuse", shown)
        shown.pause()
        replaced = [each.package.path_in_channel for each in published.packages if each.outcome == "replaced"]
        cdn_refresh.refresh(opened, changed(published.report, replaced), replaced=replaced)
    remedies = remedies_for(channel, store)
    if as_json:
        streams.result_json(published_json(published, dry_run=dry_run))
    else:
        streams.result(published_text(published, remedies, force=force, dry_run=dry_run))
    if not dry_run:
        client_caches.tell(opened.descriptor, changed(published.report, replaced))
    reindex = remedies.command("reindex")
    finish(
        published.report, published.error, remedy=replace_skipped(remedies), reindex=reindex, gc=remedies.command("gc")
    )
