"""The events that stores send, each in its own format: which object of which bucket they are about.

An event is a hint: only bucket and key are read, and what the store says of the object decides. Formats:
- `Records`, of Amazon S3 (also through SNS), MinIO, RustFS, versitygw and Ceph:
  https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
- EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
- SeaweedFS' filer: `key` is a path below /buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED

MAX_BODY = 1 << 20
"""Largest body of a request, in bytes: an event has some 1.5 kB, and a message of SQS at most 1 MiB."""
MAX_RECORDS = 1000
"""Most records in a body. The stores named above send one."""
_MAX_KEY_BYTES = 1024
"""The longest key of S3. Encoded, each byte may take three."""


class EventError(ValueError):
    """The bytes are no event of a known format; the text says why."""


class Hint(NamedTuple):
    """An object that something happened to."""

    bucket: str
    key: str


class _Bucket(Struct):
    name: str


class _Object(Struct):
    key: str


class _S3(Struct):
    bucket: _Bucket
    object: _Object


class _Record(Struct):
    s3: _S3


class _Entry(Struct):
    name: str = ""


class _Message(Struct):
    """SeaweedFS' change, with the folder that the object is in now: another one after a rename."""

    new_entry: _Entry | None = None
    new_parent_path: str = ""


@prepared
class _Body(Struct):
    """All formats: each has keys of its own."""

    records: list[_Record] | None = msgspec.field(default=None, name="Records")
    event: str | None = msgspec.field(default=None, name="Event")
    type: str | None = msgspec.field(default=None, name="Type")
    text: str | None = msgspec.field(default=None, name="Message")
    detail: _S3 | None = None
    key: str | None = None
    event_type: str | None = None
    message: Raw = Raw(b"null")


_body = msgspec.json.Decoder(_Body)
_message = msgspec.json.Decoder(_Message | None)


def hints_in(data: bytes | str) -> list[Hint]:
    """What an event is about; nothing for the test event with which stores begin. Raises EventError."""
    if len(data) > MAX_BODY:
        raise EventError(f"is larger than {MAX_BODY >> 20} MiB")
    try:
        body = _body.decode(data)
        # SNS has the event as text.
        if body.type == "Notification" and body.text is not None:
            body = _body.decode(body.text)
        return [*_hints(body)]
    except MALFORMED as error:
        raise EventError(f"is no event: {type(error).__name__}") from error


def _hints(body: _Body) -> Iterator[Hint]:
    if body.records is not None:
        if len(body.records) > MAX_RECORDS:
            raise EventError(f"has more than {MAX_RECORDS} records")
        for record in body.records:
            yield Hint(record.s3.bucket.name, _decoded(record.s3.object.key))
    elif body.detail is not None:
        yield Hint(body.detail.bucket.name, _decoded(body.detail.object.key))
    elif body.key is not None and body.event_type is not None:
        yield from _of_path(body.key)
        message = _message.decode(body.message)
        if message is not None and message.new_parent_path and message.new_entry is not None:
            path = f"{message.new_parent_path}/{message.new_entry.name}"
            if path != body.key:
                yield from _of_path(path)
    elif body.event != "s3:TestEvent":
        raise EventError("has none of the keys of an event: Records, detail, or key and event_type")


def _of_path(path: str) -> Iterator[Hint]:
    root, buckets, bucket, key = [*path.split("/", 3), "", "", ""][:4]
    if not root and buckets == "buckets" and key:
        yield Hint(bucket, _bounded(key))


def _decoded(key: str) -> str:
    """The key without URL encoding. A plus stays: where stores encode, it is %2B, or a space, which no key of a package
    has; others do not encode, and no such key has a percent sign.
    """
    return unquote(_bounded(key))


def _bounded(key: str) -> str:
    if len(key) > 3 * _MAX_KEY_BYTES:
        raise EventError("has a key that is longer than those of S3")
    return key
