"""How a bucket and its access are made, one module a backend."""

from __future__ import annotations

from chaninfra.pulumi.backends import aws, s3
from chaninfra.pulumi.backends.base import Backend, Granted, Made

__all__ = ["BACKENDS", "Backend", "Granted", "Made"]

BACKENDS: dict[str, Backend] = {
    "aws": Backend(bucket=aws.bucket, grant=aws.grant),
    "s3": Backend(bucket=s3.bucket, grant=s3.grant),
}
