"""A bucket on AWS, by pulumi-aws."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from chaninfra.channel.aws_keys import AwsKeys
from chaninfra.channel.bucket_policy import bucket_statements, deployer_arns
from chaninfra.channel.bucket_settings import BucketSettings
from chaninfra.channel.policies import document
from chaninfra.channel.spec import StackSpec
from chaninfra.pulumi.backends.aws_roles import grant, oidc_providers
from chaninfra.pulumi.backends.base import Made, after
from chaninfra.pulumi.dynamic import BucketPolicy

__all__ = ["bucket", "grant"]


def bucket(name: str, stack: StackSpec, store: dict[str, Any], opts: pulumi.ResourceOptions) -> Made:
    """The bucket: versioned, encrypted, owned by its account, read over TLS only, and public only where declared.

    An adopted bucket keeps its settings; only our statements are merged into its policy.
    """
    resources = _policy_of_adopted(name, stack, store, opts) if stack.bucket.adopt else _own(name, stack, opts)
    providers = oidc_providers(name, stack, opts)
    return Made(resources=resources, oidc_providers=providers)


def _own(name: str, stack: StackSpec, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    # Imported here: it is large, and other backends need none of it.
    from pulumi_aws import s3

    spec, keys, settings = stack.bucket, stack.bucket.aws, stack.bucket.settings
    own = s3.Bucket(
        f"{name}-bucket",
        bucket=spec.name,
        force_destroy=spec.force_destroy,
        tags=dict(settings.tags) or None,
        opts=after(opts, protect=spec.protect),
    )
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
        f"{name}-encryption", bucket=own.id, rules=[_encryption(keys)], opts=opts
    )
    # ACLs stay blocked in any case. What forbids public policies must be lifted before such a policy is put.
    public = stack.visibility == "public"
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=own.id,
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=not public,
        restrict_public_buckets=not public,
        opts=after(opts, ownership),
    )
    # Rules for old versions need versioning.
    lifecycle = s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=own.id, rules=_lifecycle(settings), opts=after(opts, versioning)
    )
    made: list[pulumi.Resource] = [own, ownership, versioning, encryption, block, lifecycle]
    policy = _policy(stack, opts)
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
                target_bucket=keys.log_bucket,
                target_prefix=keys.log_prefix,
                opts=opts,
            )
        )
    return made


def _encryption(keys: AwsKeys) -> Any:
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


def _policy(stack: StackSpec, opts: pulumi.ResourceOptions) -> pulumi.Input[str] | None:
    """The text of the bucket's policy; None where it would be empty."""
    if not stack.bucket.aws.vpc_endpoints:
        policy = document(bucket_statements(stack))
        return json.dumps(policy, sort_keys=True) if policy else None
    return _deployer(opts).apply(
        lambda arns: json.dumps(document(bucket_statements(stack, deployer=arns)), sort_keys=True)
    )


def _deployer(opts: pulumi.ResourceOptions) -> pulumi.Output[list[str]]:
    from pulumi_aws import get_caller_identity_output

    caller = get_caller_identity_output(opts=pulumi.InvokeOptions(parent=opts.parent))
    return caller.arn.apply(deployer_arns)


def _policy_of_adopted(
    name: str, stack: StackSpec, store: dict[str, Any], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Our statements beside those that the bucket has."""
    wanted = bucket_statements(stack)
    return [BucketPolicy(f"{name}-policy", {"store": store, "statements": wanted}, opts)] if wanted else []
