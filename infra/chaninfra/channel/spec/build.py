"""Builds the StackSpec from the keys of a stack config."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH
from chaninfra.channel.config.channel import Auth, ChannelConfig
from chaninfra.channel.config.stack import StackConfig, parse_config
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location, check_endpoint
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.bucket_settings import bucket_settings
from chaninfra.channel.spec.checks import (
    check_behind_cdn,
    check_bucket_name,
    check_cdn,
    check_combinations,
    check_prefix,
    check_role_names,
    check_together,
    checked_aws,
)
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec, StackSpec
from chaninfra.channel.spec.principals import granted
from chaninfra.channel.text import nearest


def build_spec(raw: dict[str, Any], *, where: str, default_region: str | None = None) -> StackSpec:
    """The spec that a stack config describes.

    `raw` are the keys without their namespace, `where` names the file or stack in errors, `default_region` is what
    the environment says; it is a region of AWS, and of no other provider. Raises ConfigurationError.
    """
    config, channels = parse_config(raw, where=where)
    bucket = _bucket(config, where, default_region)
    keys = channels or {"": config}
    specs = tuple(_channel(bucket, keys[name], _key_place(where, name)) for name in sorted(keys))
    check_together(specs, where)
    check_role_names(bucket, specs, where)
    stack = StackSpec(bucket=bucket, channels=specs)
    check_combinations(stack, where)
    return stack


def provider_row(name: str | None, endpoint_url: str | None, where: str, key: tuple[str, ...] = ()) -> Provider:
    """The row of the provider `name`; without a name `custom` if there is an endpoint, else `aws`.

    `where` and `key` say where the name was written. Raises ConfigurationError for a name that no row has.
    """
    chosen = name or ("custom" if endpoint_url else "aws")
    if chosen not in PROVIDERS:
        raise ConfigurationError(
            f"unknown provider {chosen!r}", where=where, key=key, remedy=nearest(chosen, PROVIDERS)
        )
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
            f"{provider.title} needs a region", where=where, key=("region",), remedy="set `region`"
        )
    if endpoint_url is None:
        endpoint_url = provider.endpoint_url({"region": region, **(variables or {})})
    if endpoint_url is None:
        wanted = " and ".join(f"`{name}`" for name in provider.needed) or "`endpoint-url`"
        raise ConfigurationError(
            f"{provider.title} needs an endpoint",
            where=where,
            key=("endpoint-url",),
            remedy=f"set {wanted}" + (", or `endpoint-url` itself" if provider.needed else ""),
        )
    check_endpoint(endpoint_url, where)
    check_bucket_name(bucket, endpoint_url, path_style, where)
    return Location(bucket=bucket, endpoint_url=endpoint_url.rstrip("/"), region=region, force_path_style=path_style)


def _bucket(config: StackConfig, where: str, default_region: str | None) -> BucketSpec:
    provider = provider_row(config.provider, config.endpoint_url, where, ("provider",))
    if provider.backend == "aws" and (config.access_key_id or config.secret_access_key or config.session_token):
        raise ConfigurationError(
            "on AWS the provider of AWS makes the bucket, and it would not know this key",
            where=where,
            key=("access-key-id",),
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
                f"{provider.title} has no `{name}`",
                where=where,
                key=(name,),
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
        aws=checked_aws(config, provider, where),
        cdn=config.cdn,
    )


def _channel(bucket: BucketSpec, keys: ChannelConfig, where: str) -> ChannelSpec:
    prefix = (keys.prefix or "").strip("/")
    check_prefix(prefix, where)
    if "json" not in keys.index.formats:
        raise ConfigurationError(
            "`json` is missing: repodata.json is the truth that the other formats are made from",
            where=where,
            key=("index", "formats"),
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
            where=where,
            key=("public-url",),
            remedy=f"{bucket.provider.public.note}, then set `public-url` to the channel's https URL",
        )
    if direct and keys.public_url is None and bucket.adopt and bucket.provider.public.value == "acl":
        raise ConfigurationError(
            f"{bucket.provider.title} opens whole buckets only, and in an adopted one there may be more than channels",
            where=where,
            key=("visibility",),
            remedy="take `visibility` out; or open the bucket yourself, with all that is in it, and set `public-url` "
            f"to the channel's URL, {own_url}",
        )
    for key, given in (("public-url", keys.public_url is not None), ("auth", keys.auth == "public")):
        if given and not public:
            raise ConfigurationError(
                "a private channel has no public URL",
                where=where,
                key=(key,),
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


def _key_place(where: str, name: str) -> str:
    return f"{where}, channel {name}" if name else where
