"""What is to be there: one bucket and the channels in it, validated, with every default filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from chaninfra.channel.aws_keys import AwsKeys
from chaninfra.channel.bucket_settings import BucketSettings, bucket_settings
from chaninfra.channel.cdn import check_behind_cdn, check_cdn
from chaninfra.channel.cdn_keys import CdnKeys
from chaninfra.channel.channel_keys import Auth, ChannelKeys, Visibility
from chaninfra.channel.combinations import check_combinations
from chaninfra.channel.config import Config, parse_config
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.granted import PrincipalSpec, aws_keys, granted
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.location import Location, join
from chaninfra.channel.names import check_bucket_name, check_endpoint, check_prefix
from chaninfra.channel.provider import Provider
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.role_names import role_name
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.text import nearest


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
    aws: AwsKeys = field(default_factory=AwsKeys)
    """What only AWS has; the defaults elsewhere."""
    cdn: CdnKeys | None = None
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


def stack_spec(raw: dict[str, Any], *, where: str, default_region: str | None = None) -> StackSpec:
    """The spec that a stack config describes.

    `raw` are the keys without their namespace, `where` names the file or stack in errors, `default_region` is what
    the environment says; it is a region of AWS, and of no other provider. Raises ConfigurationError.
    """
    config, channels = parse_config(raw, where=where)
    bucket = _bucket(config, where, default_region)
    keys = channels or {"": config}
    specs = tuple(_channel(bucket, keys[name], _key_place(where, name)) for name in sorted(keys))
    _check_together(specs, where)
    _check_role_names(bucket, specs, where)
    stack = StackSpec(bucket=bucket, channels=specs)
    check_combinations(stack, where)
    return stack


def provider_row(name: str | None, endpoint_url: str | None, where: str) -> Provider:
    """The row that is meant; without a name it is `custom` with an endpoint, else `aws`."""
    chosen = name or ("custom" if endpoint_url else "aws")
    if chosen not in PROVIDERS:
        raise ConfigurationError(f"unknown provider {chosen!r}", where=where, remedy=nearest(chosen, PROVIDERS))
    return PROVIDERS[chosen]


def locate(
    provider: Provider,
    bucket: str,
    *,
    where: str,
    endpoint_url: str | None = None,
    region: str | None = None,
    force_path_style: bool | None = None,
    variables: dict[str, str] | None = None,
) -> Location:
    """The location of a bucket at a provider, what is not given taken from the provider's row.

    Raises ConfigurationError where the row cannot fill in what is missing.
    """
    path_style = provider.addressing.value == "path" if force_path_style is None else force_path_style
    region = region or provider.region.value
    if region is None:
        raise ConfigurationError(
            f"{provider.title} needs a region", where=f"{where}, key region", remedy="set `region`"
        )
    if endpoint_url is None:
        endpoint_url = provider.endpoint_url({"region": region, **(variables or {})})
    if endpoint_url is None:
        wanted = " and ".join(f"`{name}`" for name in provider.needed) or "`endpoint-url`"
        raise ConfigurationError(
            f"{provider.title} needs an endpoint",
            where=f"{where}, key endpoint-url",
            remedy=f"set {wanted}" + (", or `endpoint-url` itself" if provider.needed else ""),
        )
    check_endpoint(endpoint_url, where)
    check_bucket_name(bucket, endpoint_url, path_style, where)
    return Location(bucket=bucket, endpoint_url=endpoint_url.rstrip("/"), region=region, force_path_style=path_style)


def _bucket(config: Config, where: str, default_region: str | None) -> BucketSpec:
    provider = provider_row(config.provider, config.endpoint_url, f"{where}, key provider")
    if provider.backend == "aws" and (config.access_key_id or config.secret_access_key or config.session_token):
        raise ConfigurationError(
            "on AWS the provider of AWS makes the bucket, and it would not know this key",
            where=f"{where}, key access-key-id",
            remedy="set `profile`, or for the provider: pulumi config set --secret aws:accessKey, aws:secretKey",
        )
    variables = {
        "account-id": config.account_id,
        "jurisdiction": config.jurisdiction,
        "location": config.location,
    }
    given = {name: value for name, value in variables.items() if value is not None}
    for name in given:
        if name not in provider.variables:
            raise ConfigurationError(
                f"{provider.title} has no {name}",
                where=f"{where}, key {name}",
                remedy=f"`provider` is {provider.name}: take `{name}` out, or name another provider",
            )
    location = locate(
        provider,
        config.bucket,
        where=where,
        endpoint_url=config.endpoint_url,
        region=config.region or (default_region if provider.backend == "aws" else None),
        force_path_style=config.force_path_style,
        variables=given,
    )
    if config.cdn is not None:
        check_cdn(config.cdn, provider, location, where)
    return BucketSpec(
        provider=provider,
        location=location,
        profile=config.profile,
        own_endpoint=config.endpoint_url is not None,
        adopt=config.adopt,
        force_destroy=config.force_destroy,
        protect=config.protect,
        settings=bucket_settings(config, provider, where),
        aws=aws_keys(config, provider, where),
        cdn=config.cdn,
    )


def _channel(bucket: BucketSpec, keys: ChannelKeys, where: str) -> ChannelSpec:
    prefix = (keys.prefix or "").strip("/")
    check_prefix(prefix, where)
    if "json" not in keys.index.formats:
        raise ConfigurationError(
            "`json` is missing: repodata.json is the truth that the other formats are made from",
            where=f"{where}, key index.formats",
            remedy="add `json` to the formats",
        )
    if bucket.cdn is not None:
        check_behind_cdn(keys.visibility, keys.public_url, where)
    public = keys.visibility == "public"
    # Behind a CDN it may be known only once that is there, see `describe`.
    direct = public and bucket.cdn is None
    own_url = bucket.provider.public_channel_url(bucket.location, prefix) if direct else None
    if direct and keys.public_url is None and own_url is None:
        raise ConfigurationError(
            f"{bucket.provider.title} gives a public bucket a domain that only its owner knows",
            where=f"{where}, key public-url",
            remedy=f"{bucket.provider.public.note}, then set `public-url` to the channel's https URL",
        )
    if direct and keys.public_url is None and bucket.adopt and bucket.provider.public.value == "acl":
        raise ConfigurationError(
            f"{bucket.provider.title} opens whole buckets only, and in an adopted one there may be more than channels",
            where=f"{where}, key visibility",
            remedy="take `visibility` out; or open the bucket yourself, with all that is in it, and set `public-url` "
            f"to the channel's URL, {own_url}",
        )
    for key, given in (("public-url", keys.public_url is not None), ("auth", keys.auth == "public")):
        if given and not public:
            raise ConfigurationError(
                "a private channel has no public URL",
                where=f"{where}, key {key}",
                remedy=f"set `visibility` to public, or take `{key}` out",
            )
    default_auth: Auth = "public" if public else "aws" if bucket.provider.backend == "aws" else "pixi"
    return ChannelSpec(
        name=keys.name or prefix.rsplit("/", 1)[-1] or bucket.name,
        prefix=prefix,
        subdirs=tuple(name for name in KNOWN_SUBDIRS if name == NOARCH or name in keys.subdirs),
        visibility=keys.visibility,
        auth=keys.auth or default_auth,
        public_url=keys.public_url.rstrip("/") if keys.public_url else own_url,
        index=keys.index,
        principals=granted(keys, bucket.provider, bucket.aws, bucket.location.region, where, bucket.cdn),
    )


def _check_together(channels: Iterable[ChannelSpec], where: str) -> None:
    for one, other in permutations(channels, 2):
        if one.prefix == other.prefix:
            problem = f"channels {one.name!r} and {other.name!r} have the same prefix {one.prefix!r}"
        elif not one.prefix or other.prefix.startswith(one.prefix + "/"):
            problem = f"channel {other.name!r} (prefix {other.prefix!r}) lies inside {one.name!r} ({one.prefix!r})"
        elif one.name == other.name:
            problem = f"two channels are named {one.name!r}"
        elif one.visibility != other.visibility:
            raise ConfigurationError(
                f"channels {one.name!r} ({one.visibility}) and {other.name!r} ({other.visibility}) share a bucket, "
                "where an anonymous reader of one sees the file names of the other",
                where=f"{where}, key channels",
                remedy="give public and private channels a bucket each",
            )
        else:
            continue
        raise ConfigurationError(
            problem, where=f"{where}, key channels", remedy="give each channel a prefix of its own, side by side"
        )


def _check_role_names(bucket: BucketSpec, channels: Iterable[ChannelSpec], where: str) -> None:
    seen: dict[str, str] = {}
    for channel in channels:
        for principal in channel.principals:
            if principal.arn is not None:
                continue
            name = role_name(bucket.name, channel.prefix, principal, bucket.aws.roles.name_prefix)
            place = f"channel {channel.name}, {principal.role} {principal.name}"
            if name in seen:
                raise ConfigurationError(
                    f"the name {name!r} would be that of {seen[name]} as well",
                    where=f"{where}, {place}",
                    remedy="give one of the two another name",
                )
            seen[name] = place


def _key_place(where: str, name: str) -> str:
    return f"{where}, channel {name}" if name else where
