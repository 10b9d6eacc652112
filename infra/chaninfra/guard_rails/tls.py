"""The rule for access without TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chaninfra.guard_rails import resource_types, statements
from chaninfra.guard_rails.statements import Resource, Statement

_HTTPS_ONLY = {"https-only", "redirect-to-https"}


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for everything that is accessible without TLS."""
    check_type = _CHECKS.get(resource.type)
    if check_type is not None:
        for bucket, violation in check_type(resource):
            if bucket not in config.get("buckets", ()):
                yield f"{resource.name}: {violation}"


def _policy(resource: Resource) -> Iterator[tuple[str, str]]:
    policy = statements.bucket_statements(resource)
    buckets = {path.partition("/")[0] for each in policy for path in statements.s3_paths(each)}
    denied = {path for each in policy if _denies(each) for path in statements.s3_paths(each)}
    for bucket in sorted(buckets):
        if not {bucket, f"{bucket}/*"} <= denied:
            yield (
                bucket,
                f"requests to {bucket} without TLS are not denied; use an `endpoint-url` that begins with https://",
            )


def _denies(statement: Statement) -> bool:
    """Whether the statement denies everything without TLS to everybody, without another condition."""
    conditions = [(operator, key.lower(), values) for operator, key, values in statements.conditions(statement)]
    return (
        statement["Effect"] == "Deny"
        and "NotPrincipal" not in statement
        and "*" in statements.principals(statement).get("AWS", ())
        and bool({"s3:*", "*"} & set(statements.actions(statement)))
        and "NotAction" not in statement
        and conditions == [("Bool", "aws:securetransport", ["false"])]
    )


def _preflight(resource: Resource) -> Iterator[tuple[str, str]]:
    store = resource.props["store"]
    if not store["endpoint-url"].startswith("https://"):
        yield store["bucket"], f"{store['endpoint-url']} has no TLS; use an `endpoint-url` that begins with https://"


def _descriptor(resource: Resource) -> Iterator[tuple[str, str]]:
    document = json.loads(resource.props["document"])
    url = document.get("public-url")
    if document["visibility"] == "public" and url and not url.startswith("https://"):
        yield document["bucket"], f"{url} has no TLS; use a `public-url` or an `endpoint-url` that begins with https://"


def _distribution(resource: Resource) -> Iterator[tuple[str, str]]:
    behaviors = [resource.props["defaultCacheBehavior"], *resource.props.get("orderedCacheBehaviors", ())]
    if any(each["viewerProtocolPolicy"] not in _HTTPS_ONLY for each in behaviors):
        yield "", "CloudFront also serves http; set viewerProtocolPolicy to https-only"


_CHECKS = {
    resource_types.AWS_POLICY: _policy,
    resource_types.PREFLIGHT: _preflight,
    resource_types.DESCRIPTOR: _descriptor,
    resource_types.AWS_DISTRIBUTION: _distribution,
}
