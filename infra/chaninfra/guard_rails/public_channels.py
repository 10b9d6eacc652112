"""The rule for anonymous access."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chaninfra.guard_rails import resource_types, statements
from chaninfra.guard_rails.foreign_principals import limited_to_principals
from chaninfra.guard_rails.statements import Resource

_REMEDY = "set `visibility` to private, or add the channel to `channels` of this rule"
# The actions that readers of a public channel need.
_READ = {"s3:GetObject", "s3:ListBucket"}
_ACL_BLOCKS = ("blockPublicAcls", "ignorePublicAcls")
_POLICY_BLOCKS = ("blockPublicPolicy", "restrictPublicBuckets")


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for everything that everybody may do beyond reading the listed channels."""
    check_type = _CHECKS.get(resource.type)
    if check_type is not None:
        for violation in check_type(resource, list(config.get("channels", ()))):
            yield f"{resource.name}: {violation}"


def _policy(resource: Resource, channels: list[str]) -> Iterator[str]:
    for statement in statements.bucket_statements(resource):
        if statement["Effect"] != "Allow" or "*" not in statements.principals(statement).get("AWS", ()):
            continue
        if limited_to_principals(statement):
            continue
        allowed = statements.actions(statement)
        more = sorted(set(allowed) - _READ)
        if more:
            yield f"everybody has {', '.join(more)}; remove the statement {statement.get('Sid', '')!r}"
        for path in statements.s3_paths(statement):
            bucket, slash, key = path.partition("/")
            # The files of the channel at `prefix` are `prefix/*`, those of a channel that is the whole bucket are `*`.
            channel = f"s3://{bucket}/{key}".removesuffix("/*")
            if not (_is_listed(channel, channels) if slash else _has_listed(bucket, channels)):
                yield f"everybody has {', '.join(allowed)} on {path}; {_REMEDY}"


def _block(resource: Resource, channels: list[str]) -> Iterator[str]:
    for name in _ACL_BLOCKS:
        if not resource.props.get(name):
            yield f"{name} is off, so that an ACL can make the bucket public; chaninfra needs no ACLs on AWS"
    if all(resource.props.get(name) for name in _POLICY_BLOCKS):
        return
    # The bucket's name is unknown in the preview of a new stack, and not needed if no channel may be public.
    if not channels or not _has_listed(resource.props["bucket"], channels):
        yield f"the bucket may be made public by a policy; {_REMEDY}"


def _settings(resource: Resource, channels: list[str]) -> Iterator[str]:
    acl, bucket = resource.props["settings"].get("acl"), resource.props["store"]["bucket"]
    if acl not in (None, "private") and not _has_listed(bucket, channels):
        yield f"the ACL of {bucket} is {acl}; {_REMEDY}"


def _descriptor(resource: Resource, channels: list[str]) -> Iterator[str]:
    document = json.loads(resource.props["document"])
    if document["visibility"] == "public" and not _is_listed(document["url"], channels):
        yield f"{document['url']} is public; {_REMEDY}"


def _distribution(resource: Resource, channels: list[str]) -> Iterator[str]:
    for origin in resource.props.get("origins", ()):
        host = origin["domainName"]
        bucket, of_s3, _ = host.partition(".s3.")
        if of_s3 and not _has_listed(bucket, channels):
            yield f"everybody may read {bucket} through CloudFront; remove `cdn`, or add the channel to `channels`"


_CHECKS = {
    resource_types.AWS_POLICY: _policy,
    resource_types.POLICY: _policy,
    resource_types.AWS_BLOCK: _block,
    resource_types.SETTINGS: _settings,
    resource_types.DESCRIPTOR: _descriptor,
    resource_types.AWS_DISTRIBUTION: _distribution,
}


def _is_listed(url: str, channels: list[str]) -> bool:
    return any(fnmatchcase(url, pattern.rstrip("/")) for pattern in channels)


def _has_listed(bucket: str, channels: list[str]) -> bool:
    """Whether a channel of the bucket is listed."""
    return any(fnmatchcase(bucket, pattern.removeprefix("s3://").partition("/")[0]) for pattern in channels)
