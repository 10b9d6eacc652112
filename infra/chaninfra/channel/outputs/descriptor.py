"""The channel descriptor: everything that clients and writers need to know about a channel. It holds no secret.

It is an entry of the stack output `channels` and the file `channel.json` of the channel.
`schemas/channel.schema.json` is generated from it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chaninfra.channel import patterns
from chaninfra.channel.access import Auth, Visibility
from chaninfra.channel.conda.index_settings import ConditionalWrites, IndexSettings
from chaninfra.channel.conda.mirrors import MIRRORS, Mirror, MirrorName
from chaninfra.channel.conda.object_names import INDEX_HTML
from chaninfra.channel.conda.retention import RETENTION, RetentionRule, RuleName
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Dialect, Location, check_endpoint, join
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.text import shown

if TYPE_CHECKING:
    pass

CACHE_CONTROL = "max-age=300"
"""The Cache-Control header of `channel.json`: five minutes."""


class NewerDescriptorError(ConfigurationError):
    """The descriptor is of a later version: what it says of the channel is not known, so nothing may be written."""


class DescribedIndex(IndexSettings, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How the index is written, and which conditional writes the store supports."""

    conditional_writes: Annotated[
        ConditionalWrites | None,
        Meta(
            description="Result of a probe; null if the store was not probed: the provider's facts apply.",
            examples=[{"create": True, "replace": True, "multipart": True}],
        ),
    ] = None


