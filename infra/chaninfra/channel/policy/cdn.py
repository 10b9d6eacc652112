"""A bucket behind Amazon CloudFront: what makes sense of it, and what the distribution may read.

The bucket stays private; a channel in it is public all the same, since everybody reads it through the distribution,
which signs its requests (origin access control). Source: CloudFront Developer Guide, "Restrict access to an Amazon S3
origin".
"""

from __future__ import annotations

from collections.abc import Iterable

from chaninfra.channel.policy.statements import OURS, Statement, public_read


def distribution_arn(account: str, id_: str) -> str:
    """The ARN of a distribution."""
    return f"arn:aws:cloudfront::{account}:distribution/{id_}"


NO_DISTRIBUTION = distribution_arn("ACCOUNT_ID", "DISTRIBUTION_ID")
"""Stands for the ARN of one that is not made yet; it is nobody's."""


def only_by(arn: str) -> Statement:
    """The principal and the condition of a statement for one distribution."""
    return {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": arn}},
    }


def cdn_read(bucket: str, prefixes: Iterable[str], arn: str) -> list[Statement]:
    """The distribution may get the channels' objects and list the bucket.

    As with all who read: without the right to list, S3 answers 403 and not 404 for a missing file. An error page that
    turns 403 into 404 would do that too, and would call a file missing that was only denied.
    """
    named = {"PublicReadGetObject": "CdnReadGetObject", "PublicReadListBucket": "CdnReadListBucket"}
    return [
        {**statement, "Sid": OURS + named[statement["Sid"]], **only_by(arn)}
        for statement in public_read(bucket, prefixes)
    ]
