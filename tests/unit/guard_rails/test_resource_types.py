"""The type tokens that the rules check, compared with those of the resources."""

from __future__ import annotations

import pytest
from pulumi import CustomResource
from pulumi_aws.cloudfront import Distribution
from pulumi_aws.iam import Role
from pulumi_aws.s3 import (
    BucketPolicy,
    BucketPublicAccessBlock,
    BucketServerSideEncryptionConfiguration,
    BucketVersioning,
)

from chaninfra.guard_rails import resource_types
from chaninfra.pulumi import dynamic


def test_our_tokens_are_those_of_the_dynamic_resources() -> None:
    classes = [value for value in vars(dynamic).values() if isinstance(value, type)]
    resources = [each for each in classes if issubclass(each, dynamic._Resource) and each is not dynamic._Resource]
    tokens = {f"pulumi-python:{each._resource_type_name}" for each in resources}
    assert len(tokens) == len(resources)
    assert set(resource_types.OURS) <= tokens


@pytest.mark.parametrize(
    ("token", "resource"),
    [
        (resource_types.AWS_POLICY, BucketPolicy),
        (resource_types.AWS_BLOCK, BucketPublicAccessBlock),
        (resource_types.AWS_VERSIONING, BucketVersioning),
        (resource_types.AWS_ENCRYPTION, BucketServerSideEncryptionConfiguration),
        (resource_types.AWS_ROLE, Role),
        (resource_types.AWS_DISTRIBUTION, Distribution),
    ],
)
def test_the_tokens_of_aws_are_those_of_pulumi_aws(token: str, resource: type[CustomResource]) -> None:
    assert resource.pulumi_type == token
