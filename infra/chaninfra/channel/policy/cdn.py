"""What the policies of a bucket behind Amazon CloudFront allow the distribution.

The bucket stays private, and its channels are public all the same: everybody reads them through the distribution, which
signs its requests to S3 (origin access control). Source: CloudFront Developer Guide, "Restrict access to an Amazon S3
origin".
"""

from __future__ import annotations

from collections.abc import Iterable

from chaninfra.channel.policy.statements import OURS, PUBLIC_READ_GET, PUBLIC_READ_LIST, Statement, public_read


def distribution_arn(account: str, id_: str) -> str:
    """The ARN of a distribution."""
    return f"arn:aws:cloudfront::{account}:distribution/{id_}"


NO_DISTRIBUTION = distribution_arn("ACCOUNT_ID", "DISTRIBUTION_ID")
"""Placeholder for the ARN of a distribution that does not exist yet; it matches no distribution."""


def only_by(arn: str) -> Statement:
    """The elements Principal and Condition of a statement that allows something to one distribution only."""
    return {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": arn}},
    }


def cdn_read(bucket: str, prefixes: Iterable[str], arn: str) -> list[Statement]:
    """The distribution may get the objects of the channels and list the bucket.

    It needs the permission to list for the same reason as all readers: without it S3 answers 403 instead of 404 for a
    missing file. An error page that turns 403 into 404 would help too, but would report denied files as missing.
    """
    sids = {PUBLIC_READ_GET: "CdnReadGetObject", PUBLIC_READ_LIST: "CdnReadListBucket"}
    return [
        {**statement, "Sid": OURS + sids[statement["Sid"]], **only_by(arn)}
        for statement in public_read(bucket, prefixes)
    ]
