"""What a resource says, on AWS and on S3-compatible stores alike. Pure functions of a type and its properties.

In a preview a property may be unknown, and pulumi-policy ends the rule that reads it. So nothing is read that a rule
does not need.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

AWS_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
AWS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
AWS_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
AWS_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
AWS_ROLE = "aws:iam/role:Role"
AWS_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

# Ours, see `chaninfra.pulumi.dynamic`.
_DYNAMIC = "pulumi-python:dynamic/chaninfra:"
PREFLIGHT = f"{_DYNAMIC}Preflight"
BUCKET = f"{_DYNAMIC}Bucket"
POLICY = f"{_DYNAMIC}BucketPolicy"
SETTINGS = f"{_DYNAMIC}BucketSettings"
DESCRIPTOR = f"{_DYNAMIC}ChannelDescriptor"
ACCESS_POLICY = f"{_DYNAMIC}AccessPolicy"

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource as the engine knows it: `props` are its inputs, for a rule of the whole stack its outputs."""

    type: str
    name: str
    props: Mapping[str, Any]


def bucket_statements(resource: Resource) -> list[Statement]:
    """The statements of a bucket's policy; none for another resource."""
    if resource.type == AWS_POLICY:
        return _statements(resource.props["policy"])
    return list(resource.props["statements"]) if resource.type == POLICY else []


def role_statements(resource: Resource) -> list[Statement]:
    """The statements that say who may become an IAM role; none for another resource."""
    return _statements(resource.props["assumeRolePolicy"]) if resource.type == AWS_ROLE else []


def token_statements(resource: Resource) -> list[Statement]:
    """The statements that look at the claims of a token."""
    if resource.type == ACCESS_POLICY:
        return _statements(resource.props["policy"])
    return [each for each in role_statements(resource) if "Federated" in principals(each)]


def on_aws(resource: Resource) -> bool:
    """Whether principals in the bucket's policy are those of AWS; elsewhere they are the store's own users."""
    return resource.type == AWS_POLICY or resource.props["store"].get("chain") == "aws"


def principals(statement: Statement) -> Mapping[str, list[str]]:
    """Who is meant, by kind; `*` for everybody, and for everybody but some."""
    if "NotPrincipal" in statement:
        return {"AWS": ["*"]}
    who = statement.get("Principal", {})
    return {"AWS": [who]} if isinstance(who, str) else {kind: many(value) for kind, value in who.items()}


def actions(statement: Statement) -> list[str]:
    """What is allowed or denied; `*` where it is said by exception."""
    return ["*"] if "NotAction" in statement else many(statement.get("Action", []))


def places(statement: Statement) -> list[str]:
    """Which places in S3, `bucket` or `bucket/key`; `*` where it is said by exception."""
    if "NotResource" in statement:
        return ["*"]
    return [arn.split(":", 5)[-1] for arn in many(statement.get("Resource", []))]


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    """(operator, key, values) of each condition."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, many(values)


def many(value: Any) -> list[str]:
    """The texts of one value, or of a list; of true and false as policies write them."""
    one = isinstance(value, str) or not isinstance(value, Sequence)
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in ([value] if one else value)]


def _statements(policy: Any) -> list[Statement]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    found = document.get("Statement", [])
    return list(found) if isinstance(found, Sequence) else [found]
