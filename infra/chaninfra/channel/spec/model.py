"""The spec of a stack: one bucket and its channels, validated, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import UNSET, UnsetType

from chaninfra.channel.access import Auth, Visibility
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.conda.retention import RetentionRule
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.principals import AccessKeyConfig
from chaninfra.channel.config.stack import Encryption
from chaninfra.channel.location import Location, join
from chaninfra.channel.providers.model import AT_ADMIN_URL, KeyWay, Provider
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.token_claims import TokenClaims


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """The declared settings of a bucket. A setting that is None or empty is not changed at the store."""

    versioning: bool | None = None
    """Whether the store keeps old versions of objects."""
    encryption: Encryption | None = None
    """How the store encrypts objects if the upload does not say."""
    old_versions_days: int | None = None
    """Days until an old version of an object is deleted."""
    open_uploads_days: int | None = None
    """Days until an unfinished multipart upload is deleted."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose web pages may read the bucket: `https://docs.example.com`."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of the bucket, and on AWS also of the IAM roles."""


@dataclass(frozen=True, kw_only=True)
class SourceChannel:
    """A channel that packages are promoted from, at the same store; it need not exist yet."""

    bucket: str
    prefix: str
    """Without a slash at either end; "" for the whole bucket."""

    @property
    def url(self) -> str:
        """s3://BUCKET/PREFIX."""
        return f"s3://{join(self.bucket, self.prefix)}"


@dataclass(frozen=True, kw_only=True)
class PrincipalSpec:
    """A publisher, reader, maintainer or promoter.

    Exactly one of three fields is set: `token` for the kinds github, gitlab and oidc; `arn` for arn; `key` for key.
    """

    name: str
    role: Role
    kind: str
    """The key that is set in the config: `github`, `gitlab`, `oidc`, `arn` or `key`."""
    token: TokenClaims | None = None
    """The claims of the OIDC tokens that it authenticates with."""
    arn: str | None = None
    """The ARN or account number of an existing principal of AWS."""
    key: AccessKeyConfig | None = None
    """It gets an access key of the store."""
    sources: tuple[SourceChannel, ...] = ()
    """The channels that a promoter may read besides its own."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """An existing CloudFront distribution; `domain_name` is the one that CloudFront assigned (`d1.cloudfront.net`)."""

    id: str
    domain_name: str


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """The bucket: its location, its settings, and what Pulumi may do with it."""

    provider: Provider
    location: Location
    profile: str | None = None
    own_endpoint: bool = False
    """Whether the config sets `endpoint-url`; False: the endpoint follows from the provider."""
    admin_url: str | None = None
    """The URL of the store's admin API, without a slash at the end, where that is not at the S3 endpoint."""
    adopt: bool = False
    """Whether the bucket existed before: Pulumi then deletes neither the bucket nor a package in it."""
    whole_bucket_listing: bool = False
    force_destroy: bool = False
    """Whether `pulumi destroy` deletes the packages too, instead of refusing."""
    protect: bool = False
    """Pulumi's resource option `protect` on the bucket: `pulumi destroy` fails at once."""
    settings: BucketSettings = field(default_factory=BucketSettings)
    aws: AwsConfig = field(default_factory=AwsConfig)
    """Settings that only AWS has; all defaults for other providers."""
    cdn: CdnConfig | None = None
    """CloudFront in front of the bucket; None without a CDN."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.location.bucket

    @property
    def key_way(self) -> KeyWay:
        """How this stack makes access keys."""
        way = self.provider.keys.value
        return "by-hand" if way in AT_ADMIN_URL and self.admin_url is None else way


@dataclass(frozen=True, kw_only=True)
class ChannelSpec:
    """One channel. `prefix` has no slash at either end; it is "" if the whole bucket is the channel."""

    name: str
    prefix: str
    subdirs: tuple[Subdir, ...]
    visibility: Visibility
    auth: Auth
    """How clients authenticate by default."""
    public_url: str | None
    """The http(s) URL at which everybody can read the channel; None if not everybody can, or if the URL is not known
    before the deployment."""
    index: IndexSettings
    page: bool = False
    """Whether the channel has a page, and summaries of its packages."""
    snapshots: SnapshotSchedule | UnsetType = UNSET
    """The snapshots that are made by the clock."""
    retention: Mapping[str, RetentionRule] = field(default_factory=dict)
    """RetentionRule name → which packages `chaninfra prune` takes."""
    mirrors: Mapping[str, Mirror] = field(default_factory=dict)
    """Name → a channel of others whose packages this one gets."""
    event_target: str | None = None
    """The ARN of what the bucket sends the events of this channel to."""
    principals: tuple[PrincipalSpec, ...] = ()

    @property
    def has_schedule(self) -> bool:
        """Whether snapshots are made by the clock."""
        return not isinstance(self.snapshots, UnsetType)

    def key(self, *parts: str) -> str:
        """The object key for a path in the channel: `key("noarch", "repodata.json")`."""
        return join(self.prefix, *parts)


@dataclass(frozen=True, kw_only=True)
class StackSpec:
    """A bucket and its channels, sorted by their keys in `channels`."""

    bucket: BucketSpec
    channels: tuple[ChannelSpec, ...]
    without_effect: tuple[tuple[str, ...], ...] = ()
    """Keys of the config that have no effect any more, with the keys around them: ("index", "formats")."""

    @property
    def visibility(self) -> Visibility:
        """The visibility of all channels of the bucket (`check_together` ensures that they have the same)."""
        return self.channels[0].visibility

    @property
    def following(self) -> tuple[ChannelSpec, ...]:
        """The channels whose index follows every upload (`index.follow`)."""
        return tuple(channel for channel in self.channels if not isinstance(channel.index.follow, UnsetType))

    @property
    def allows_anonymous_read(self) -> bool:
        """Whether anonymous requests may read the bucket itself. Behind a CDN the bucket stays private."""
        return self.visibility == "public" and self.bucket.cdn is None
