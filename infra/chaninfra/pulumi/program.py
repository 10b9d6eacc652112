"""The stack program: declares a bucket and its channels from the stack config."""

from __future__ import annotations

import inspect
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pulumi
from pulumi.runtime.config import CONFIG, get_config_env, get_config_secret_keys_env, is_config_secret

from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.location import check_endpoint
from chaninfra.channel.outputs.next_steps import next_steps
from chaninfra.channel.s3.endpoint import AWS_VARIABLES, SaidEndpoint, named_endpoint, same_endpoint
from chaninfra.channel.spec.model import BucketSpec
from chaninfra.channel.spec.namespaces import ignored, meant
from chaninfra.channel.spec.stack_file import SECRET, check_bucket_is_set, check_stack_file, clear_secret
from chaninfra.channel.text import count
from chaninfra.pulumi.backends.s3.principals import has_keys
from chaninfra.pulumi.components.bucket import CHANNEL, StackBucket, aws_region
from chaninfra.pulumi.declaration import Declaration, checked_spec
from chaninfra.pulumi.dynamic import AccessKey, AccessPolicy

# Settings of the AWS provider that the dynamic resources, which use boto3, cannot follow.
_PROVIDER_ONLY = ("assumeRoleWithWebIdentity", "sharedCredentialsFiles", "sharedConfigFiles")

_NAME = "bucket"
"""Resource name of the component. It is in the URNs of every stack."""
# Variables of the provider under pulumi-aws, besides those of AWS's SDKs.
_ENDPOINT_VARIABLES = (("TF_AWS_S3_ENDPOINT",), ("AWS_S3_ENDPOINT",))


def program() -> None:
    """Declares the resources of the running stack.

    Stack outputs: `channels`, name → descriptor; `access`, name → principals; `keys`, name → principals → access key, a
    secret, if the stack makes any; `pages`, name → URL of the page, if a public channel has one; `next-steps`, what
    must be done by hand, a list. Raises pulumi.RunError if the config is not valid.
    """
    try:
        declaration = declared(read_config())
        for problem in ignored(_config(), pulumi.Config().name, where=stack_file()):
            pulumi.log.warn(problem.for_stack())
    except ChaninfraError as error:
        # Shown without a traceback.
        raise pulumi.RunError(error.for_stack()) from None
    stack = declaration.stack
    opts = pulumi.ResourceOptions(providers=_providers(stack.bucket), transformations=[_alias_of_old_names])
    bucket = StackBucket(declaration, opts)
    pulumi.export("channels", bucket.descriptors)
    pulumi.export("access", bucket.access)
    if has_keys(stack):
        pulumi.export("keys", bucket.keys)
    if any(channel.page and channel.visibility == "public" for channel in stack.channels):
        pulumi.export("pages", bucket.page_urls)
    steps = next_steps(stack, stack_file=stack_file())
    if steps:
        pulumi.log.warn(f"{count(len(steps), 'step')} to do by hand, once: see pulumi stack output next-steps")
    # Without steps too: Pulumi's command fails if there is no such output.
    pulumi.export("next-steps", msgspec.to_builtins(steps))


def stack_file() -> str:
    """File name of the running stack's settings: Pulumi.STACK.yaml."""
    return f"Pulumi.{pulumi.get_stack()}.yaml"


