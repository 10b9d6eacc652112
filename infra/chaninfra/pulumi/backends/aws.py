"""A bucket on AWS, by pulumi-aws."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pulumi

from chaninfra.channel.policies import Statement, deny_insecure_transport, document, public_read
from chaninfra.channel.spec import BucketSpec, ChannelSpec
from chaninfra.pulumi.dynamic import BucketPolicy


def make(
    name: str,
    bucket: BucketSpec,
    channels: Sequence[ChannelSpec],
    store: dict[str, Any],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The bucket: versioned, encrypted, owned by its account, read over TLS only, and public only where declared.

    An adopted bucket keeps its settings; only our statements are merged into its policy.
    """
    prefixes = [channel.prefix for channel in channels if channel.visibility == "public"]
    public = public_read(bucket.name, prefixes) if prefixes else []
    if bucket.adopt:
        return _adopted(name, public, store, opts)
    # Behind an endpoint without TLS the denial would lock out everybody, whoever declared it included.
    secure = bucket.location.endpoint_url.startswith("https:")
    return _made(name, bucket, [*(deny_insecure_transport(bucket.name) if secure else ()), *public], bool(public), opts)


def _made(
    name: str, bucket: BucketSpec, statements: list[Statement], public: bool, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    # Imported here: it is large, and other backends need none of it.
    from pulumi_aws import s3

    def after(*needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(needed)))

    own = s3.Bucket(
        f"{name}-bucket",
        bucket=bucket.name,
        force_destroy=bucket.force_destroy,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=bucket.protect)),
    )
    ownership = s3.BucketOwnershipControls(
        f"{name}-ownership", bucket=own.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versioning = s3.BucketVersioning(
        f"{name}-versioning", bucket=own.id, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    encryption = s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        bucket=own.id,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )
    # ACLs stay blocked in any case. What forbids public policies must be lifted before such a policy is put.
    block = s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=own.id,
        block_public_acls=True,
        ignore_public_acls=True,
        block_public_policy=not public,
        restrict_public_buckets=not public,
        opts=after(ownership),
    )
    made: list[pulumi.Resource] = [own, ownership, versioning, encryption, block]
    if policy := document(statements):
        made.append(
            s3.BucketPolicy(
                f"{name}-policy", bucket=own.id, policy=json.dumps(policy, sort_keys=True), opts=after(block)
            )
        )
    return made


def _adopted(
    name: str, statements: list[Statement], store: dict[str, Any], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    return [BucketPolicy(f"{name}-policy", {"store": store, "statements": statements}, opts)] if statements else []
