"""Builds the StackSpec from a stack config."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.access import Auth
from chaninfra.channel.conda.mirrors import check_mirrors
from chaninfra.channel.conda.retention import check_rules
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.stack import StackConfig, parse_config
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.spec.bucket_settings import bucket_settings
from chaninfra.channel.spec.checks import (
    check_admin_url,
    check_aws,
    check_behind_cdn,
    check_cdn,
    check_combinations,
    check_role_names,
    check_together,
    check_visibility,
)
from chaninfra.channel.spec.event_target import check_targets, event_target
from chaninfra.channel.spec.locate import locate, provider_row
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec, StackSpec
from chaninfra.channel.spec.names import check_prefix
from chaninfra.channel.spec.principals import principals_of


def build_spec(raw: dict[str, Any], *, where: str, default_region: str | None = None) -> StackSpec:
    """The spec that a stack config describes.

    `raw` are the keys without their namespace, see `parse_config`; `where` names the file or stack in errors;
    `default_region` is the AWS region of the environment, which is used for no other provider. Raises
    ConfigurationError.
    """
    config, channels = parse_config(raw, where=where)
    bucket = _bucket(config, where, default_region)
    if channels:
        specs = tuple(_channel(bucket, channels[name], f"{where}, channel {name}") for name in sorted(channels))
    else:
        specs = (_channel(bucket, config, where),)
    check_together(specs, where)
    check_targets(specs, where)
    check_role_names(bucket, specs, where)
    parts = [((), config), *((("channels", name), config.channels[name]) for name in sorted(config.channels))]
    old = tuple((*path, "index", "formats") for path, part in parts if part.index.old_formats is not None)
    stack = StackSpec(bucket=bucket, channels=specs, without_effect=old)
    check_combinations(stack, where)
    return stack


def _bucket(config: StackConfig, where: str, default_region: str | None) -> BucketSpec:
    provider = provider_row(config.provider, config.endpoint_url, where, ("provider",))
    if provider.backend == "aws" and (config.access_key_id or config.secret_access_key or config.session_token):
        raise ConfigurationError(
            "on AWS the AWS provider of Pulumi creates the bucket, and it does not read this key",
            where=where,
            key=("access-key-id",),
            remedy="set `profile`; or set aws:accessKey and aws:secretKey with pulumi config set --secret",
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
                remedy=f"`provider` is {provider.name}: remove `{name}`, or set another provider",
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
    settings = bucket_settings(config, provider, where)
    check_aws(config, provider, where)
    check_admin_url(config, provider, where)
    return BucketSpec(
        provider=provider,
        location=location,
        profile=config.profile,
        own_endpoint=config.endpoint_url is not None,
        admin_url=None if config.admin_url is None else config.admin_url.rstrip("/"),
        adopt=config.adopt,
        whole_bucket_listing=config.whole_bucket_listing,
        force_destroy=config.force_destroy,
        protect=config.protect,
        settings=settings,
        aws=config.aws,
        cdn=config.cdn,
    )


def _channel(bucket: BucketSpec, config: ChannelConfig, where: str) -> ChannelSpec:
    prefix = (config.prefix or "").strip("/")
    check_prefix(prefix, where)
    if bucket.cdn is not None:
        check_behind_cdn(config.visibility, config.public_url, where)
    public = config.visibility == "public"
    # Behind a CDN the URL may be known only once the distribution exists, see `build_descriptor`.
    direct = public and bucket.cdn is None
    own_url = bucket.provider.public_channel_url(bucket.location, prefix) if direct else None
    if direct and config.public_url is None and own_url is None:
        raise ConfigurationError(
            f"{bucket.provider.title} assigns a public bucket a domain that chaninfra cannot derive",
            where=where,
            key=("public-url",),
            remedy=f"{bucket.provider.public.note}, then set `public-url` to the channel's https URL",
        )
    if direct and config.public_url is None and bucket.adopt and bucket.provider.public.value == "acl":
        raise ConfigurationError(
            f"{bucket.provider.title} can make only whole buckets public, and an adopted one may contain other objects",
            where=where,
            key=("visibility",),
            remedy="remove `visibility`; or make the bucket public yourself, with everything in it, and set "
            f"`public-url` to the channel's URL, {own_url}",
        )
    for key, given in (("public-url", config.public_url is not None), ("auth", config.auth == "public")):
        if given and not public:
            raise ConfigurationError(
                "a private channel has no public URL",
                where=where,
                key=(key,),
                remedy=f"set `visibility` to public, or remove `{key}`",
            )
    check_rules(config.retention, where)
    check_mirrors(config.mirrors, config.index, f"s3://{join(bucket.name, prefix)}", where)
    default_auth: Auth = "public" if public else "aws" if bucket.provider.backend == "aws" else "pixi"
    check_visibility(config, bucket.provider, bucket.aws, where, bucket.cdn)
    return ChannelSpec(
        name=config.name or prefix.rsplit("/", 1)[-1] or bucket.name,
        prefix=prefix,
        subdirs=tuple(name for name in KNOWN_SUBDIRS if name == NOARCH or name in config.subdirs),
        visibility=config.visibility,
        auth=config.auth or default_auth,
        public_url=config.public_url.rstrip("/") if config.public_url else own_url,
        index=config.index,
        page=public if config.page is None else config.page,
        snapshots=config.snapshots,
        retention=config.retention,
        mirrors=config.mirrors,
        event_target=event_target(config, bucket.provider, where),
        principals=principals_of(config, bucket.provider, bucket.location, where),
    )
