"""How a client gets at a channel: the ways of access, and what each makes of a channel."""

from __future__ import annotations

from typing import Literal

from chaninfra.channel.descriptor import Descriptor
from chaninfra.channel.errors import ConfigurationError

Auth = Literal["aws", "pixi", "public"]


def way(descriptor: Descriptor, auth: Auth | None) -> Auth:
    """The way of access that is asked for, else the channel's own.

    Raises ConfigurationError for public access to a channel that is not.
    """
    chosen = auth or descriptor.auth
    if chosen == "public" and descriptor.public_url is None:
        raise ConfigurationError(
            f"the channel is {descriptor.visibility}: it has no https URL that everybody may read",
            where=descriptor.url,
            remedy="use `--auth aws` or `--auth pixi`; or set `visibility` to public in its stack config and run "
            "`pulumi up`",
        )
    return chosen


def url(descriptor: Descriptor, chosen: Auth) -> str:
    """What stands in a list of channels."""
    return descriptor.public_url if chosen == "public" and descriptor.public_url else descriptor.url
