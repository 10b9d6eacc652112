"""A bucket on AWS, as resources of pulumi-aws."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime.proto.resource_pb2 import RESOURCE_MONITOR_FEATURE_ERROR_HOOKS
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor, monitor_supports_feature

from chaninfra.channel.policy.bucket import bucket_statements, deployer_arns
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION
from chaninfra.channel.policy.statements import Statement, document
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.aws.cdn import distribution
from chaninfra.pulumi.backends.aws.existing import existing
from chaninfra.pulumi.backends.aws.roles import oidc_providers
from chaninfra.pulumi.backends.base import BucketResources, Cdn, after
from chaninfra.pulumi.bucket_config import cors_rules, encryption_rule, in_snake_case, lifecycle_rules, versioning
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import BucketPolicy

if TYPE_CHECKING:
    from pulumi_aws import s3

# Seconds before each further try to put a public policy.
_WAITS = (1, 2, 4, 8, 15)


def bucket(declaration: Declaration, store: StoreInput, opts: pulumi.ResourceOptions) -> BucketResources:
    """The bucket: versioned, encrypted, without ACLs, read over TLS only, and public only if the channels are.

    An adopted bucket keeps its settings; only our statements are merged into its policy.
    """
    # Imported here: the import is slow, and other backends do not need it.
    from pulumi_aws import s3

    name, stack = declaration.name, declaration.stack
    spec = stack.bucket
    own = None
    if not spec.adopt:
        own = s3.Bucket(
            f"{name}-bucket",
            bucket=spec.name,
            force_destroy=spec.force_destroy,
            tags=dict(spec.settings.tags) or None,
            opts=after(opts, protect=spec.protect or None),
        )
    # The distribution is deleted before the bucket. Otherwise it would serve a bucket of that name in another account.
    cdn = distribution(declaration, after(opts, own) if own else opts) if spec.cdn else None
    resources = _settings(declaration, own, cdn, opts) if own else _policy_of_adopted(declaration, store, cdn, opts)
    there = existing(stack, store)
    return BucketResources(
        resources=resources,
        cdn=cdn,
        oidc_providers=oidc_providers(name, stack, there, opts),
        existing_roles=there.roles,
    )


def _settings(
    declaration: Declaration, own: s3.Bucket, cdn: Cdn | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The bucket, then its settings and its policy."""
    from pulumi_aws import s3

    name, stack = declaration.name, declaration.stack
    keys, settings = stack.bucket.aws, stack.bucket.settings
    ownership = s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=own.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versions = s3.BucketVersioning(
        f"{name}-versioning",
        bucket=own.id,
        versioning_configuration=in_snake_case(versioning(enabled=bool(settings.versioning))),
        opts=opts,
    )
    encryption = s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=own.id, rules=[declaration.apply(_encryption_rule)], opts=opts
    )
    # ACLs are always blocked. Public policies are unblocked before a public policy is put.
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=own.id,
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=not stack.allows_anonymous_read,
        restrict_public_buckets=not stack.allows_anonymous_read,
        opts=after(opts, ownership),
    )
    # Rules for noncurrent versions need versioning.
    lifecycle = s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle",
        bucket=own.id,
        rules=in_snake_case(lifecycle_rules(settings)),
        opts=after(opts, versions),
    )
    resources: list[pulumi.Resource] = [own, ownership, versions, encryption, block, lifecycle]
    policy = _policy(declaration, cdn, opts)
    if policy is not None:
        # The provider tries again after other errors of this kind, not after this one.
        patient = _until_the_block_is_lifted(name) if stack.allows_anonymous_read else None
        resources.append(
            s3.BucketPolicy(f"{name}-policy", bucket=own.id, policy=policy, opts=after(opts, block, hooks=patient))
        )
    if rules := cors_rules(settings):
        cors = s3.BucketCorsConfiguration(f"{name}-cors", bucket=own.id, cors_rules=in_snake_case(rules), opts=opts)
        resources.append(cors)
    if keys.log_bucket:
        resources.append(
            s3.BucketLogging(
                f"{name}-logging",
                bucket=own.id,
                target_bucket=declaration.apply(lambda stack: stack.bucket.aws.log_bucket),
                target_prefix=keys.log_prefix,
                opts=opts,
            )
        )
    return resources


def _until_the_block_is_lifted(name: str) -> pulumi.ResourceHookBinding | None:
    """Puts a public policy again that S3 refuses: for some seconds after public policies were unblocked it may.

    None if the engine is too old for hooks, and then a second `pulumi up` succeeds; and with Pulumi's mocks, which say
    that they have hooks and cannot call them.
    """
    is_engine = isinstance(get_monitor(), ResourceMonitorStub)
    if not (is_engine and monitor_supports_feature(RESOURCE_MONITOR_FEATURE_ERROR_HOOKS)):
        return None

    async def again(failed: pulumi.ErrorHookArgs) -> bool:
        # `errors` are all so far, newest first.
        if "AccessDenied" not in failed.errors[0] or len(failed.errors) > len(_WAITS):
            return False
        await asyncio.sleep(_WAITS[len(failed.errors) - 1])
        return True

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"{name}-policy-again", again)])


def _encryption_rule(stack: StackSpec) -> Any:
    return in_snake_case(encryption_rule(stack.bucket.aws.kms_key_arn))


def _policy(declaration: Declaration, cdn: Cdn | None, opts: pulumi.ResourceOptions) -> pulumi.Input[str] | None:
    """The bucket policy's JSON text; None if it has no statements."""

    def text(stack: StackSpec, deployer: Sequence[str], distribution: str) -> str:
        policy = document(bucket_statements(stack, deployer=deployer, distribution=distribution))
        return json.dumps(policy, sort_keys=True) if policy else ""

    stack = declaration.stack
    deployer: pulumi.Input[list[str]] = _deployer(opts) if stack.bucket.aws.vpc_endpoints else []
    if not (cdn or stack.bucket.aws.vpc_endpoints or declaration.outputs):
        return text(stack, [], NO_DISTRIBUTION) or None
    if not bucket_statements(stack):
        return None
    values = pulumi.Output.all(declaration.apply(lambda stack: stack), deployer, cdn.arn if cdn else NO_DISTRIBUTION)
    return values.apply(lambda args: text(*args))


def _deployer(opts: pulumi.ResourceOptions) -> pulumi.Output[list[str]]:
    """ARN patterns of whoever runs Pulumi."""
    from pulumi_aws import get_caller_identity_output

    caller = get_caller_identity_output(opts=pulumi.InvokeOptions(parent=opts.parent))
    arns: pulumi.Output[list[str]] = caller.arn.apply(deployer_arns)
    return arns


def _policy_of_adopted(
    declaration: Declaration, store: StoreInput, cdn: Cdn | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Our statements, merged into the policy of an adopted bucket."""
    statements: pulumi.Input[list[Statement]] = bucket_statements(declaration.stack)
    if not statements:
        return []
    if cdn is not None or declaration.outputs:
        values = pulumi.Output.all(declaration.apply(lambda stack: stack), cdn.arn if cdn else NO_DISTRIBUTION)
        statements = values.apply(lambda args: bucket_statements(args[0], distribution=args[1]))
    return [BucketPolicy(f"{declaration.name}-policy", {"store": store, "statements": statements}, opts)]
