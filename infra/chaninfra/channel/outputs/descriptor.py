"""The channel descriptor: all that a client or a writer needs to know of a channel, and no secret.

It is the stack output `channels`, and `channel.json` in the channel; `schemas/channel.schema.json` is made from it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.index_settings import ConditionalWrites, IndexSettings
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location, check_endpoint, https_url, join

if TYPE_CHECKING:
    from chaninfra.channel.spec.model import BucketSpec, ChannelSpec, Distribution

CACHE_CONTROL = "max-age=300"


class DescribedIndex(IndexSettings, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How the index is written, and what the store allows."""

    conditional_writes: Annotated[
        ConditionalWrites | None,
        Meta(
            description="What a probe found; null: nothing was probed, the provider's row counts.",
            examples=[{"create": True, "replace": True, "multipart": True}],
        ),
    ] = None


class Cdn(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What stands before the bucket."""

    kind: Annotated[Literal["cloudfront"], Meta(description="The kind of CDN.")]
    id: Annotated[str, Meta(description="Its id, for invalidations.", min_length=1, examples=["E2EXAMPLE"])]


@prepared
class Descriptor(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A conda channel on S3, as its clients and writers need to know it."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    name: Annotated[str, Meta(description="The channel's name.", min_length=1, examples=["my-channel"])]
    provider: Annotated[str, Meta(description="The row of `chaninfra providers`.", examples=["aws", "minio"])]
    bucket: Annotated[
        str,
        Meta(
            description="The bucket's name.",
            min_length=3,
            max_length=63,
            pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$",
            examples=["my-bucket"],
        ),
    ]
    prefix: Annotated[
        str,
        Meta(
            description="Where in the bucket the channel lies, without slashes at the ends.",
            examples=["my-channel", ""],
        ),
    ]
    url: Annotated[
        str,
        Meta(
            description="The channel as pixi names it.", pattern="^s3://[^/]+", examples=["s3://my-bucket/my-channel"]
        ),
    ]
    public_url: Annotated[
        Annotated[str, Meta(pattern="^https?://")] | None,
        Meta(
            description="The https URL of a public channel, else null.",
            examples=["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel"],
        ),
    ] = None
    endpoint_url: Annotated[
        str,
        Meta(description="The URL of the S3 API.", pattern="^https?://[^/]+$", examples=["https://minio.example.com"]),
    ]
    region: Annotated[
        str,
        Meta(
            description="The region that requests are signed with.",
            pattern="^[A-Za-z0-9._-]+$",
            examples=["eu-central-1", "us-east-1"],
        ),
    ]
    force_path_style: Annotated[bool, Meta(description="Whether the bucket is in the path of a URL, not in its host.")]
    visibility: Annotated[Literal["private", "organization", "public"], Meta(description="Who may read.")]
    auth: Annotated[
        Literal["aws", "pixi", "public"], Meta(description="The way of access that `manifest` prints by default.")
    ]
    subdirs: Annotated[
        tuple[Subdir, ...],
        Meta(description="The subdirs that are there, noarch first.", min_length=1, examples=[["noarch", "linux-64"]]),
    ]
    index: Annotated[DescribedIndex, Meta(description="How the index is written.")] = DescribedIndex()
    cdn: Annotated[
        Cdn | None,
        Meta(
            description="What stands before the bucket, or null.", examples=[{"kind": "cloudfront", "id": "E2EXAMPLE"}]
        ),
    ] = None

    @property
    def location(self) -> Location:
        """Where the bucket is."""
        return Location(
            bucket=self.bucket,
            endpoint_url=self.endpoint_url,
            region=self.region,
            force_path_style=self.force_path_style,
        )

    def key(self, *parts: str) -> str:
        """The key of an object of the channel."""
        return join(self.prefix, *parts)


def build_descriptor(bucket: BucketSpec, channel: ChannelSpec, distribution: Distribution | None = None) -> Descriptor:
    """The descriptor of a channel; `distribution` is the one before the bucket, which has its URL where the declaration
    names no domain."""
    location = bucket.location
    host = (bucket.cdn.domain if bucket.cdn else None) or (distribution.domain_name if distribution else None)
    return Descriptor(
        name=channel.name,
        provider=bucket.provider.name,
        bucket=location.bucket,
        prefix=channel.prefix,
        url=f"s3://{join(location.bucket, channel.prefix)}",
        public_url=https_url(host, channel.prefix) if host else channel.public_url,
        endpoint_url=location.endpoint_url,
        region=location.region,
        force_path_style=location.force_path_style,
        visibility=channel.visibility,
        auth=channel.auth,
        subdirs=channel.subdirs,
        index=DescribedIndex(
            formats=channel.index.formats,
            compression_level=channel.index.compression_level,
            cache_control=channel.index.cache_control,
            writers=channel.index.writers,
        ),
        cdn=Cdn(kind="cloudfront", id=distribution.id) if distribution else None,
    )


def to_document(descriptor: Descriptor) -> dict[str, Any]:
    """The descriptor as a JSON document, keys in kebab-case."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(descriptor))
    return document


def dump(descriptor: Descriptor) -> bytes:
    """The bytes of `channel.json`, the same for the same descriptor."""
    return msgspec.json.format(msgspec.json.encode(descriptor), indent=2) + b"\n"


def parse(data: bytes | str, *, where: str) -> Descriptor:
    """The descriptor in a `channel.json`; `where` names it in errors. Raises ConfigurationError."""
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"is not JSON: {error}",
            where=where,
            remedy="give a channel.json; `pulumi stack output channels --json` or the channel itself has it",
        ) from error
    return from_document(document, where=where)


def from_document(document: object, *, where: str) -> Descriptor:
    """The descriptor that a JSON document holds. Raises ConfigurationError."""
    version = document.get("version", 1) if isinstance(document, dict) else 1
    if isinstance(version, int) and version > 1:
        raise ConfigurationError(
            f"version {version} of the descriptor is newer than this chaninfra",
            where=f"{where}, key version",
            remedy="upgrade chaninfra",
        )
    try:
        found = msgspec.convert(document, Descriptor)
    except msgspec.ValidationError as error:
        # The schema's own validator words it better, with the nearest known key; it is slow to import.
        from chaninfra.channel.config.schema import CHANNEL, validate

        validate(document, CHANNEL, where=where)
        raise ConfigurationError(str(error), where=where, remedy="chaninfra schema channel") from error
    check_endpoint(found.endpoint_url, where)
    # Some of what writes goes by the one, and some by the other.
    if found.url != (url := f"s3://{join(found.bucket, found.prefix)}"):
        raise ConfigurationError(
            f"{found.url} is not where `bucket` and `prefix` say that the channel lies",
            where=f"{where}, key url",
            remedy=f"write {url}, or correct `bucket` and `prefix`",
        )
    return found
