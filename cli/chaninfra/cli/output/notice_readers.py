"""The note about clients that do not show the notices of a channel."""

from __future__ import annotations

from chaninfra.cli.output import streams
from chaninfra.index.channel import Channel


def tell(opened: Channel) -> None:
    """Note which clients do not show the notices, where the channel is read by s3://."""
    if not opened.descriptor.public_url:
        streams.note("pixi and rattler-build read notices by http and https only; by s3:// only conda shows them")
