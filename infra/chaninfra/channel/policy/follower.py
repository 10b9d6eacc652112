"""What the function may do that follows the channels of a bucket on AWS, and who may send it messages.

The function reads the channels, writes their indexes, and deletes what `gc` finds: never a package. It makes
and removes snapshots where the channel has `snapshots`. The names that its files may have are one list for all
channels, in a statement that denies all others, since the permissions of a role have 10,240 characters at most (IAM
User Guide, "IAM and AWS STS quotas").
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS, STALE
from chaninfra.channel.conda.index_settings import FORMATS, RUN_EXPORTS
from chaninfra.channel.conda.object_names import (
    CHANINFRA_FOLDER,
    CHANNELDATA_JSON,
    HISTORY_FOLDER,
    SNAPSHOTS_FOLDER,
    SNAPSHOTS_JSON,
    SUMMARIES_FOLDER,
    YANKED_JSON,
)
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION
from chaninfra.channel.policy.statements import VERSION, Statement
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.spec.follower_names import follower_names
from chaninfra.channel.spec.model import ChannelSpec, StackSpec

_MAX_CHARACTERS = 10_240
# EventBridge User Guide, "Amazon EventBridge quotas": event pattern size.
_MAX_PATTERN = 2048
# What AWSLambdaVPCAccessExecutionRole allows, besides the logs (Lambda Developer Guide, "Giving Lambda functions access
# to resources in an Amazon VPC").
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)


@dataclass(frozen=True, kw_only=True)
class FollowerArns:
    """The ARNs of what belongs to the function."""

    function: str
    queue: str
    log_group: str
    rules: Mapping[str, str]
    """Prefix of a channel → the EventBridge rule of its events."""

    @classmethod
    def of(cls, stack: StackSpec, account: str) -> FollowerArns:
        """The ARNs in the account with this number."""
        names = follower_names(stack)
        region = stack.bucket.location.region
        start, here = f"arn:{partition(region)}", f"{region}:{account}"
        return cls(
            function=f"{start}:lambda:{here}:function:{names.function}",
            queue=f"{start}:sqs:{here}:{names.queue}",
            log_group=f"{start}:logs:{here}:log-group:{names.log_group}",
            rules={
                channel.prefix: f"{start}:events:{here}:rule/{names.events(channel.prefix)}"
                for channel in stack.following
            },
        )


def follower_trust() -> dict[str, Any]:
    """The trust policy of the function's role: Lambda assumes it."""
    lambda_only = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": VERSION, "Statement": [lambda_only]}


def follower_rights(stack: StackSpec, arns: FollowerArns, distribution: str = NO_DISTRIBUTION) -> dict[str, Any]:
    """The permissions of the function's role. `distribution` is the ARN of the stack's CDN, if it has one.

    Raises ConfigurationError if IAM would refuse them for their length.
    """
    bucket, aws = stack.bucket, stack.bucket.aws
    made = channel_statements(bucket.name, stack.following, partition(bucket.location.region))
    if aws.kms_key_arn is not None:
        made.append(_allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [aws.kms_key_arn]))
    if bucket.cdn is not None:
        made.append(_allow("RefreshCdn", ["cloudfront:CreateInvalidation"], [distribution]))
    take = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    made.append(_allow("TakeMessages", take, [arns.queue]))
    made.append(_allow("WriteLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arns.log_group}:*"]))
    if aws.follow.subnet_ids:
        made.append(_allow("JoinNetwork", [*_NETWORK], ["*"]))
        # Lambda makes the network interfaces; the code of the function may not (the same page of the guide).
        by_code = {"ArnEquals": {"lambda:SourceFunctionArn": arns.function}}
        made.append({**_deny("NetworkIsLambdas", [*_NETWORK]), "Resource": ["*"], "Condition": by_code})
    policy = {"Version": VERSION, "Statement": made}
    length = len(json.dumps(policy, separators=(",", ":")))
    if length > _MAX_CHARACTERS:
        raise ConfigurationError(
            f"the permissions of what follows {len(stack.following)} channels would have {length:,} characters; IAM "
            f"accepts at most {_MAX_CHARACTERS:,}",
            where="key index.follow",
            remedy="let fewer channels of the bucket follow, use fewer subdirs, or put channels in another bucket",
        )
    return policy


def check_follower_sizes(stack: StackSpec) -> None:
    """Raise ConfigurationError if AWS would refuse the permissions of what follows the channels, or the pattern of
    their events, for its length.
    """
    if stack.bucket.provider.backend != "aws" or not stack.following:
        return
    follower_rights(stack, FollowerArns.of(stack, "0" * 12))
    for channel in stack.following:
        length = len(json.dumps(event_pattern(stack.bucket.name, channel.prefix)))
        if length > _MAX_PATTERN:
            raise ConfigurationError(
                f"the pattern of the events of the channel {channel.name[:40]}… would have {length:,} characters; "
                f"EventBridge accepts at most {_MAX_PATTERN:,}",
                where="key prefix",
                remedy="choose a shorter prefix, or remove `index.follow`",
            )


