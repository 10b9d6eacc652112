"""`chaninfra publish`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
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
            "contain the old hash then fail. The bucket denies this if `aws.no-overwrite` is set.",
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

    \b
    Examples:
      chaninfra publish output/noarch/my-package-1.0-0.conda -c stack:prod
      chaninfra publish *.conda -c s3://my-bucket/my-channel --endpoint-url https://minio.example.com
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.progress import uploading
    from chaninfra.cli.output.reports import finish, published_json, published_text, replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.package.local_file import read_all
    from chaninfra.index.publish import publish as run

    # The files first, since their errors need no request.
    packages = read_all(files)
    opened = open_channel(channel, store, "write")
    with uploading(sum(package.size for package in packages)) as progress:
        published = run(opened, packages, "overwrite" if force else "refuse", progress)
    replaced = [each.package.path_in_channel for each in published.packages if each.outcome == "replaced"]
    cdn_refresh.refresh(opened, changed(published.report, replaced), replaced=replaced)
    remedies = remedies_for(channel, store)
    text = published_text(published, remedies, force=force)
    streams.result_json(published_json(published)) if as_json else streams.result(text)
    client_caches.tell(opened.descriptor, changed(published.report, replaced))
    reindex = remedies.command("reindex")
    finish(
        published.report, published.error, remedy=replace_skipped(remedies), reindex=reindex, gc=remedies.command("gc")
    )
