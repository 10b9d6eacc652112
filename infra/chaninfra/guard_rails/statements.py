"""The policy statements of a resource, on AWS and on S3-compatible stores. Pure functions of its type and properties.

In a preview a property may be unknown, and pulumi-policy stops a rule that reads it. So rules read only the properties
that they need, as late as possible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaninfra.guard_rails.resource_types import ACCESS_POLICY, AWS_POLICY, AWS_ROLE, POLICY

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource as pulumi-policy passes it: `props` are its inputs, or its outputs for a `StackRule`."""

    type: str
    name: str
    props: Mapping[str, Any]


def bucket_statements(resource: Resource) -> list[Statement]:
    """The statements of a bucket policy; none for another resource."""
    if resource.type == AWS_POLICY:
        return _statements(resource.props["policy"])
    return list(resource.props["statements"]) if resource.type == POLICY else []


def role_statements(resource: Resource) -> list[Statement]:
    """The statements of the trust policy of an IAM role; none for another resource."""
    return _statements(resource.props["assumeRolePolicy"]) if resource.type == AWS_ROLE else []


def token_statements(resource: Resource) -> list[Statement]:
    """The statements with conditions on the claims of a token; none for another resource."""
    if resource.type == ACCESS_POLICY:
        return _statements(resource.props["policy"])
    return [each for each in role_statements(resource) if "Federated" in principals(each)]


def on_aws(resource: Resource) -> bool:
    """Whether the principals in a bucket policy are principals of AWS, and not users of an S3-compatible store."""
    return resource.type == AWS_POLICY or resource.props["store"].get("chain") == "aws"


def principals(statement: Statement) -> Mapping[str, list[str]]:
    """Kind of principal (`AWS`, `Service`, `Federated`, …) → names; `*` for everybody, and for any NotPrincipal."""
    if "NotPrincipal" in statement:
        return {"AWS": ["*"]}
    who = statement.get("Principal", {})
    return {"AWS": [who]} if isinstance(who, str) else {kind: as_strings(value) for kind, value in who.items()}


def actions(statement: Statement) -> list[str]:
    """The actions; `*` for any NotAction."""
    return ["*"] if "NotAction" in statement else as_strings(statement.get("Action", []))


def s3_paths(statement: Statement) -> list[str]:
    """The resources as `bucket` or `bucket/key`, without the start of the ARN; `*` for any NotResource."""
    if "NotResource" in statement:
        return ["*"]
    return [arn.split(":", 5)[-1] for arn in as_strings(statement.get("Resource", []))]


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[str]]]:
    """(operator, key, values) of each condition."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key, as_strings(values)


def as_strings(value: Any) -> list[str]:
    """A single value, or a list of values, as a list of strings; booleans become `true` and `false`."""
    single = isinstance(value, str) or not isinstance(value, Sequence)
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in ([value] if single else value)]


def _statements(policy: Any) -> list[Statement]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    listed = document.get("Statement", [])
    return list(listed) if isinstance(listed, Sequence) else [listed]
