"""The stack program: the stack config in, the bucket and its channels out."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret

from chaninfra.channel.bucket_policy import bucket_statements
from chaninfra.channel.config import SECRET_KEYS
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.spec import BucketSpec, StackSpec, stack_spec
from chaninfra.channel.stack_file import SECRET, clear_secret
from chaninfra.pulumi.components import ChannelBucket, CondaChannel


def program() -> None:
    """What `pulumi up` runs. Stack outputs: `channels`, name → descriptor, and `access`, name → principals."""
    try:
        spec = read_spec()
        # Made here once, so that one that AWS would not take is refused before anything is made.
        bucket_statements(spec)
    except ChaninfraError as error:
        # A user's mistake: the message, and no traceback.
        raise pulumi.RunError(str(error)) from None
    opts = pulumi.ResourceOptions(providers=_providers(spec.bucket))
    bucket = ChannelBucket("bucket", spec, opts)
    # Named by the prefix, which is the channel's identity: its display name may change.
    channels = {
        channel.name: CondaChannel(channel.prefix or "channel", channel, bucket, opts) for channel in spec.channels
    }
    bucket.guard(list(channels.values()))
    pulumi.export("channels", {name: channel.descriptor for name, channel in channels.items()})
    pulumi.export("access", {name: channel.access for name, channel in channels.items()})


def read_spec() -> StackSpec:
    """The spec that the config of the running stack describes. Raises ConfigurationError."""
    namespace = pulumi.Config().name
    where = f"Pulumi.{pulumi.get_stack()}.yaml"
    raw: dict[str, Any] = {}
    secret_names = get_config_secret_keys_env()
    for name, value in {**get_config_env(), **CONFIG.get()}.items():
        space, _, key = name.partition(":")
        if space != namespace:
            continue
        if key in SECRET_KEYS:
            if not (is_config_secret(name) or name in secret_names):
                raise clear_secret(where, key)
            # The dynamic resources ask the engine for it; here only that it is set matters.
            value = SECRET
        raw[key] = value
    aws = pulumi.Config("aws")
    region = aws.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    spec = stack_spec(raw, where=where, default_region=region)
    if spec.bucket.provider.backend != "aws":
        return spec
    # What the provider of AWS is told, the dynamic resources do too.
    bucket = replace(
        spec.bucket,
        profile=spec.bucket.profile or aws.get("profile"),
        assume_roles=tuple(aws.get_object("assumeRoles") or ()),
    )
    return replace(spec, bucket=bucket)


def _providers(bucket: BucketSpec) -> list[pulumi.ProviderResource]:
    """An AWS provider of our own where the config says something that the default one would not know."""
    if bucket.provider.backend != "aws":
        return []
    config = pulumi.Config("aws")
    default = (config.get("region"), config.get("profile"))
    if not bucket.own_endpoint and default == (bucket.location.region, bucket.profile):
        return []
    import pulumi_aws

    arguments: dict[str, Any] = {"region": bucket.location.region, "profile": bucket.profile}
    for key, option in (
        ("assumeRoles", "assume_roles"),
        ("defaultTags", "default_tags"),
        ("allowedAccountIds", "allowed_account_ids"),
        ("forbiddenAccountIds", "forbidden_account_ids"),
    ):
        arguments[option] = config.get_object(key)
    if bucket.own_endpoint:
        # Another endpoint of S3 (a VPC endpoint, a stand-in) need not know of accounts and metadata.
        arguments |= {
            "endpoints": [{"s3": bucket.location.endpoint_url}],
            "s3_use_path_style": bucket.location.force_path_style,
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
            "skip_requesting_account_id": True,
        }
    return [pulumi_aws.Provider("aws", **{name: value for name, value in arguments.items() if value is not None})]