class Cdn(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The CDN in front of the bucket."""

    kind: Annotated[Literal["cloudfront"], Meta(description="The kind of CDN.")]
    id: Annotated[
        str,
        Meta(
            description="Id of the distribution, for invalidations.",
            pattern=patterns.DISTRIBUTION,
            examples=["E2EXAMPLE"],
        ),
    ]


@prepared
class Descriptor(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A conda channel on S3."""

    version: Annotated[Literal[2], Meta(description="The version of this format.")] = 2
    name: Annotated[str, Meta(description="The channel's name.", pattern=patterns.SHOWN_NAME, examples=["my-channel"])]
    provider: Annotated[
        str,
        Meta(
            description="The provider, a name from `chaninfra providers`.",
            pattern=patterns.KIND,
            examples=["aws", "minio"],
        ),
    ]
    bucket: Annotated[
        str,
        Meta(
            description="The bucket's name.",
            pattern=patterns.ANY_BUCKET,
            examples=["my-bucket"],
        ),
    ]
    prefix: Annotated[
        str,
        Meta(
            description="Prefix of the channel's object keys, without a slash at either end; empty if the channel is "
            "the whole bucket.",
            pattern=patterns.PREFIX,
            examples=["my-channel", ""],
        ),
    ]
    url: Annotated[
        str,
        Meta(
            description="The channel's s3:// URL, as pixi takes it.",
            pattern=patterns.CHANNEL_URL,
            examples=["s3://my-bucket/my-channel"],
        ),
    ]
    public_url: Annotated[
        Annotated[str, Meta(pattern=patterns.URL)] | None,
        Meta(
            description="The https URL of a public channel; null if there is none.",
            examples=["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel"],
        ),
    ] = None
    endpoint_url: Annotated[
        str,
        Meta(description="The URL of the S3 API.", pattern=patterns.ENDPOINT, examples=["https://minio.example.com"]),
    ]
    region: Annotated[
        str,
        Meta(
            description="The region with which requests are signed.",
            pattern=patterns.REGION,
            examples=["eu-central-1", "us-east-1"],
        ),
    ]
    force_path_style: Annotated[
        bool, Meta(description="Whether the bucket name is in the path of S3 URLs (true) or in the host (false).")
    ]
    visibility: Annotated[Visibility, Meta(description="Who may read.")]
    auth: Annotated[Auth, Meta(description="How clients authenticate; the default of `chaninfra manifest --auth`.")]
    subdirs: Annotated[
        tuple[Subdir, ...],
        Meta(description="The subdirs of the channel, noarch first.", min_length=1, examples=[["noarch", "linux-64"]]),
    ]
    index: Annotated[DescribedIndex, Meta(description="How the index is written.")] = DescribedIndex()
    cdn: Annotated[
        Cdn | None,
        Meta(
            description="The CDN in front of the bucket, or null.", examples=[{"kind": "cloudfront", "id": "E2EXAMPLE"}]
        ),
    ] = None
    # Earlier versions do not know it, so it is written only where it is set.
    snapshots: Annotated[
        SnapshotSchedule | UnsetType,
        Meta(
            description="Snapshots of the channel that are made by the clock.", examples=[{"every": "1d", "keep": 60}]
        ),
    ] = UNSET

    # Earlier versions do not know it, so it is written only where it is set.
    retention: Annotated[dict[RuleName, RetentionRule] | UnsetType, RETENTION] = UNSET

    # Earlier versions do not know it, so it is written only where it is set.
    mirrors: Annotated[dict[MirrorName, Mirror] | UnsetType, MIRRORS] = UNSET

    # Earlier versions do not know it, so it is written only where it differs from the default.
    page: Annotated[
        bool | UnsetType,
        Meta(
            description="Whether the channel has a page, and summaries of its packages. Where it is missing: true for "
            "a public channel, else false."
        ),
    ] = UNSET

    @property
    def has_page(self) -> bool:
        """Whether the channel has a page, and summaries of its packages."""
        return self.visibility == "public" if isinstance(self.page, UnsetType) else self.page

    @property
    def has_summaries(self) -> bool:
        """Whether the channel has summaries of its packages: for its page, or for channeldata.json."""
        return self.has_page or self.index.has_channeldata

    @property
    def page_url(self) -> str | None:
        """The URL that opens the page in a browser; None if the channel has no page, or not everybody can read it."""
        if not self.has_page or self.public_url is None:
            return None
        return url_of_page(self.public_url, behind_cdn=self.cdn is not None)

    @property
    def rules(self) -> Mapping[str, RetentionRule]:
        """The retention rules by name."""
        return {} if isinstance(self.retention, UnsetType) else self.retention

    @property
    def mirrored(self) -> Mapping[str, Mirror]:
        """The mirrors by name."""
        return {} if isinstance(self.mirrors, UnsetType) else self.mirrors

    @property
    def location(self) -> Location:
        """The bucket, its endpoint and region, and how PUTs are written for its store."""
        row, probed = PROVIDERS.get(self.provider), self.index.conditional_writes
        dialect = row.dialect if row else Dialect()
        return Location(
            bucket=self.bucket,
            endpoint_url=self.endpoint_url,
            region=self.region,
            force_path_style=self.force_path_style,
            dialect=dataclasses.replace(dialect, etags=probed.etags) if probed else dialect,
        )

    @property
    def may_be_of_init(self) -> bool:
        """Whether `chaninfra init` can have made the channel; False: only a stack declares these settings."""
        index = msgspec.structs.replace(self.index, writers="many", conditional_writes=None)
        by_default = index == DescribedIndex() and self.snapshots is UNSET and not self.rules and not self.mirrored
        return by_default and self.cdn is None and self.visibility != "organization"

    def key(self, *parts: str) -> str:
        """The object key of a file of the channel: `key("noarch", "repodata.json")`."""
        return join(self.prefix, *parts)


def url_of_page(public_url: str, *, behind_cdn: bool) -> str:
    """The URL that opens the page of a channel with this URL in a browser.

    A store answers a URL that ends in a slash with an error or with a listing (docs/page.md), the CDN of the stack with
    the page.
    """
    return f"{public_url.rstrip('/')}/{'' if behind_cdn else INDEX_HTML}"


def to_document(descriptor: Descriptor) -> dict[str, Any]:
    """The descriptor as a JSON document, keys in kebab-case."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(descriptor))
    return document


def dump(descriptor: Descriptor) -> bytes:
    """The bytes of `channel.json`; equal descriptors give equal bytes."""
    return msgspec.json.format(msgspec.json.encode(descriptor), indent=2) + b"\n"


def parse(data: bytes | str, *, where: str) -> Descriptor:
    """The descriptor in the bytes of a `channel.json`; `where` names the file in errors. Raises ConfigurationError."""
    try:
        document = msgspec.json.decode(data)
    except MALFORMED as error:
        raise ConfigurationError(
            f"is not JSON: {error}",
            where=where,
            remedy="pass a channel.json: from the channel itself, or from `pulumi stack output channels --json`",
        ) from error
    return from_document(document, where=where)


def is_of_earlier_version(data: bytes) -> bool:
    """Whether these bytes of a `channel.json`, which `parse` accepts, are of an earlier version than `dump` writes."""
    return bool(msgspec.json.decode(data).get("version", 1) == 1)


def from_document(document: object, *, where: str) -> Descriptor:
    """The descriptor in a JSON document; `where` names it in errors. Raises ConfigurationError.

    A document of version 1 becomes one of version 2.
    """
    version = document.get("version", 1) if isinstance(document, dict) else None
    if isinstance(version, int) and version > 2:
        raise NewerDescriptorError(
            f"version {version} of the descriptor is newer than this version of chaninfra",
            where=where,
            key=("version",),
            remedy="upgrade chaninfra",
        )
    if isinstance(document, dict) and type(version) is int and version == 1:
        document = _of_version_2(document)
    try:
        descriptor = msgspec.convert(document, Descriptor)
    except msgspec.ValidationError as error:
        # The JSON schema validator has better messages, with the nearest known key, but is slow to import.
        from chaninfra.channel.config.schema import CHANNEL, validate

        validate(document, CHANNEL, where=where)
        raise ConfigurationError(str(error), where=where, remedy="chaninfra schema channel") from error
    check_endpoint(descriptor.endpoint_url, where)
    # Clients use `url`, writers use `bucket` and `prefix`.
    if descriptor.url != (url := f"s3://{join(descriptor.bucket, descriptor.prefix)}"):
        raise ConfigurationError(
            f"{shown(descriptor.url)} does not match `bucket` and `prefix`",
            where=where,
            key=("url",),
            remedy=f"write {url}, or correct `bucket` and `prefix`",
        )
    return descriptor


def _of_version_2(document: dict[str, Any]) -> dict[str, Any]:
    """The document of version 1 as one of version 2.

    Its `index.formats` is dropped: it could only leave out files that are derived from others, so the default of
    `index.monolith` loses nothing.
    """
    index = document.get("index")
    rest = {key: value for key, value in index.items() if key != "formats"} if isinstance(index, dict) else index
    return {**document, "version": 2, **({"index": rest} if "index" in document else {})}