def _project_folder() -> Path:
    """The folder of the project, which is that of the program or above it; the engine does not say it."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), here)


def _config() -> dict[str, Any]:
    """The config of the running stack, of all namespaces."""
    return {**get_config_env(), **CONFIG.get()}


def read_config() -> dict[str, Any]:
    """The config keys of the running stack without their namespace; a placeholder for each secret.

    Raises ConfigurationError if a credential is in plain text.
    """
    namespace = pulumi.Config().name
    config: dict[str, Any] = {}
    secret_names = get_config_secret_keys_env()
    for name, value in _config().items():
        space, _, key = name.partition(":")
        if space != namespace:
            continue
        if key in SECRET_KEYS:
            if not (is_config_secret(name) or name in secret_names):
                raise clear_secret(stack_file(), key)
            # The dynamic resources get the value from the engine; here it only matters that it is set.
            value = SECRET
        config[key] = value
    return config


def declared(config: dict[str, Any]) -> Declaration:
    """What the config of the running stack declares. Raises ConfigurationError."""
    where, region = stack_file(), aws_region()
    check_stack_file(_project_folder() / where, pulumi.Config().name)
    check_bucket_is_set(config, Path(where), meant(_config(), pulumi.Config().name))
    stack = checked_spec(config, where=where, region=region)
    if stack.bucket.provider.backend == "aws":
        aws = pulumi.Config("aws")
        for key in _PROVIDER_ONLY:
            if aws.get(key) is not None:
                raise ConfigurationError(
                    "the AWS provider reads this, but chaninfra's own resources cannot",
                    where=where,
                    key=(f"aws:{key}",),
                    remedy="set the environment variable instead (AWS_WEB_IDENTITY_TOKEN_FILE, "
                    "AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE)",
                )
        # The dynamic resources use the AWS provider's profile too.
        stack = replace(stack, bucket=replace(stack.bucket, profile=stack.bucket.profile or aws.get("profile")))
        _check_one_endpoint(stack.bucket, where)
    return Declaration(name=_NAME, stack=stack, where=where, config=config, region=region)


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
    """The endpoints of S3 in `aws:endpoints`: a list of mappings, service → URL, in JSON.

    Raises ConfigurationError if it has another form.
    """
    try:
        documents = msgspec.json.decode(text, type=list[dict[str, str]])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ConfigurationError(
            "is not a list of mappings",
            where=stack_file(),
            key=("aws:endpoints",),
            remedy="""write it as [{"s3": "https://HOST", "sts": "https://HOST"}]""",
        ) from None
    return [each[name] for each in documents for name in ("s3", "s3api") if each.get(name)]


def _alias_of_old_names(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    """An alias for what states of version 0.1 have under another name: there the channels were not children of the
    bucket's component, and names did not begin with its name."""
    stem, _, old = args.name.partition("-")
    if stem != _NAME or not (args.type_ == CHANNEL or isinstance(args.resource, AccessKey | AccessPolicy)):
        return None
    if args.type_ == CHANNEL:
        alias = pulumi.Alias(name=old, parent=pulumi.ROOT_STACK_RESOURCE)
    else:
        alias = pulumi.Alias(name=old)
    opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(aliases=[alias]))
    return pulumi.ResourceTransformationResult(props=args.props, opts=opts)


def _providers(bucket: BucketSpec) -> list[pulumi.ProviderResource]:
    """An explicit AWS provider, if the config differs from what Pulumi's default AWS provider uses."""
    if bucket.provider.backend != "aws":
        return []
    config = pulumi.Config("aws")
    default = (config.get("region"), config.get("profile"))
    if not bucket.own_endpoint and default == (bucket.location.region, bucket.profile):
        return []
    import pulumi_aws

    known = inspect.signature(pulumi_aws.Provider._internal_init).parameters
    configured = {name: value for name, value in _aws_config().items() if name in known}
    arguments = {**configured, "region": bucket.location.region, "profile": bucket.profile}
    if bucket.own_endpoint:
        arguments["endpoints"] = _with_s3(configured.get("endpoints"), bucket.location.endpoint_url)
        arguments.setdefault("s3_use_path_style", bucket.location.force_path_style)
    return [pulumi_aws.Provider("aws", **{name: value for name, value in arguments.items() if value is not None})]


def _with_s3(endpoints: pulumi.Input[Any], url: str) -> pulumi.Output[list[dict[str, str]]]:
    """The endpoints of `aws:endpoints` with this one for S3. STS, IAM and S3 Control stay where they are: the provider
    asks them for the account and the bucket's tags."""

    def joined(given: Any) -> list[dict[str, str]]:
        return [{name: value for each in given or () for name, value in each.items()} | {"s3": url}]

    return pulumi.Output.from_input(endpoints).apply(joined)


def _aws_config() -> dict[str, Any]:
    """The config `aws:` as arguments of pulumi_aws.Provider: `assumeRoles` → `assume_roles`. Secrets stay secret."""
    config = pulumi.Config("aws")
    arguments: dict[str, Any] = {}
    for name, value in _config().items():
        space, _, key = name.partition(":")
        if space == "aws":
            structured = str(value).lstrip()[:1] in ("[", "{") or value in ("true", "false")
            secret = is_config_secret(name) or name in get_config_secret_keys_env()
            get: Any = config.get_secret_object if secret else config.get_object
            if not structured:
                get = config.get_secret if secret else config.get
            arguments[re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", key)] = get(key)
    return arguments
