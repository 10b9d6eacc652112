"""Permissions as a store has them that lets a key read, or read and write, whole buckets. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from chaninfra.channel.policy.statements import VERSION

Right = Literal["read", "write"]

_ARN = "arn:aws:s3:::"
_READ, _WRITE = ("s3:GetObject", "s3:ListBucket"), ("s3:DeleteObject", "s3:PutObject")
_WRITING = ("s3:Put", "s3:Delete")


def of_whole_buckets(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy document of what a key may on such a store that needs the permissions of `policy`: it may read each
    bucket that the policy names, and where it may put or delete one object, put and delete all.
    """
    rights: dict[str, set[Right]] = {}
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow":
            writes = any(action.startswith(_WRITING) for action in statement["Action"])
            for resource in statement["Resource"]:
                bucket = resource.split(":::", 1)[1].split("/", 1)[0]
                rights.setdefault(bucket, {"read"}).update(("write",) if writes else ())
    return document_of(rights)


def document_of(rights: Mapping[str, set[Right]]) -> dict[str, Any]:
    """Bucket → its rights as a policy document; {} where there are none."""
    statements = [
        {
            "Effect": "Allow",
            "Action": [*(_READ if "read" in may else ()), *(_WRITE if "write" in may else ())],
            "Resource": [f"{_ARN}{bucket}", f"{_ARN}{bucket}/*"],
        }
        for bucket, may in sorted(rights.items())
        if may
    ]
    return {"Version": VERSION, "Statement": statements} if statements else {}


def rights_in(document: Mapping[str, Any]) -> dict[str, set[Right]]:
    """Bucket → its rights, of a document of `document_of`."""
    return {
        statement["Resource"][0].removeprefix(_ARN): {
            *(("read",) if _READ[0] in statement["Action"] else ()),
            *(("write",) if _WRITE[0] in statement["Action"] else ()),
        }
        for statement in document.get("Statement", ())
    }