def channel_statements(bucket: str, channels: Sequence[ChannelSpec], part: str = "aws") -> list[Statement]:
    """What it may do with the objects of the channels."""
    arn = f"arn:{part}:s3:::{bucket}"

    def objects(channel: ChannelSpec, *names: str) -> list[str]:
        return [f"{arn}/{join(channel.prefix, name)}" for name in names]

    inside = [
        path
        for channel in channels
        for path in objects(
            channel, *(f"{subdir}/*" for subdir in channel.subdirs), f"{CHANINFRA_FOLDER}/*", YANKED_JSON
        )
    ]
    told = [
        path for channel in channels if channel.index.has_channeldata for path in objects(channel, CHANNELDATA_JSON)
    ]
    inside += told
    scheduled = [channel for channel in channels if channel.has_schedule]
    inside += [path for channel in scheduled for path in objects(channel, f"{SNAPSHOTS_FOLDER}/*")]
    lists = [path for channel in scheduled for path in objects(channel, SNAPSHOTS_JSON)]
    # With the channel: one may lie in a folder that is called so.
    of_snapshots = [
        path for channel in scheduled for path in objects(channel, f"{SNAPSHOTS_FOLDER}/*/*/{FILE_NAMES['shards']}")
    ]
    # `inside` says of which channel and subdir. A channel without a prefix is the only one.
    top = f"{arn}/*/" if all(channel.prefix for channel in channels) else f"{arn}/"
    kinds = [*FORMATS, *(kind for kind in RUN_EXPORTS if any(kind in channel.index.formats for channel in channels))]
    index = {kind: f"{arn}/*/{FILE_NAMES[kind]}" for kind in kinds}
    derived = [
        *(path for kind, path in index.items() if kind != "shards"),
        *(f"{arn}/*/{name}" for name in sorted(STALE)),
    ]
    files = [f"{arn}/*/{SHARDS}/*.msgpack.zst"]
    files += [f"{arn}/*{suffix}.sigs{copy}" for suffix in PACKAGE_SUFFIXES for copy in ("", f".{'?' * 64}")]
    # Of a channel that has no page any more, `gc` deletes those of names that are gone.
    summaries = f"{arn}/*/{SUMMARIES_FOLDER}/*.json"
    put = [summaries] if any(channel.page for channel in channels) else []
    written = [*index.values(), *files, *put, f"{top}{CHANINFRA_FOLDER}/*", f"{top}{YANKED_JSON}", *lists, *told]
    # Not the authoritative index, without which the channel would be empty.
    deleted = [*derived, *files, summaries, f"{top}{HISTORY_FOLDER}/*", *of_snapshots]
    # Uploads of packages that nobody finished are aborted.
    keep = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    return [
        _allow("ReadChannels", ["s3:GetObject"], [path for channel in channels for path in objects(channel, "*")]),
        _allow("ListBucket", ["s3:ListBucket", "s3:ListBucketMultipartUploads"], [arn]),
        _allow("KeepIndex", keep, inside),
        _deny("WriteOnlyIndex", ["s3:PutObject"], written),
        _deny("DeleteOnlyGarbage", ["s3:DeleteObject"], deleted),
    ]


def queue_policy(queue: str, rules: Sequence[str]) -> dict[str, Any]:
    """The policy of the queue at this ARN: these rules of EventBridge (their ARNs) may send messages, and nobody else
    of another account or service.

    Source: EventBridge User Guide, "Using resource-based policies": Amazon SQS permissions.
    """
    by_rules = {
        "Sid": "EventsOfTheBucket",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": sorted(rules)}},
    }
    return {"Version": VERSION, "Statement": [by_rules]}


def event_pattern(bucket: str, prefix: str) -> dict[str, Any]:
    """The events of the packages and sidecars of the channel at `prefix`, as a pattern of EventBridge.

    `*` stands for any characters (EventBridge User Guide, "Comparison operators"); prefixes and suffixes have none
    that is special there. Events of copies of sidecars do not match: they never change.
    """
    names = [f"*{suffix}{sidecar}" for suffix in PACKAGE_SUFFIXES for sidecar in ("", ".sigs")]
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {
            "bucket": {"name": [bucket]},
            "object": {"key": [{"wildcard": join(prefix, name)} for name in names]},
        },
    }


def _allow(sid: str, actions: list[str], resources: list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _deny(sid: str, actions: list[str], all_but: list[str] | None = None) -> Statement:
    others = {} if all_but is None else {"NotResource": all_but}
    return {"Sid": sid, "Effect": "Deny", "Action": actions, **others}
