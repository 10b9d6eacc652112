"""A bucket on AWS, by pulumi-aws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from chaninfra.channel.policy.bucket import bucket_statements, deployer_arns
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION
from chaninfra.channel.policy.statements import Statement, document
from chaninfra.channel.spec.model import BucketSettings, StackSpec
from chaninfra.pulumi.backends.aws.cdn import distribution
from chaninfra.pulumi.backends.aws.roles import oidc_providers
from chaninfra.pulumi.backends.base import BucketResources, Cdn, after
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import BucketPolicy

if TYPE_CHECKING:
    from pulumi_aws import s3


def bucket(declared: Declaration, store: dict[str, Any], opts: pulumi.ResourceOptions) -> BucketResources:
    """The bucket: versioned, encrypted, owned by its account, read over TLS only, and public only where declared.

    An adopted bucket keeps its settings; only our statements are merged into its policy.
    """
    # Imported here: it is large, and other backends need none of it.
    from pulumi_aws import s3

    name, stack = declared.name, declared.stack
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
    # While the distribution is there the bucket is: another account's bucket of that name would be served else.
    cdn = distribution(declared, after(opts, own) if own else opts) if spec.cdn else None
    resources = _settings(declared, own, cdn, opts) if own else _policy_of_adopted(declared, store, cdn, opts)
    return BucketResources(resources=resources, cdn=cdn, oidc_providers=oidc_providers(name, stack, opts))


def _settings(
    declared: Declaration, own: s3.Bucket, cdn: Cdn | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """All that a bucket of our own has; the bucket is the first."""
    from pulumi_aws import s3

    name, stack = declared.name, declared.stack
    keys, settings = stack.bucket.aws, stack.bucket.settings
    ownership = s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=own.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versioning = s3.BucketVersioning(
        f"{name}-versioning",
        bucket=own.id,
        # Not "Disabled", which only a bucket can be that never had versions.
        versioning_configuration={"status": "Enabled" if settings.versioning else "Suspended"},
        opts=opts,
    )
    encryption = s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=own.id, rules=[declared.of(_encryption)], opts=opts
    )
    # ACLs stay blocked in any case. What forbids public policies must be lifted before such a policy is put.
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=own.id,
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=not stack.is_open,
        restrict_public_buckets=not stack.is_open,
        opts=after(opts, ownership),
    )
    # Rules for old versions need versioning.
    lifecycle = s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=own.id, rules=_lifecycle(settings), opts=after(opts, versioning)
    )
    made: list[pulumi.Resource] = [own, ownership, versioning, encryption, block, lifecycle]
    policy = _policy(declared, cdn, opts)
    if policy is not None:
        made.append(s3.BucketPolicy(f"{name}-policy", bucket=own.id, policy=policy, opts=after(opts, block)))
    if settings.cors_origins:
        rule: Any = {
            "allowed_methods": ["GET", "HEAD"],
            "allowed_origins": list(settings.cors_origins),
            "allowed_headers": ["*"],
            "expose_headers": ["ETag"],
            "max_age_seconds": 3600,
        }
        made.append(s3.BucketCorsConfiguration(f"{name}-cors", bucket=own.id, cors_rules=[rule], opts=opts))
    if keys.log_bucket:
        made.append(
            s3.BucketLogging(
                f"{name}-logging",
                bucket=own.id,
                target_bucket=declared.of(lambda stack: stack.bucket.aws.log_bucket),
                target_prefix=keys.log_prefix,
                opts=opts,
            )
        )
    return made


def _encryption(stack: StackSpec) -> Any:
    keys = stack.bucket.aws
    if keys.kms_key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": keys.kms_key_arn}
    # A bucket key asks KMS once in a while and not for each object.
    return {"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": True}


def _lifecycle(settings: BucketSettings) -> Any:
    return [
        {
            "id": "old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": settings.old_versions_days},
        },
        {
            "id": "open-uploads",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": settings.open_uploads_days},
        },
    ]


def _policy(declared: Declaration, cdn: Cdn | None, opts: pulumi.ResourceOptions) -> pulumi.Input[str] | None:
    """The text of the bucket's policy; None where it would be empty."""

    def text(stack: StackSpec, deployer: Sequence[str], distribution: str) -> str:
        policy = document(bucket_statements(stack, deployer=deployer, distribution=distribution))
        return json.dumps(policy, sort_keys=True) if policy else ""

    stack = declared.stack
    deployer: pulumi.Input[list[str]] = _deployer(opts) if stack.bucket.aws.vpc_endpoints else []
    if not (cdn or stack.bucket.aws.vpc_endpoints or declared.late):
        return text(stack, [], NO_DISTRIBUTION) or None
    if not bucket_statements(stack):
        return None
    known = pulumi.Output.all(declared.of(lambda stack: stack), deployer, cdn.arn if cdn else NO_DISTRIBUTION)
    return known.apply(lambda all_: text(*all_))


def _deployer(opts: pulumi.ResourceOptions) -> pulumi.Output[list[str]]:
    from pulumi_aws import get_caller_identity_output

    caller = get_caller_identity_output(opts=pulumi.InvokeOptions(parent=opts.parent))
    found: pulumi.Output[list[str]] = caller.arn.apply(deployer_arns)
    return found


def _policy_of_adopted(
    declared: Declaration, store: dict[str, Any], cdn: Cdn | None, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Our statements beside those that the bucket has."""
    wanted: pulumi.Input[list[Statement]] = bucket_statements(declared.stack)
    if not wanted:
        return []
    if cdn is not None or declared.late:
        known = pulumi.Output.all(declared.of(lambda stack: stack), cdn.arn if cdn else NO_DISTRIBUTION)
        wanted = known.apply(lambda both: bucket_statements(both[0], distribution=both[1]))
    return [BucketPolicy(f"{declared.name}-policy", {"store": store, "statements": wanted}, opts)]
