"""A bucket of an S3-compatible store, by boto3 in dynamic resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from chaninfra.channel.policies import public_read
from chaninfra.channel.spec import BucketSpec, ChannelSpec
from chaninfra.pulumi.dynamic import Bucket, BucketPolicy


def make(
    name: str,
    bucket: BucketSpec,
    channels: Sequence[ChannelSpec],
    store: dict[str, Any],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The bucket, and where it is public and the store has policies, the policy that says so."""
    made: list[pulumi.Resource] = [
        Bucket(
            f"{name}-bucket",
            {"store": store, "adopt": bucket.adopt, "force-destroy": bucket.force_destroy},
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=bucket.protect)),
        )
    ]
    public = [channel.prefix for channel in channels if channel.visibility == "public"]
    if public and bucket.provider.public == "bucket-policy":
        made.append(
            BucketPolicy(
                f"{name}-policy",
                {"store": store, "statements": public_read(bucket.name, public)},
                pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=made)),
            )
        )
    return made
