"""The backends: pulumi-aws for AWS, dynamic resources for other S3-compatible stores."""

from __future__ import annotations

from chaninfra.pulumi.backends.aws import bucket as aws_bucket
from chaninfra.pulumi.backends.aws import follower as aws_follower
from chaninfra.pulumi.backends.aws import roles as aws_roles
from chaninfra.pulumi.backends.base import Backend, BucketResources, ChannelAccessResources
from chaninfra.pulumi.backends.s3 import bucket as s3_bucket
from chaninfra.pulumi.backends.s3 import principals as s3_principals

__all__ = ["BACKENDS", "Backend", "BucketResources", "ChannelAccessResources"]

BACKENDS: dict[str, Backend] = {
    "aws": Backend(bucket=aws_bucket.bucket, grant=aws_roles.grant, follow=aws_follower.follow),
    "s3": Backend(bucket=s3_bucket.bucket, grant=s3_principals.grant, follow=lambda *_: []),
}
"""`Provider.backend` → its functions."""
