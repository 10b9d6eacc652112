"""Experiments on conditional writes: one after the other, and by several writers at the same moment."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.exceptions import ResponseStreamingError

from support.stores.columns.asking import (
    BODY,
    KEY,
    Answer,
    Request,
    at_once,
    bucket_with_file,
    done,
    prepared,
    taken,
    yes_or_no,
)
from support.stores.model import Running

WRITERS = 8
ROUNDS = 12
UPLOADERS = 4
"""Of uploads of parts and copies, each of which takes requests before."""
_OTHER = '"0123456789abcdef0123456789abcdef"'
"""An ETag that no object of the tests has."""
_CREATE = {"IfNoneMatch": "*"}

_Start = Callable[[str, bytes], Request]
"""(key, body) → the request that decides, signed."""
_Kind = Callable[[Running, str], bool]
"""Whether a kind of condition holds in a bucket."""


def etags(running: Running) -> str:
    """The form of the ETag in If-Match: `quoted`, or `unquoted` if only that is taken."""
    bucket = bucket_with_file(running)
    for form in ("quoted", "unquoted"):
        if _replaced(running, bucket, _spelled(form, _etag(running, bucket, KEY))).done:
            return form
    # Where a store has no such condition, the form says nothing.
    return "quoted"


@cache
def _form(running: Running) -> str:
    return etags(running)


def conditional_create(running: Running) -> str:
    """PUT with If-None-Match: *."""
    return yes_or_no(_creates(running, running.new_bucket()))


def conditional_replace(running: Running) -> str:
    """PUT with If-Match."""
    return yes_or_no(_replaces(running, running.new_bucket()))


def conditional_multipart(running: Running) -> str:
    """CompleteMultipartUpload with If-None-Match: *."""
    return yes_or_no(_completes(running, running.new_bucket()))


def conditional_copy(running: Running) -> str:
    """CopyObject with If-None-Match: *, and with x-amz-copy-source-if-match."""
    return yes_or_no(_copies(running, running.new_bucket()))


def conditional_versioned(running: Running) -> str:
    """Whether the conditions that hold in a plain bucket hold in one with versions too: creation, of all others."""
    bucket = running.new_bucket()
    if not _keeps_versions(running, bucket):
        return "no"
    kinds: tuple[_Kind, ...] = (_creates, _replaces, _completes)
    held = [kind for kind in kinds if kind(running, running.new_bucket())]
    return yes_or_no(_creates in held and all(kind(running, bucket) for kind in held))


def conditional_recreate(running: Running) -> str:
    """Whether If-None-Match: * creates what was deleted in a bucket with versions, and still refuses what is there."""
    bucket, client = running.new_bucket(), running.server.client()
    if not _keeps_versions(running, bucket):
        return "no"
    key = _new(running, bucket)
    there = _put(running, bucket, key, b"second", _CREATE)
    client.delete_object(Bucket=bucket, Key=key)
    again = _put(running, bucket, key, b"third", _CREATE)
    assert all(each.done or each.refused for each in (there, again)), (there, again)
    return yes_or_no(there.refused and again.done and _body(running, bucket, key) == b"third")


def _keeps_versions(running: Running, bucket: str) -> bool:
    versions = {"Status": "Enabled"}
    put = running.server.client().put_bucket_versioning
    if not taken(lambda: put(Bucket=bucket, VersioningConfiguration=versions)):
        return False
    return "VersionId" in running.server.client().put_object(Bucket=bucket, Key="first", Body=BODY)


def _creates(running: Running, bucket: str) -> bool:
    def create(key: str, body: bytes) -> Request:
        return _request(running, bucket, key, body, _CREATE)

    return _refuses(running, bucket, create) and _is_atomic(running, bucket, create, WRITERS)


def _replaces(running: Running, bucket: str) -> bool:
    key, form = _new(running, bucket), _form(running)
    before = _etag(running, bucket, key)
    if not _put(running, bucket, key, b"second", {"IfMatch": _spelled(form, before)}).done:
        return False
    # Neither an ETag that never was, nor one that was before.
    for etag in (_OTHER, before):
        answer = _put(running, bucket, key, b"third", {"IfMatch": _spelled(form, etag)})
        assert answer.status < 500 or answer.status == 501, answer
        if answer.done or _body(running, bucket, key) != b"second":
            return False

    def round_of(key: str) -> _Start:
        _put(running, bucket, key, b"before")
        condition = {"IfMatch": _spelled(form, _etag(running, bucket, key))}
        return lambda key, body: _request(running, bucket, key, body, condition)

    return _rounds(running, bucket, round_of, WRITERS)


def _completes(running: Running, bucket: str) -> bool:
    client = running.server.client()

    def complete(key: str, body: bytes) -> Request:
        place = {"Bucket": bucket, "Key": key}
        upload = client.create_multipart_upload(**place)["UploadId"]
        etag = client.upload_part(**place, UploadId=upload, PartNumber=1, Body=body)["ETag"]
        given = {**place, "UploadId": upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}
        return prepared(running.server, lambda s3: s3.complete_multipart_upload(**given, **_CREATE))

    return _refuses(running, bucket, complete) and _is_atomic(running, bucket, complete, UPLOADERS)


def _copies(running: Running, bucket: str) -> bool:
    def source_of(key: str, body: bytes) -> str:
        source = f"{key}-from-{secrets.token_hex(4)}"
        assert _put(running, bucket, source, body).done
        return source

    def copy(key: str, body: bytes) -> Request:
        place = {"Bucket": bucket, "Key": key, "CopySource": {"Bucket": bucket, "Key": source_of(key, body)}}
        return prepared(running.server, lambda s3: s3.copy_object(**place, **_CREATE))

    def of_source(etag: str) -> Answer:
        place = {"Bucket": bucket, "Key": f"copy-{secrets.token_hex(4)}", "CopySourceIfMatch": etag}
        origin = {"Bucket": bucket, "Key": source}
        return done(running.server, lambda s3: s3.copy_object(**place, CopySource=origin))

    if not _refuses(running, bucket, copy):
        return False
    source = source_of("source", BODY)
    right, wrong = of_source(_etag(running, bucket, source)), of_source(_OTHER)
    assert all(each.status < 500 or each.status == 501 for each in (right, wrong)), (right, wrong)
    return right.done and wrong.refused and _is_atomic(running, bucket, copy, UPLOADERS)


def _refuses(running: Running, bucket: str, start: _Start) -> bool:
    """Whether a creation is done of what is absent, and not of what is there."""
    key = f"one-{secrets.token_hex(4)}"
    (first,) = at_once(running.server, [start(key, b"first")])
    assert first.status < 500 or first.status == 501, first
    if not first.done:
        return False
    (second,) = at_once(running.server, [start(key, b"second")])
    assert second.done or second.refused, second
    held = _body(running, bucket, key)
    # LocalStack refuses a copy, and empties what was there.
    assert held == (b"second" if second.done else b"first") or not held, (second, held)
    return second.refused and held == b"first"


def _is_atomic(running: Running, bucket: str, start: _Start, writers: int) -> bool:
    return _rounds(running, bucket, lambda _: start, writers)


def _rounds(running: Running, bucket: str, round_of: Callable[[str], _Start], writers: int) -> bool:
    """Whether of several writes at once to a new key never more than one is done, and its bytes are what is there.

    A round that nobody wins is as good: the store was busy with the others, which are told to try again.
    """
    won = 0
    for _ in range(ROUNDS):
        key = f"race-{secrets.token_hex(4)}"
        start = round_of(key)
        bodies = [b64encode(secrets.token_bytes(48)) for _ in range(writers)]
        answers = at_once(running.server, [start(key, body) for body in bodies])
        # Ceph answers 500 to writes that lose. One that was done all the same would show by its bytes.
        assert all(each.done or each.refused or each.status >= 500 for each in answers), answers
        winners = [body for body, answer in zip(bodies, answers, strict=True) if answer.done]
        if len(winners) > 1 or (winners and _body(running, bucket, key) != winners[0]):
            return False
        won += len(winners)
    assert won, "no write was ever done"
    return True


def _new(running: Running, bucket: str) -> str:
    key = f"new-{secrets.token_hex(4)}"
    assert _put(running, bucket, key, b"first").done
    return key


def _request(running: Running, bucket: str, key: str, body: bytes, condition: Mapping[str, str]) -> Request:
    return prepared(running.server, lambda s3: s3.put_object(Bucket=bucket, Key=key, Body=body, **condition))


def _put(running: Running, bucket: str, key: str, body: bytes, condition: Mapping[str, str] = {}) -> Answer:
    return at_once(running.server, [_request(running, bucket, key, body, condition)])[0]


def _replaced(running: Running, bucket: str, etag: str) -> Answer:
    return _put(running, bucket, KEY, BODY, {"IfMatch": etag})


def _spelled(form: str, etag: str) -> str:
    return etag if form == "quoted" else etag.strip('"')


def _etag(running: Running, bucket: str, key: str) -> str:
    answer: Any = running.server.client().head_object(Bucket=bucket, Key=key)
    return str(answer["ETag"])


def _body(running: Running, bucket: str, key: str) -> bytes:
    """What is there; nothing if fewer bytes come than the answer announces."""
    try:
        return bytes(running.server.client().get_object(Bucket=bucket, Key=key)["Body"].read())
    except ResponseStreamingError:
        return b""
