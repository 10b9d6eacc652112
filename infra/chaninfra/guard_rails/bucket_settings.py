"""Rules for versioning and encryption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chaninfra.guard_rails import resource_types
from chaninfra.guard_rails.statements import Resource

ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
"""The algorithms of default encryption that S3 knows (API_ServerSideEncryptionByDefault)."""


def versioning(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for a bucket without versioning."""
    if resource.type == resource_types.AWS_VERSIONING:
        status = resource.props["versioningConfiguration"].get("status")
    elif resource.type == resource_types.SETTINGS and "versioning" in resource.props["settings"]:
        status = resource.props["settings"]["versioning"].get("Status")
    else:
        return
    if status != "Enabled" and not _exempt(resource, config):
        yield f"{resource.name}: versioning is {status}; set `versioning` to true"


def encryption(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for each algorithm of the bucket's default encryption that the config does not allow."""
    allowed = config.get("algorithms", ALGORITHMS)
    refused = {used for used in _algorithms(resource) if used not in allowed}
    if refused and not _exempt(resource, config):
        for used in sorted(refused):
            yield (
                f"{resource.name}: objects are encrypted with {used}, but must be with {' or '.join(allowed)}; set "
                "`aws.kms-key-arn` or `encryption`"
            )


def undeclared(resources: Mapping[str, Resource], config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(URN, violation) for each setting that is not declared for a bucket of an S3-compatible store."""
    declared = {
        (_location(each), name)
        for each in resources.values()
        if each.type == resource_types.SETTINGS
        for name in each.props["settings"]
    }
    for urn, bucket in resources.items():
        # An adopted bucket keeps its settings, and the stack does not read them.
        if bucket.type != resource_types.BUCKET or bucket.props["adopt"] or _exempt(bucket, config):
            continue
        for key, remedy in {"versioning": "set it to true", "encryption": "set it to sse-s3"}.items():
            if (_location(bucket), key) not in declared:
                yield urn, f"{bucket.name}: `{key}` is not declared; {remedy}"


def _algorithms(resource: Resource) -> Iterator[str]:
    if resource.type == resource_types.AWS_ENCRYPTION:
        for rule in resource.props["rules"]:
            yield rule.get("applyServerSideEncryptionByDefault", {}).get("sseAlgorithm", "nothing")
    elif resource.type == resource_types.SETTINGS and "encryption" in resource.props["settings"]:
        for rule in resource.props["settings"]["encryption"]["Rules"]:
            yield rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "nothing")


def _exempt(resource: Resource, config: Mapping[str, Any]) -> bool:
    """Whether the config exempts the bucket. Call it last: in a preview on AWS its name may be unknown."""
    exempt = config.get("buckets", ())
    if not exempt:
        return False
    bucket = resource.props["store"]["bucket"] if "store" in resource.props else resource.props["bucket"]
    return bucket in exempt


def _location(resource: Resource) -> tuple[str, str]:
    """(endpoint URL, bucket) of one of our resources."""
    store = resource.props["store"]
    return store["endpoint-url"], store["bucket"]
