"""Type tokens of the resources that the rules check, as the Pulumi engine names them.

The tokens of our dynamic resources are written here and not taken from `chaninfra.pulumi.dynamic`, because a policy
pack does not install what that module imports. A test compares the two.
"""

from __future__ import annotations

AWS_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
AWS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
AWS_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
AWS_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
AWS_ROLE = "aws:iam/role:Role"
AWS_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

_PREFIX = "pulumi-python:dynamic/chaninfra:"
PREFLIGHT = f"{_PREFIX}Preflight"
BUCKET = f"{_PREFIX}Bucket"
POLICY = f"{_PREFIX}BucketPolicy"
SETTINGS = f"{_PREFIX}BucketSettings"
DESCRIPTOR = f"{_PREFIX}ChannelDescriptor"
ACCESS_POLICY = f"{_PREFIX}AccessPolicy"

OURS = (PREFLIGHT, BUCKET, POLICY, SETTINGS, DESCRIPTOR, ACCESS_POLICY)
"""The tokens of our own resources."""
