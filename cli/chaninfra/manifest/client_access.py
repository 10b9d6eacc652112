"""How a client gets at a channel: the ways of access, the kinds of store, and what each pair makes of a channel.

pixi reads S3 in two ways (pixi's documentation, page S3): with the credentials of the AWS tools, or with those of its
own store for a bucket that has `s3-options`. Since 0.67 a bucket with s3-options whose credentials are not in pixi's
store is read with those of the AWS tools, so that this way is open to stores that need an endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS

Way = Literal["aws", "pixi", "public", "gcs"]
WAYS: tuple[Way, ...] = get_args(Way)
Kind = Literal["aws", "s3", "gcs"]
"""AWS itself; a store that speaks S3; one that does, and that pixi has URLs of its own for."""

AWS_CHAIN_SINCE = "0.67"
"""The first pixi that reads a bucket with s3-options by the credentials of the AWS tools."""


@dataclass(frozen=True)
class ChannelAccess:
    """A channel, and the way in which a client reads it."""

    descriptor: Descriptor
    way: Way

    @property
    def kind(self) -> Kind:
        """The kind of store that the channel lies in."""
        return kind(self.descriptor)

    @property
    def url(self) -> str:
        """What stands in a list of channels."""
        found = self.descriptor
        match self.way:
            case "public":
                return found.public_url or found.url
            case "gcs":
                return f"{self.way}://{join(found.bucket, found.prefix)}"
        return found.url

    @property
    def other_urls(self) -> tuple[str, ...]:
        """The URLs by which the other ways name the same channel."""
        found = self.descriptor
        names = [ChannelAccess(found, each).url for each in WAYS if each != "gcs" or self.kind == "gcs"]
        return tuple(dict.fromkeys(name for name in names if name != self.url))

    @property
    def bucket_url(self) -> str:
        """What pixi's credential store files the bucket's key under."""
        return f"s3://{self.descriptor.bucket}"

    @property
    def has_options(self) -> bool:
        """Whether pixi needs s3-options for the bucket: it cannot know where a store is that is not AWS."""
        return self.way == "pixi" or (self.way == "aws" and self.kind != "aws")

    @property
    def addressing_style(self) -> str:
        """What rattler-build and `pixi upload s3` call the place of the bucket's name."""
        return "path" if self.descriptor.force_path_style else "virtual-host"


def kind(descriptor: Descriptor) -> Kind:
    """The kind of store. A provider that this version does not know speaks S3, as all do."""
    row = PROVIDERS.get(descriptor.provider)
    if row is None:
        return "s3"
    return "aws" if row.backend == "aws" else row.scheme.value


def channel_access(descriptor: Descriptor, way: Way | None) -> ChannelAccess:
    """The channel with the way that is asked for, else its own.

    Raises ConfigurationError for public access to a channel that is not, and for Google's URLs of another store.
    """
    chosen = way or descriptor.auth
    if chosen == "public" and descriptor.public_url is None:
        raise ConfigurationError(
            f"the channel is {descriptor.visibility}: it has no https URL that everybody may read",
            where=descriptor.url,
            remedy="use `--auth aws` or `--auth pixi`; or set `visibility` to public in its stack config and run "
            "`pulumi up`",
        )
    if chosen == "gcs" and kind(descriptor) != "gcs":
        raise ConfigurationError(
            "gcs:// names buckets of Google Cloud Storage alone",
            where=f"{descriptor.url}, provider {descriptor.provider}",
            remedy="use `--auth pixi`",
        )
    return ChannelAccess(descriptor, chosen)


def buckets(clients: Sequence[ChannelAccess]) -> dict[str, ChannelAccess]:
    """The first channel of each bucket, by the bucket's name, in order."""
    found: dict[str, ChannelAccess] = {}
    for each in clients:
        found.setdefault(each.descriptor.bucket, each)
    return found
