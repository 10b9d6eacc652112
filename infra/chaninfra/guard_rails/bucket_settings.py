"""Versions and encryption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chaninfra.guard_rails import statements
from chaninfra.guard_rails.statements import Resource

ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")


def versioning(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A bucket whose old versions are not kept."""
    if resource.type == statements.AWS_VERSIONING:
        status = resource.props["versioningConfiguration"].get("status")
    elif resource.type == statements.SETTINGS and "versioning" in resource.props["settings"]:
        status = resource.props["settings"]["versioning"].get("Status")
    else:
        return
    if status != "Enabled" and not _left_alone(resource, config):
        yield f"{resource.name}: versioning is {status}; set `versioning` to true"


def encryption(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A bucket whose objects are not encrypted in a way that is named."""
    algorithms = config.get("algorithms", ALGORITHMS)
    found = {used for used in _algorithms(resource) if used not in algorithms}
    if found and not _left_alone(resource, config):
        for used in sorted(found):
            yield (
                f"{resource.name}: objects are encrypted by {used}, and not by {' or '.join(algorithms)}; set "
                "`aws.kms-key-arn`, or `encryption`"
            )


def undeclared(there: Mapping[str, Resource], config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Buckets of S3-compatible stores without one of the two."""
    declared = {
        (_place(each), name)
        for each in there.values()
        if each.type == statements.SETTINGS
        for name in each.props["settings"]
    }
    for urn, bucket in there.items():
        # An adopted bucket has settings of its own, which this stack does not know.
        if bucket.type != statements.BUCKET or bucket.props["adopt"] or _left_alone(bucket, config):
            continue
        for key, mend in {"versioning": "set it to true", "encryption": "set it to sse-s3"}.items():
            if (_place(bucket), key) not in declared:
                yield urn, f"{bucket.name}: `{key}` is not declared; {mend}"


def _algorithms(resource: Resource) -> Iterator[str]:
    if resource.type == statements.AWS_ENCRYPTION:
        for rule in resource.props["rules"]:
            yield rule.get("applyServerSideEncryptionByDefault", {}).get("sseAlgorithm", "nothing")
    elif resource.type == statements.SETTINGS and "encryption" in resource.props["settings"]:
        for rule in resource.props["settings"]["encryption"]["Rules"]:
            yield rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "nothing")


def _left_alone(resource: Resource, config: Mapping[str, Any]) -> bool:
    """Whether the bucket is named. On AWS its name is not known in the preview of a new stack, so it is asked last."""
    named = config.get("buckets", ())
    if not named:
        return False
    bucket = resource.props["store"]["bucket"] if "store" in resource.props else resource.props["bucket"]
    return bucket in named


def _place(resource: Resource) -> tuple[str, str]:
    store = resource.props["store"]
    return store["endpoint-url"], store["bucket"]
