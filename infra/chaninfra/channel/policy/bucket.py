"""The policy of a bucket on AWS, whole: who reads it, and what nobody may do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, cdn_read
from chaninfra.channel.policy.merging import condensed, marked
from chaninfra.channel.policy.permissions import for_bucket, principal_arn, statements
from chaninfra.channel.policy.statements import OURS, Statement, deny_insecure_transport, document, public_read
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Backend
from chaninfra.channel.roles import ROLES, Role
from chaninfra.channel.spec.model import ChannelSpec, StackSpec

# What objects, old versions included, are read and written by.
_DATA = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
]

# Amazon S3 quotas: a bucket's policy has at most 20 KB.
_LONGEST = 20 * 1024


def bucket_statements(
    stack: StackSpec, *, deployer: Sequence[str] = (), distribution: str = NO_DISTRIBUTION
) -> list[Statement]:
    """The statements of the bucket's policy; `deployer` are ARN patterns of whoever runs Pulumi, see `deployer_arns`,
    `distribution` is the ARN of the one before the bucket, where the stack has a CDN.

    Each has a Sid of its own, by which it is known again in a policy that holds statements of others. Raises
    ConfigurationError for a policy that S3 would not take.
    """
    bucket, aws = stack.bucket, stack.bucket.aws
    part = partition(bucket.location.region)
    made: list[Statement] = []
    # Behind an endpoint without TLS the denial would lock out everybody, whoever declared it included.
    # Of an adopted bucket that is its owner's to say: there is more in it than channels.
    if bucket.location.endpoint_url.startswith("https:") and not bucket.adopt:
        made += deny_insecure_transport(bucket.name, partition=part)
    if bucket.cdn is not None:
        made += cdn_read(bucket.name, prefixes(stack), distribution)
    if stack.is_open:
        made += public_read(bucket.name, prefixes(stack), partition=part)
    if aws.organization_id is not None:
        made += organization_read(bucket.name, aws.organization_id, stack.channels, part)
    for channel in stack.channels:
        made += _named(stack, channel, part)
    if aws.no_overwrite:
        made.append(deny_overwrite(bucket.name, stack.channels, part))
    if aws.vpc_endpoints:
        made.append(deny_outside(bucket.name, aws.vpc_endpoints, deployer, part))
    told = _told_apart(marked(made, *prefixes(stack)) if bucket.adopt else made)
    length = len(json.dumps(document(told)))
    if length > _LONGEST:
        raise ConfigurationError(
            f"the bucket's policy would have {length:,} bytes, and S3 takes {_LONGEST:,}",
            where="key publishers, readers or maintainers",
            remedy="name accounts or roles that several share, fewer channels for a bucket, or fewer subdirs",
        )
    return told


def s3_statements(
    stack: StackSpec, *, deployer: Sequence[str] = (), keys: Mapping[KeyOf, str] | None = None, **_: object
) -> list[Statement]:
    """The same for an S3-compatible store: everybody may read a public channel, where a policy can say so.

    `keys` are access keys by whose they are, where the store has no other policy than the bucket's.
    """
    made: list[Statement] = []
    if stack.visibility == "public" and stack.bucket.provider.public.value == "bucket-policy":
        made += public_read(stack.bucket.name, prefixes(stack))
    made += condensed(_of_keys(stack, keys or {}), f"{OURS}Keys")
    return marked(made, *prefixes(stack)) if stack.bucket.adopt else made


def _of_keys(stack: StackSpec, keys: Mapping[KeyOf, str]) -> list[Statement]:
    """What each key may do."""
    return [
        {**statement, "Principal": {"AWS": keys[channel.prefix, principal.role, principal.name]}}
        for channel in stack.channels
        for principal in channel.principals
        if (channel.prefix, principal.role, principal.name) in keys
        for statement in statements(
            principal.role, bucket=stack.bucket.name, prefix=channel.prefix, subdirs=channel.subdirs
        )
    ]


KeyOf = tuple[str, Role, str]
"""Whose access key it is: the channel's prefix, the role, the principal's name."""

STATEMENTS: dict[Backend, Callable[..., list[Statement]]] = {"aws": bucket_statements, "s3": s3_statements}
"""What a bucket's policy says of a stack, by its provider's backend."""


def prefixes(stack: StackSpec) -> list[str]:
    """The prefixes of the channels."""
    return [channel.prefix for channel in stack.channels]


def organization_read(
    bucket: str, organization: str, channels: Sequence[ChannelSpec], part: str = "aws"
) -> list[Statement]:
    """Every principal of an AWS organization may read; such a policy does not count as public."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    named = {"PublicReadGetObject": "OrganizationReadGetObject", "PublicReadListBucket": "OrganizationReadListBucket"}
    return [
        {**statement, "Sid": OURS + named[statement["Sid"]], "Condition": condition}
        for statement in public_read(bucket, [channel.prefix for channel in channels], partition=part)
    ]


def deny_overwrite(bucket: str, channels: Sequence[ChannelSpec], part: str = "aws") -> Statement:
    """A package file is put only by a request that says If-None-Match: *.

    Parts of a multipart upload are exempt, since only the request that completes it makes the object (S3 User Guide,
    "Enforce conditional writes on Amazon S3 buckets").
    """
    return {
        "Sid": f"{OURS}DenyOverwrite",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [
            f"arn:{part}:s3:::{bucket}/{join(channel.prefix, '*' + suffix)}"
            for channel in channels
            for suffix in PACKAGE_SUFFIXES
        ],
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    }


def deny_outside(bucket: str, endpoints: Sequence[str], deployer: Sequence[str], part: str = "aws") -> Statement:
    """Objects are read and written through these VPC endpoints only.

    The settings of the bucket, this policy among them, are not covered, and the deployer's objects neither, so that
    nobody is locked out for good.
    """
    arn = f"arn:{part}:s3:::{bucket}"
    condition: Statement = {"StringNotEquals": {"aws:SourceVpce": list(endpoints)}}
    if deployer:
        condition["ArnNotLike"] = {"aws:PrincipalArn": list(deployer)}
    return {
        "Sid": f"{OURS}DenyOutsideVpc",
        "Effect": "Deny",
        "Principal": "*",
        "Action": _DATA,
        "Resource": [arn, f"{arn}/*"],
        "Condition": condition,
    }


def deployer_arns(caller: str) -> list[str]:
    """What aws:PrincipalArn can be for a caller as GetCallerIdentity names it.

    For a session of a role that is the role's ARN, whose path the session's ARN does not tell.
    """
    session = re.fullmatch(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+", caller)
    if session is None:
        return [caller]
    part, account, role = session.groups()
    return [f"arn:{part}:iam::{account}:role/{role}", f"arn:{part}:iam::{account}:role/*/{role}"]


def _named(stack: StackSpec, channel: ChannelSpec, part: str) -> list[Statement]:
    made: list[Statement] = []
    for role in ROLES:
        arns = [
            principal_arn(each.arn, part) for each in channel.principals if each.role == role and each.arn is not None
        ]
        if arns:
            made += for_bucket(
                role,
                channel.prefix or channel.name,
                arns,
                bucket=stack.bucket.name,
                prefix=channel.prefix,
                subdirs=channel.subdirs,
                partition=part,
            )
    return made


def _told_apart(made: list[Statement]) -> list[Statement]:
    """The statements, a number put to a Sid that stood before."""
    seen: dict[str, count[int]] = {}
    told = []
    for statement in made:
        number = next(seen.setdefault(statement["Sid"], count(1)))
        told.append(statement if number == 1 else {**statement, "Sid": f"{statement['Sid']}{number}"})
    return told
