"""`chaninfra manifest`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaninfra.cli import output, reference
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.manifest import RENDERERS


def manifest(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {reference.HELP}")] = None,
    auth: Annotated[
        Literal["aws", "pixi", "public"] | None,
        typer.Option("--auth", help="The way of access; left out, the channel's own."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Make no request: an s3:// channel is what the flags say.")
    ] = False,
    store: StoreFlags,
) -> None:
    """Print a pixi.toml for the channel.

    With s3-options and pixi's credential store (pixi), with AWS credentials (aws), or with an https URL (public).

    \b
    Examples:
      chaninfra manifest > pixi.toml
      chaninfra manifest channel.json --auth aws
      chaninfra manifest stack:prod#my-channel
      chaninfra manifest s3://my-bucket/my-channel --provider wasabi --region de-1
    """
    from chaninfra.cli.channel_ref import find

    wanted = None
    if auth == "public":
        from chaninfra.cli.assumed import Wanted

        # Only a channel without a descriptor is taken at this word.
        wanted = Wanted(visibility="public")
    found = find(channel, store, "offline" if offline else "lenient", wanted)
    output.result(RENDERERS["pixi"]([each.descriptor for each in found], auth))
