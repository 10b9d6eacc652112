"""What a stack declares: one bucket and the channels in it, validated, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import Auth, Visibility
from chaninfra.channel.config.principals import AccessKeyConfig
from chaninfra.channel.config.stack import Encryption
from chaninfra.channel.location import Location, join
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.token_claims import TokenClaims


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """What is declared; a setting that is not is left as the store has it."""

    versioning: bool | None = None
    encryption: Encryption | None = None
    old_versions_days: int | None = None
    open_uploads_days: int | None = None
    cors_origins: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PrincipalSpec:
    """A publisher, reader or maintainer: with `token` it comes with a token, with `arn` AWS knows it already, and with
    `key` it has an access key of the store."""

    name: str
    role: Role
    kind: str
    token: TokenClaims | None = None
    arn: str | None = None
    key: AccessKeyConfig | None = None


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A distribution that is there; `domain_name` is the one that CloudFront gave it."""

    id: str
    domain_name: str


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """The bucket: where it is, whose credentials reach it, and what Pulumi may do to it."""

    provider: Provider
    location: Location
    profile: str | None = None
    own_endpoint: bool = False
    """Whether the endpoint was given by the user and is not the provider's own."""
    adopt: bool = False
    force_destroy: bool = False
    protect: bool = False
    settings: BucketSettings = field(default_factory=BucketSettings)
    aws: AwsConfig = field(default_factory=AwsConfig)
    """What only AWS has; the defaults elsewhere."""
    cdn: CdnConfig | None = None
    """What stands before the bucket."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.location.bucket


@dataclass(frozen=True, kw_only=True)
class ChannelSpec:
    """One channel; `prefix` has no slash at either end and is empty where the whole bucket is the channel."""

    name: str
    prefix: str
    subdirs: tuple[Subdir, ...]
    visibility: Visibility
    auth: Auth
    public_url: str | None
    index: IndexSettings
    principals: tuple[PrincipalSpec, ...] = ()

    def key(self, *parts: str) -> str:
        """The key of an object of the channel."""
        return join(self.prefix, *parts)


@dataclass(frozen=True, kw_only=True)
class StackSpec:
    """A bucket and its channels, in the order of their names."""

    bucket: BucketSpec
    channels: tuple[ChannelSpec, ...]

    @property
    def visibility(self) -> Visibility:
        """The one visibility of all channels of the bucket."""
        return self.channels[0].visibility

    @property
    def is_open(self) -> bool:
        """Whether everybody reads from the bucket itself; behind a CDN it stays private."""
        return self.visibility == "public" and self.bucket.cdn is None
