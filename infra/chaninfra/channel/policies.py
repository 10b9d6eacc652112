"""Policy documents: pure functions that return dicts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from chaninfra.channel.location import join

Statement = dict[str, Any]
VERSION = "2012-10-17"

# Statements of a bucket policy that are ours; in an adopted bucket all others are left alone.
PUBLIC_READ_GET = "PublicReadGetObject"
PUBLIC_READ_LIST = "PublicReadListBucket"
DENY_INSECURE = "DenyInsecureTransport"
OUR_SIDS = (PUBLIC_READ_GET, PUBLIC_READ_LIST, DENY_INSECURE)
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
            "Resource": _one_or_all([f"{arn}/{join(prefix, '*')}" for prefix in prefixes]),
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


def merge(existing: dict[str, Any] | None, ours: Iterable[Statement]) -> dict[str, Any] | None:
    """The existing policy with our statements in place of those with our Sids; the others are left as they are."""
    others = [statement for statement in _statements(existing) if not _is_ours(statement)]
    merged = document([*others, *ours])
    return {**(existing or {}), **merged} if merged else None


def our_statements(existing: dict[str, Any] | None) -> list[Statement]:
    """Those statements of a policy that have our Sids."""
    return [statement for statement in _statements(existing) if _is_ours(statement)]


def _is_ours(statement: Statement) -> bool:
    sid = str(statement.get("Sid", ""))
    return sid in OUR_SIDS or sid.startswith(OURS)


def same(one: Iterable[Statement], other: Iterable[Statement]) -> bool:
    """Whether two lists of statements mean the same: stores reorder them and rewrite a value as a list of one."""
    return sorted(map(_canonical, one)) == sorted(map(_canonical, other))


def _canonical(value: Any) -> str:
    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            if key == "Principal" and set(value) == {"AWS"} and value["AWS"] in ("*", ["*"]):
                return "*"
            return {name: plain(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return plain(value[0]) if len(value) == 1 else sorted((plain(item) for item in value), key=str)
        return value

    return json.dumps(plain(value), sort_keys=True)


def _statements(policy: dict[str, Any] | None) -> list[Statement]:
    found = (policy or {}).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values
