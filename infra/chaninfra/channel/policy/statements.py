"""Statements that several policies share, and the document around them. Pure functions that return dicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaninfra.channel.location import join

Statement = dict[str, Any]
"""One statement of a policy, as in its JSON (IAM User Guide, "IAM JSON policy element reference")."""

VERSION = "2012-10-17"
"""The version of the policy language."""

PUBLIC_READ_GET = "PublicReadGetObject"
PUBLIC_READ_LIST = "PublicReadListBucket"
DENY_INSECURE = "DenyInsecureTransport"
OURS = "Chaninfra"
"""Prefix of the Sids of all other statements that chaninfra puts into a bucket policy or a key policy."""

BUCKET_OWNER = "BUCKET_OWNER"
"""Placeholder for the ARN of the user who owns the bucket: the store is asked for it when the policy is written."""


def public_read(bucket: str, prefixes: Iterable[str], *, partition: str = "aws") -> list[Statement]:
    """Everybody may get the objects of the channels at `prefixes` and list the bucket (pixi's documentation, page S3).

    Without the permission to list, S3 answers 403 instead of 404 for a missing file, and pixi stops there.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        {
            "Sid": PUBLIC_READ_GET,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": one_or_list([f"{arn}/{join(prefix, '*')}" for prefix in prefixes]),
        },
        {"Sid": PUBLIC_READ_LIST, "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": arn},
    ]


def owner_read(bucket: str, prefixes: Iterable[str]) -> Statement:
    """The owner of the bucket may read what others wrote into these channels, on a store where it is theirs (Ceph)."""
    return {
        "Sid": f"{OURS}OwnerReads",
        "Effect": "Allow",
        "Principal": {"AWS": BUCKET_OWNER},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": one_or_list([f"arn:aws:s3:::{bucket}/{join(prefix, '*')}" for prefix in prefixes]),
    }


def deny_old_versions(bucket: str, prefixes: Iterable[str]) -> Statement:
    """Nobody may read an object of these channels by the id of its version, on a store where who may read the object
    may do that too (MinIO). It has no Principal.

    Deleted and replaced files would stay readable otherwise. The condition is necessary, since MinIO takes
    s3:GetObjectVersion for s3:GetObject as well; it passes an empty version id for a request without one.
    """
    return {
        "Sid": f"{OURS}DenyOldVersions",
        "Effect": "Deny",
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": [f"arn:aws:s3:::{bucket}/{join(prefix, '*')}" for prefix in prefixes],
        "Condition": {"StringLike": {"s3:versionid": "?*"}},
    }


def deny_insecure_transport(bucket: str, *, partition: str = "aws") -> list[Statement]:
    """Requests without TLS are denied (AWS Security Hub control S3.5)."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        {
            "Sid": DENY_INSECURE,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def document(statements: Iterable[Statement]) -> dict[str, Any] | None:
    """The policy document with these statements; None if there are none, since an empty policy is not valid."""
    listed = list(statements)
    return {"Version": VERSION, "Statement": listed} if listed else None


def one_or_list(values: list[str]) -> str | list[str]:
    """A single value without its list: both forms are valid in a policy, and the shorter one saves bytes."""
    return values[0] if len(values) == 1 else values
