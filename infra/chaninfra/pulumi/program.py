"""The stack program: the stack config in, the bucket and its channels out."""

from __future__ import annotations

import inspect
import re
import shlex
from dataclasses import replace
from typing import Any, cast

import msgspec
import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret

from chaninfra.channel.config.stack import CREDENTIALS, SECRET_KEYS
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.location import check_endpoint
from chaninfra.channel.outputs.next_steps import next_steps
from chaninfra.channel.policy.bucket import STATEMENTS
from chaninfra.channel.s3.endpoint import AWS_VARIABLES, SaidEndpoint, named_endpoint, same_endpoint
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import BucketSpec, StackSpec
from chaninfra.channel.spec.stack_file import SECRET, clear_secret
from chaninfra.channel.text import count
from chaninfra.pulumi.backends.s3.principals import has_keys
from chaninfra.pulumi.components.args import ChannelBucketArgs
from chaninfra.pulumi.components.bucket import CHANNEL, ChannelBucket, aws_region
from chaninfra.pulumi.dynamic import AccessKey, AccessPolicy

# Variables of the provider under pulumi-aws, besides those of AWS's SDKs.
_ENDPOINT_VARIABLES = (("TF_AWS_S3_ENDPOINT",), ("AWS_S3_ENDPOINT",))
# Keys of the AWS provider whose sense a second client could not have.
_NOT_FOR_BOTH = ("assumeRoleWithWebIdentity", "sharedCredentialsFiles", "sharedConfigFiles")


def program() -> None:
    """What `pulumi up` runs. Stack outputs: `channels`, name → descriptor; `access`, name → principals; where there are
    access keys, the secret `keys`, name → principals → key; where something is left to do by hand, `next-steps`."""
    try:
        raw = read_config()
        spec = spec_of(raw)
        # Made here once, so that one that AWS would not take is refused before anything is made.
        STATEMENTS[spec.bucket.provider.backend](spec)
    except ChaninfraError as error:
        # A user's mistake: the message, and no traceback.
        raise pulumi.RunError(str(error)) from None
    opts = pulumi.ResourceOptions(providers=_providers(spec.bucket), transformations=[_as_named_before])
    bucket = ChannelBucket("bucket", _arguments(raw, spec), opts)
    pulumi.export("channels", bucket.descriptors)
    pulumi.export("access", bucket.access)
    if has_keys(spec):
        pulumi.export("keys", bucket.keys)
    steps = next_steps(spec, stack_file=stack_file())
    if steps:
        pulumi.log.warn(
            f"{count(len(steps), 'thing')} to be done by hand once, if not done yet: pulumi stack output next-steps"
        )
        pulumi.export("next-steps", msgspec.to_builtins(steps))


def stack_file() -> str:
    """The name of the running stack's settings file."""
    return f"Pulumi.{pulumi.get_stack()}.yaml"


def read_config() -> dict[str, Any]:
    """The keys of the running stack's config; a text in place of secrets. Raises ConfigurationError."""
    namespace = pulumi.Config().name
    raw: dict[str, Any] = {}
    secret_names = get_config_secret_keys_env()
    for name, value in {**get_config_env(), **CONFIG.get()}.items():
        space, _, key = name.partition(":")
        if space != namespace:
            continue
        if key in SECRET_KEYS:
            if not (is_config_secret(name) or name in secret_names):
                raise clear_secret(stack_file(), key)
            # The dynamic resources ask the engine for it; here only that it is set matters.
            value = SECRET
        raw[key] = value
    return raw


def spec_of(raw: dict[str, Any]) -> StackSpec:
    """The spec that the config of the running stack describes. Raises ConfigurationError."""
    where = stack_file()
    aws = pulumi.Config("aws")
    spec = build_spec(raw, where=where, default_region=aws_region())
    if spec.bucket.provider.backend != "aws":
        return spec
    for key in _NOT_FOR_BOTH:
        if aws.get(key) is not None:
            raise ConfigurationError(
                "only the provider of AWS would heed this, and not the resources that chaninfra makes itself",
                where=f"{where}, key aws:{key}",
                remedy="use the environment's variable for it instead (AWS_WEB_IDENTITY_TOKEN_FILE, "
                "AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE)",
            )
    # What the provider of AWS is told, the dynamic resources are too.
    bucket = replace(spec.bucket, profile=spec.bucket.profile or aws.get("profile"))
    _check_one_endpoint(bucket, where)
    return replace(spec, bucket=bucket)


