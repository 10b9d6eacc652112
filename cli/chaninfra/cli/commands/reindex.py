"""`chaninfra reindex`."""

from __future__ import annotations

from typing import Annotated

import typer

from chaninfra.cli import output, reference
from chaninfra.cli.store_flags import StoreFlags


def reindex(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {reference.HELP}")] = None,
    force: Annotated[bool, typer.Option("--force", help="Read every package again, not only those new to it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Bring the index in line with the packages that are there.

    \b
    Examples:
      chaninfra reindex stack:prod
      chaninfra reindex s3://my-s3-bucket/my-channel --endpoint-url https://my-s3-host \\
        --region us-east-1 --force-path-style --access-key-id ... --secret-access-key ...
    """
    from chaninfra.cli import cdn
    from chaninfra.cli.channel_ref import open_channel
    from chaninfra.cli.reports import finish, report_json, report_text
    from chaninfra.index.invalidation import changed
    from chaninfra.index.listing import known_subdirs
    from chaninfra.index.reference import ReferenceIndexer

    opened = open_channel(channel, store, "write")
    report = ReferenceIndexer().reindex(opened, known_subdirs(opened), "all" if force else "changed")
    if force:
        cdn.refresh(opened, [each.subdir for each in report.subdirs], scope="all")
    else:
        cdn.refresh(opened, changed(report))
    output.result_json(report_json(report)) if as_json else output.result(report_text(report))
    finish(report)
