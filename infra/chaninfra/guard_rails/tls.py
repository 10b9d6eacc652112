"""That nothing goes over the wire in clear."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chaninfra.guard_rails import statements
from chaninfra.guard_rails.statements import Resource, Statement

_HTTPS_ONLY = {"https-only", "redirect-to-https"}


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """What may be read or written without TLS."""
    look = _LOOKS.get(resource.type)
    if look is not None:
        for bucket, found in look(resource):
            if bucket not in config.get("buckets", ()):
                yield f"{resource.name}: {found}"


def _policy(resource: Resource) -> Iterator[tuple[str, str]]:
    found = statements.bucket_statements(resource)
    buckets = {place.partition("/")[0] for each in found for place in statements.places(each)}
    denied = {place for each in found if _denies(each) for place in statements.places(each)}
    for bucket in sorted(buckets):
        if not {bucket, f"{bucket}/*"} <= denied:
            yield bucket, f"requests to {bucket} without TLS are not denied; let `endpoint-url` begin with https://"


def _denies(statement: Statement) -> bool:
    """Whether everything without TLS is denied to everybody, on no other condition."""
    asked = [(operator, key.lower(), values) for operator, key, values in statements.conditions(statement)]
    return (
        statement["Effect"] == "Deny"
        and "NotPrincipal" not in statement
        and "*" in statements.principals(statement).get("AWS", ())
        and bool({"s3:*", "*"} & set(statements.actions(statement)))
        and "NotAction" not in statement
        and asked == [("Bool", "aws:securetransport", ["false"])]
    )


def _preflight(resource: Resource) -> Iterator[tuple[str, str]]:
    store = resource.props["store"]
    if not store["endpoint-url"].startswith("https://"):
        yield store["bucket"], f"{store['endpoint-url']} has no TLS; let `endpoint-url` begin with https://"


def _descriptor(resource: Resource) -> Iterator[tuple[str, str]]:
    document = json.loads(resource.props["document"])
    url = document.get("public-url")
    if document["visibility"] == "public" and url and not url.startswith("https://"):
        yield document["bucket"], f"{url} has no TLS; let `public-url`, or `endpoint-url`, begin with https://"


def _distribution(resource: Resource) -> Iterator[tuple[str, str]]:
    behaviors = [resource.props["defaultCacheBehavior"], *resource.props.get("orderedCacheBehaviors", ())]
    if any(each["viewerProtocolPolicy"] not in _HTTPS_ONLY for each in behaviors):
        yield "", "CloudFront serves by http, too; set viewerProtocolPolicy to https-only"


_LOOKS = {
    statements.AWS_POLICY: _policy,
    statements.PREFLIGHT: _preflight,
    statements.DESCRIPTOR: _descriptor,
    statements.AWS_DISTRIBUTION: _distribution,
}
