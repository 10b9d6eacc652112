"""Experiments on who may read a bucket."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.policy.statements import Statement, document, public_read
from support.stores.columns.asking import (
    DOES_NOT_APPLY,
    KEY,
    anybody_reads,
    becomes,
    bucket_with_file,
    code_of,
    fetched,
    taken,
    yes_or_no,
)
from support.stores.model import NewKey, Running

_PAGE = b"the page"


def public(running: Running) -> str:
    """How a bucket is made public: the first way after which everybody reads it; `nothing` if none is known, and
    `by-hand`, without anything to do, where everybody reads it from the start."""
    bucket = bucket_with_file(running)
    return "by-hand" if anybody_reads(running, bucket) else _way_opened(running, bucket) or "nothing"


def public_url(running: Running) -> str | None:
    """The template of the row if everybody reads a public bucket at the S3 endpoint; None if it is not read there."""
    bucket = bucket_with_file(running)
    if _way_opened(running, bucket) is None:
        return None
    base, _headers = running.store.site(running.server, bucket)
    return "{bucket-url}" if base == f"{running.server.endpoint_url}/{bucket}" else None


def index_document(running: Running) -> str:
    """Whether the URL of a folder answers with its `index.html`; `unknown` where nobody opens a bucket."""
    bucket, client = bucket_with_file(running), running.server.client()
    client.put_object(Bucket=bucket, Key="main/index.html", Body=_PAGE, ContentType="text/html")
    if _way_opened(running, bucket) is None:
        return "unknown"
    assert becomes(lambda: fetched(running, bucket, "main/index.html") == (200, _PAGE))
    return yes_or_no(fetched(running, bucket, "main/")[1] == _PAGE)


def bucket_policy(running: Running) -> str:
    """Whether a policy opens a bucket that was closed, and its deletion closes it again."""
    bucket = bucket_with_file(running)
    if anybody_reads(running, bucket):
        return "no"
    if not _opened_by_policy(running, bucket):
        return "no"
    running.server.client().delete_bucket_policy(Bucket=bucket)
    return yes_or_no(becomes(lambda: not anybody_reads(running, bucket)))


def acl(running: Running) -> str:
    """Whether the ACL of a bucket makes its objects readable, and closes them again."""
    bucket = bucket_with_file(running)
    if anybody_reads(running, bucket) or not _opened_by_acl(running, bucket):
        return "no"
    running.server.client().put_bucket_acl(Bucket=bucket, ACL="private")
    return yes_or_no(becomes(lambda: not anybody_reads(running, bucket)))


def public_access_block(running: Running) -> str:
    """Whether a bucket with a public access block cannot be opened by a policy that opens another one."""
    bucket, client = bucket_with_file(running), running.server.client()
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    wanted = dict.fromkeys(names, True)
    put = client.put_public_access_block
    if not taken(lambda: put(Bucket=bucket, PublicAccessBlockConfiguration=wanted)):
        return "no"
    assert client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == wanted
    code = code_of(lambda: _put_policy(running, bucket, public_read(bucket, [""])))
    if code is not None:
        assert code == "AccessDenied"
    refused = code is not None or not becomes(lambda: anybody_reads(running, bucket))
    client.delete_public_access_block(Bucket=bucket)
    _put_policy(running, bucket, public_read(bucket, [""]))
    # Else it was not the block that kept it closed.
    return yes_or_no(refused and becomes(lambda: anybody_reads(running, bucket)))


def version_rights(running: Running) -> str:
    """`own` if who may get objects may not get their old versions by that; `unknown` if there are no versions."""
    bucket, client = running.new_bucket(), running.server.client()
    on = {"Status": "Enabled"}
    if not taken(lambda: client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=on)):
        return "unknown"
    old = client.put_object(Bucket=bucket, Key=KEY, Body=b"old").get("VersionId")
    client.put_object(Bucket=bucket, Key=KEY, Body=b"new")
    if old is None:
        return "unknown"
    get: Statement = {"Sid": "Get", "Effect": "Allow", "Action": ["s3:GetObject"]}
    get["Resource"] = [f"arn:aws:s3:::{bucket}/*"]
    new_key = running.store.key or running.store.limited
    if new_key is None:
        _put_policy(running, bucket, [{**get, "Principal": "*"}])
        assert becomes(lambda: anybody_reads(running, bucket))
        return "with-object" if anybody_reads(running, bucket, f"?versionId={old}") else "own"
    client = _with_key(running, new_key, bucket, get)
    assert becomes(lambda: code_of(lambda: client.get_object(Bucket=bucket, Key=KEY)) is None)
    code = code_of(lambda: client.get_object(Bucket=bucket, Key=KEY, VersionId=old))
    assert code in (None, "AccessDenied"), code
    return "own" if code else "with-object"


def object_owner(running: Running) -> str:
    """`writer` if the owner of a bucket may not read what a key with few rights wrote there; DOES_NOT_APPLY where the
    server has no such keys."""
    bucket, new_key = running.new_bucket(), running.store.key or running.store.limited
    if new_key is None:
        return DOES_NOT_APPLY
    put: Statement = {"Sid": "Put", "Effect": "Allow", "Action": ["s3:PutObject"]}
    put["Resource"] = [f"arn:aws:s3:::{bucket}/*"]
    client = _with_key(running, new_key, bucket, put)
    assert becomes(lambda: code_of(lambda: client.put_object(Bucket=bucket, Key=KEY, Body=b"x")) is None)
    code = code_of(lambda: running.server.client().get_object(Bucket=bucket, Key=KEY))
    assert code in (None, "AccessDenied"), code
    return "writer" if code else "bucket"


def policy_place(running: Running) -> str:
    """`file-attribute` if a policy that is longer than any file system takes as an attribute is answered with a fault
    of the server; `own` if it is taken, or refused for its length."""
    bucket, client = running.new_bucket(), running.server.client()
    statements = public_read(bucket, [f"{'a' * 500}/{number}" for number in range(140)])
    if not taken(lambda: _put_policy(running, bucket, public_read(bucket, ["main"]))):
        return DOES_NOT_APPLY
    try:
        taken(lambda: _put_policy(running, bucket, statements))
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500:
            # A short one is taken, so that it was the length.
            _put_policy(running, bucket, public_read(bucket, ["main"]))
            assert client.get_bucket_policy(Bucket=bucket)["Policy"]
            return "file-attribute"
    return "own"


def _with_key(running: Running, new_key: NewKey, bucket: str, statement: Statement) -> Any:
    """A client with a new access key that may do what the statement allows."""
    keys = new_key(running.server, bucket, _document([statement]))
    return running.server.client(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
    )


def _document(statements: list[Statement]) -> dict[str, Any]:
    made = document(statements)
    assert made is not None
    return made


def _put_policy(running: Running, bucket: str, statements: list[Statement]) -> None:
    running.server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(_document(statements)))


def _way_opened(running: Running, bucket: str) -> str | None:
    """Opens a bucket, and returns by which way, a value of the column `public`; None if it is not read by everybody."""
    ways: dict[str, Callable[[Running, str], bool]] = {
        "bucket-policy": _opened_by_policy,
        "acl": _opened_by_acl,
        "by-hand": _opened_by_hand,
    }
    return next((way for way, opens in ways.items() if opens(running, bucket)), None)


def _opened_by_policy(running: Running, bucket: str) -> bool:
    if not taken(lambda: _put_policy(running, bucket, public_read(bucket, [""]))):
        return False
    return becomes(lambda: anybody_reads(running, bucket))


def _opened_by_acl(running: Running, bucket: str) -> bool:
    client = running.server.client()
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    # AWS and versitygw take no ACL without it; others do not have the call.
    with suppress(ClientError):
        client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    if not taken(lambda: client.put_bucket_acl(Bucket=bucket, ACL="public-read")):
        return False
    return becomes(lambda: anybody_reads(running, bucket))


def _opened_by_hand(running: Running, bucket: str) -> bool:
    if running.store.opened is None:
        return False
    running.store.opened(running.server, bucket)
    return becomes(lambda: anybody_reads(running, bucket))
