"""Policy documents: pure functions that return dicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaninfra.channel.location import join

Statement = dict[str, Any]

VERSION = "2012-10-17"

PUBLIC_READ_GET = "PublicReadGetObject"

PUBLIC_READ_LIST = "PublicReadListBucket"

DENY_INSECURE = "DenyInsecureTransport"

# What the Sids of our other statements begin with.
OURS = "Chaninfra"


def public_read(bucket: str, prefixes: Iterable[str], *, partition: str = "aws") -> list[Statement]:
    """Everybody may get the channels' objects and list the bucket, as pixi's page on S3 has it.

    Without the right to list, S3 answers 403 and not 404 for a missing file, and pixi stops there.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    return [
        {
            "Sid": PUBLIC_READ_GET,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": one_or_all([f"{arn}/{join(prefix, '*')}" for prefix in prefixes]),
        },
        {"Sid": PUBLIC_READ_LIST, "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": arn},
    ]


def deny_insecure_transport(bucket: str, *, partition: str = "aws") -> list[Statement]:
    """Nobody may do anything without TLS (AWS Security Hub control S3.5)."""
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
    """The policy of these statements, or None where there are none."""
    kept = list(statements)
    return {"Version": VERSION, "Statement": kept} if kept else None


def one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
