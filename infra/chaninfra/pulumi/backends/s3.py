"""A bucket of an S3-compatible store, by boto3 in dynamic resources."""

from __future__ import annotations

from typing import Any

import pulumi

from chaninfra.channel.bucket_policy import s3_statements
from chaninfra.channel.granted import ROLES
from chaninfra.channel.spec import ChannelSpec, StackSpec
from chaninfra.pulumi.backends.base import Granted, Made, after
from chaninfra.pulumi.dynamic import Bucket, BucketPolicy


def bucket(name: str, stack: StackSpec, store: dict[str, Any], opts: pulumi.ResourceOptions) -> Made:
    """The bucket, and where it is public and the store has policies, the policy that says so."""
    spec = stack.bucket
    made: list[pulumi.Resource] = [
        Bucket(
            f"{name}-bucket",
            {"store": store, "adopt": spec.adopt, "force-destroy": spec.force_destroy},
            after(opts, protect=spec.protect),
        )
    ]
    if statements := s3_statements(stack):
        made.append(BucketPolicy(f"{name}-policy", {"store": store, "statements": statements}, after(opts, *made)))
    return Made(resources=made)


def grant(_name: str, _stack: StackSpec, _channel: ChannelSpec, _made: Made, _opts: pulumi.ResourceOptions) -> Granted:
    """Nothing: a spec for such a store has no principals."""
    return Granted(access={key: {} for key in ROLES.values()})
