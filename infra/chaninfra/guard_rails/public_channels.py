"""Who reads anonymously."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chaninfra.guard_rails import statements
from chaninfra.guard_rails.foreign_principals import narrowed
from chaninfra.guard_rails.statements import Resource

_MEND = "set `visibility` to private, or name the channel in `channels` of this rule"
# All that a reader of a public channel needs.
_READING = {"s3:GetObject", "s3:ListBucket"}
_OF_ACLS = ("blockPublicAcls", "ignorePublicAcls")
_OF_POLICIES = ("blockPublicPolicy", "restrictPublicBuckets")


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """What everybody may do, and not by a channel that is named."""
    look = _LOOKS.get(resource.type)
    if look is not None:
        for found in look(resource, list(config.get("channels", ()))):
            yield f"{resource.name}: {found}"


def _policy(resource: Resource, channels: list[str]) -> Iterator[str]:
    for statement in statements.bucket_statements(resource):
        if statement["Effect"] != "Allow" or "*" not in statements.principals(statement).get("AWS", ()):
            continue
        if narrowed(statement):
            continue
        allowed = statements.actions(statement)
        more = sorted(set(allowed) - _READING)
        if more:
            yield f"everybody has {', '.join(more)}; take the statement {statement.get('Sid', '')!r} out"
        for place in statements.places(statement):
            bucket, slash, key = place.partition("/")
            # The files of the channel at `prefix` are `prefix/*`; of the whole bucket `*`.
            channel = f"s3://{bucket}/{key}".removesuffix("/*")
            if not (_named(channel, channels) if slash else _bucket(bucket, channels)):
                yield f"everybody has {', '.join(allowed)} on {place}; {_MEND}"


def _block(resource: Resource, channels: list[str]) -> Iterator[str]:
    for name in _OF_ACLS:
        if not resource.props.get(name):
            yield f"{name} is off, so that an ACL may open the bucket; chaninfra needs no ACLs on AWS"
    if all(resource.props.get(name) for name in _OF_POLICIES):
        return
    # The bucket is not known in the preview of a new stack, and needs not be where no channel may be public.
    if not channels or not _bucket(resource.props["bucket"], channels):
        yield f"the bucket is not kept from being public; {_MEND}"


def _settings(resource: Resource, channels: list[str]) -> Iterator[str]:
    acl, bucket = resource.props["settings"].get("acl"), resource.props["store"]["bucket"]
    if acl not in (None, "private") and not _bucket(bucket, channels):
        yield f"the ACL of {bucket} is {acl}; {_MEND}"


def _descriptor(resource: Resource, channels: list[str]) -> Iterator[str]:
    document = json.loads(resource.props["document"])
    if document["visibility"] == "public" and not _named(document["url"], channels):
        yield f"{document['url']} is public; {_MEND}"


def _distribution(resource: Resource, channels: list[str]) -> Iterator[str]:
    for origin in resource.props.get("origins", ()):
        host = origin["domainName"]
        bucket, of_s3, _ = host.partition(".s3.")
        if of_s3 and not _bucket(bucket, channels):
            yield f"everybody may read {bucket} through CloudFront; take `cdn` out, or name the channel in `channels`"


_LOOKS = {
    statements.AWS_POLICY: _policy,
    statements.POLICY: _policy,
    statements.AWS_BLOCK: _block,
    statements.SETTINGS: _settings,
    statements.DESCRIPTOR: _descriptor,
    statements.AWS_DISTRIBUTION: _distribution,
}


def _named(url: str, channels: list[str]) -> bool:
    return any(fnmatchcase(url, pattern.rstrip("/")) for pattern in channels)


def _bucket(bucket: str, channels: list[str]) -> bool:
    """Whether a channel in the bucket is named."""
    return any(fnmatchcase(bucket, pattern.removeprefix("s3://").partition("/")[0]) for pattern in channels)
