"""The statements of the bucket policy: all of it on AWS, and what S3-compatible stores take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, cdn_read
from chaninfra.channel.policy.merging import minimized, with_stack_suffix
from chaninfra.channel.policy.permissions import bucket_policy_statements, principal_arn, statements
from chaninfra.channel.policy.statements import (
    OURS,
    PUBLIC_READ_GET,
    PUBLIC_READ_LIST,
    Statement,
    deny_insecure_transport,
    deny_old_versions,
    document,
    owner_read,
    public_read,
)
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Backend
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.model import ChannelSpec, SourceChannel, StackSpec

# The actions that read and write objects and their old versions.
_OBJECT_ACTIONS = [
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

# Amazon S3 User Guide, "Bucket policies": at most 20 KB.
_MAX_BYTES = 20 * 1024


KeyOf = tuple[str, Role, str]
"""The owner of an access key: prefix of the channel, role, name of the principal."""


def bucket_statements(
    stack: StackSpec, *, deployer: Sequence[str] = (), distribution: str = NO_DISTRIBUTION
) -> list[Statement]:
    """The statements of the bucket policy on AWS.

    `deployer` are the ARN patterns of the principal that runs Pulumi, see `deployer_arns`. `distribution` is the ARN of
    the CDN, if the stack has one. The Sids are unique, so that the statements are found again in a policy that holds
    statements of others. Raises ConfigurationError if S3 would refuse the policy for its length.
    """
    bucket, aws = stack.bucket, stack.bucket.aws
    part = partition(bucket.location.region)
    made: list[Statement] = []
    # If the endpoint has no TLS, this statement would lock out everybody, the deployer included. An adopted bucket may
    # hold more than channels, so its owner decides about it.
    if bucket.location.endpoint_url.startswith("https:") and not bucket.adopt:
        made += deny_insecure_transport(bucket.name, partition=part)
    if bucket.cdn is not None:
        made += cdn_read(bucket.name, prefixes(stack), distribution)
    if stack.allows_anonymous_read:
        made += public_read(bucket.name, prefixes(stack), partition=part)
    if aws.organization_id is not None:
        made += organization_read(bucket.name, aws.organization_id, stack.channels, part)
    for channel in stack.channels:
        made += _for_arns(stack, channel, part)
    if aws.no_overwrite:
        made.append(deny_overwrite(bucket.name, stack.channels, part))
    if aws.vpc_endpoints:
        made.append(deny_outside(bucket.name, aws.vpc_endpoints, deployer, part))
    unique = _with_unique_sids(with_stack_suffix(made, *prefixes(stack)) if bucket.adopt else made)
    length = len(json.dumps(document(unique)))
    if length > _MAX_BYTES:
        raise ConfigurationError(
            f"the bucket policy would have {length:,} bytes; S3 accepts at most {_MAX_BYTES:,}",
            where="keys publishers, readers, maintainers and promoters",
            remedy="name accounts or shared roles instead of single principals, or use fewer channels or fewer subdirs",
        )
    return unique


def s3_statements(
    stack: StackSpec, *, deployer: Sequence[str] = (), keys: Mapping[KeyOf, str] | None = None, **_: object
) -> list[Statement]:
    """The statements of the bucket policy on an S3-compatible store.

    Everybody may read a public channel, if bucket policies are the store's way to allow that; then the bucket's owner
    may too, who else may need a statement for what the principals write. `keys` (owner → access key id) get their
    permissions here on stores whose users have no policies of their own.
    """
    made: list[Statement] = []
    if stack.visibility == "public" and stack.bucket.provider.public.value == "bucket-policy":
        made += public_read(stack.bucket.name, prefixes(stack))
        if stack.bucket.provider.version_rights.value == "with-object":
            made.append({**deny_old_versions(stack.bucket.name, prefixes(stack)), "Principal": "*"})
    elif stack.bucket.provider.object_owner.value == "writer" and _writers(stack):
        made.append(owner_read(stack.bucket.name, prefixes(stack)))
    made += minimized(_for_keys(stack, keys or {}), f"{OURS}Keys")
    return with_stack_suffix(made, *prefixes(stack)) if stack.bucket.adopt else made


STATEMENTS: dict[Backend, Callable[..., list[Statement]]] = {"aws": bucket_statements, "s3": s3_statements}
"""Backend of the provider → the function that makes the statements of the bucket policy."""


def prefixes(stack: StackSpec) -> list[str]:
    """The prefixes of the channels, in the order of the channels."""
    return [channel.prefix for channel in stack.channels]


def organization_read(
    bucket: str, organization: str, channels: Sequence[ChannelSpec], part: str = "aws"
) -> list[Statement]:
    """Every principal of an AWS organization may read; AWS does not count such a policy as public."""
    condition = {"StringEquals": {"aws:PrincipalOrgID": organization}}
    sids = {PUBLIC_READ_GET: "OrganizationReadGetObject", PUBLIC_READ_LIST: "OrganizationReadListBucket"}
    return [
        {**statement, "Sid": OURS + sids[statement["Sid"]], "Condition": condition}
        for statement in public_read(bucket, [channel.prefix for channel in channels], partition=part)
    ]


def deny_overwrite(bucket: str, channels: Sequence[ChannelSpec], part: str = "aws") -> Statement:
    """PUT of a package file is denied without the header If-None-Match: *.

    Parts of a multipart upload are exempt, because only CompleteMultipartUpload creates the object (S3 User Guide,
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
    """Reading and writing objects is denied outside these VPC endpoints.

    Bucket settings, this policy included, are not covered, and the deployer is exempt, so that nobody is locked out for
    good.
    """
    arn = f"arn:{part}:s3:::{bucket}"
    condition: Statement = {"StringNotEquals": {"aws:SourceVpce": list(endpoints)}}
    if deployer:
        condition["ArnNotLike"] = {"aws:PrincipalArn": list(deployer)}
    return {
        "Sid": f"{OURS}DenyOutsideVpc",
        "Effect": "Deny",
        "Principal": "*",
        "Action": _OBJECT_ACTIONS,
        "Resource": [arn, f"{arn}/*"],
        "Condition": condition,
    }


def deployer_arns(caller: str) -> list[str]:
    """The patterns that match aws:PrincipalArn of a caller; `caller` is its ARN from GetCallerIdentity.

    For a session of a role, aws:PrincipalArn is the ARN of the role. The session's ARN lacks the path of the role, so
    there is one pattern without a path and one with any path.
    """
    session = re.fullmatch(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+", caller)
    if session is None:
        return [caller]
    part, account, role = session.groups()
    return [f"arn:{part}:iam::{account}:role/{role}", f"arn:{part}:iam::{account}:role/*/{role}"]


def _for_arns(stack: StackSpec, channel: ChannelSpec, part: str) -> list[Statement]:
    """The permissions of the channel's principals that are given by ARN."""
    # In the order of ROLES; promoters that read the same sources share their statements, as all other roles do.
    arns: dict[tuple[Role, tuple[SourceChannel, ...]], list[str]] = {}
    for each in channel.principals:
        if each.arn is not None:
            arns.setdefault((each.role, each.sources), []).append(principal_arn(each.arn, part))
    return [
        statement
        for (role, sources), named in arns.items()
        for statement in bucket_policy_statements(
            role,
            channel.prefix or channel.name,
            named,
            bucket=stack.bucket.name,
            prefix=channel.prefix,
            subdirs=channel.subdirs,
            partition=part,
            sources=sources,
            channeldata=channel.index.has_channeldata,
        )
    ]


def _writers(stack: StackSpec) -> bool:
    """Whether somebody else than the deployer may write."""
    return any(principal.role != "reader" for channel in stack.channels for principal in channel.principals)


def _for_keys(stack: StackSpec, keys: Mapping[KeyOf, str]) -> list[Statement]:
    """The permissions of each access key."""
    return [
        {**statement, "Principal": {"AWS": keys[channel.prefix, principal.role, principal.name]}}
        for channel in stack.channels
        for principal in channel.principals
        if (channel.prefix, principal.role, principal.name) in keys
        for statement in statements(
            principal.role,
            bucket=stack.bucket.name,
            prefix=channel.prefix,
            subdirs=channel.subdirs,
            sources=principal.sources,
            channeldata=channel.index.has_channeldata,
        )
    ]


def _with_unique_sids(statements: list[Statement]) -> list[Statement]:
    """The statements; from its second use on, a Sid gets a number: `ListBucket`, `ListBucket2`."""
    numbers: dict[str, count[int]] = {}
    unique = []
    for statement in statements:
        number = next(numbers.setdefault(statement["Sid"], count(1)))
        unique.append(statement if number == 1 else {**statement, "Sid": f"{statement['Sid']}{number}"})
    return unique