def _check_one_endpoint(bucket: BucketSpec, where: str) -> None:
    """Raise ConfigurationError if the AWS provider is told another endpoint of S3 than the stack config says.

    The provider would heed it, and the resources that chaninfra makes itself would not: the bucket would be made in one
    place and filled in another.
    """
    ours = bucket.location.endpoint_url
    said = [named_endpoint(bucket.profile, names) for names in (AWS_VARIABLES, *_ENDPOINT_VARIABLES)]
    endpoints = pulumi.Config("aws").get("endpoints")
    for url in _s3_endpoints(endpoints) if endpoints else ():
        check_endpoint(url, f"{where}, key aws:endpoints")
        said.append(SaidEndpoint(url, "aws:endpoints"))
    for each in said:
        if each is not None and not same_endpoint(each.url, ours):
            undo = f"unset {each.by}" if each.by.isupper() else f"remove the endpoint from {each.by}"
            raise ConfigurationError(
                f"the endpoint of S3 is {ours} by the stack config, but {each.url} by {each.by}",
                where=where,
                key=("endpoint-url",),
                remedy=f"{undo}; or, if the bucket is to be there, run: "
                f"pulumi config set endpoint-url {shlex.quote(each.url)}",
            )


def _s3_endpoints(text: str) -> list[str]:
    """The endpoints of S3 in `aws:endpoints`: a list of mappings, service → URL, in JSON."""
    try:
        documents = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.DecodeError:
        # The provider refuses it.
        return []
    return [str(each[name]) for each in documents for name in ("s3", "s3api") if each.get(name)]


def _arguments(raw: dict[str, Any], spec: StackSpec) -> ChannelBucketArgs:
    """The config as arguments of the component."""
    told = {key: value for key, value in raw.items() if key not in CREDENTIALS}
    if spec.bucket.profile:
        told["profile"] = spec.bucket.profile
    return cast(ChannelBucketArgs, {key.replace("-", "_"): value for key, value in told.items()})


def _as_named_before(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """Up to 0.1 the channels of the stack stood beside the bucket's component, and no name began with the bucket's."""
    stem, _, old = args.name.partition("-")
    if stem != "bucket" or not (args.type_ == CHANNEL or isinstance(args.resource, AccessKey | AccessPolicy)):
        return None
    if args.type_ == CHANNEL:
        alias = pulumi.Alias(name=old, parent=pulumi.ROOT_STACK_RESOURCE)
    else:
        alias = pulumi.Alias(name=old)
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(aliases=[alias]))
    return pulumi.ResourceTransformationResult(props=args.props, opts=opts)


def _providers(bucket: BucketSpec) -> list[pulumi.ProviderResource]:
    """An AWS provider of our own where the config says something that the default one would not know."""
    if bucket.provider.backend != "aws":
        return []
    config = pulumi.Config("aws")
    default = (config.get("region"), config.get("profile"))
    if not bucket.own_endpoint and default == (bucket.location.region, bucket.profile):
        return []
    import pulumi_aws

    known = inspect.signature(pulumi_aws.Provider._internal_init).parameters
    told = {name: value for name, value in _told_to_aws().items() if name in known}
    arguments = {**told, "region": bucket.location.region, "profile": bucket.profile}
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


def _told_to_aws() -> dict[str, Any]:
    """What the config says to the AWS provider, by the names of its arguments; a secret stays one."""
    config = pulumi.Config("aws")
    found: dict[str, Any] = {}
    for name, value in {**get_config_env(), **CONFIG.get()}.items():
        space, _, key = name.partition(":")
        if space == "aws":
            structured = str(value).lstrip()[:1] in ("[", "{") or value in ("true", "false")
            secret = is_config_secret(name) or name in get_config_secret_keys_env()
            get: Any = config.get_secret_object if secret else config.get_object
            if not structured:
                get = config.get_secret if secret else config.get
            found[re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key)] = get(key)
    return found
