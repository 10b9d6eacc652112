"""The events of each store, as they were sent, and what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.follow.events import MAX_BODY, MAX_RECORDS, EventError, Hint, hints_in
from support.paths import ROOT

SENT = ROOT / "tests/data/events"
A, B, C = (f"my-channel/noarch/{file}" for file in ("a-1.0+cu12-0.conda", "b-1.0-0.conda", "c-1!2-0.conda"))


def record(key: str = "k", bucket: str = "b") -> dict[str, Any]:
    return {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {"key": key}}}


@pytest.mark.parametrize("server", ["minio", "versitygw", "rustfs"])
def test_events_that_a_server_sent(server: str) -> None:
    """A PUT, a copy, an upload in parts, a deletion, and a deletion of two."""
    sent = sorted(SENT.glob(f"{server}-*.json"), key=lambda path: int(path.stem.rpartition("-")[2]))
    found = [hint for path in sent for hint in hints_in(path.read_bytes())]
    assert found[:4] == [Hint("my-bucket", key) for key in (A, B, C, B)]
    assert {*found[4:]} == {Hint("my-bucket", A), Hint("my-bucket", C)}


@pytest.mark.parametrize("server", ["ceph", "seaweedfs"])
def test_events_that_another_server_sent(server: str) -> None:
    """A PUT, a copy, an upload in parts and a deletion: of Ceph 16.2.15, and of SeaweedFS of 9 November 2026."""
    found = [hint for number in range(4) for hint in hints_in((SENT / f"{server}-{number}.json").read_bytes())]
    assert found == [Hint("my-bucket", key) for key in (A, B, C, B)]


@pytest.mark.parametrize(
    ("body", "hints"),
    [
        # Amazon S3 to SQS, as AWS' pages show it; to SNS it is text in text.
        ({"Records": [record("my-channel%2Fnoarch%2Fa-1%2Bb-0.conda")]}, [("b", "my-channel/noarch/a-1+b-0.conda")]),
        ({"Type": "Notification", "Message": json.dumps({"Records": [record()]})}, [("b", "k")]),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, []),
        # EventBridge.
        (
            {
                "source": "aws.s3",
                "detail-type": "Object Created",
                "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}},
            },
            [("b", "k")],
        ),
        # SeaweedFS' filer: an upload, and a rename, which is of two objects.
        ({"key": "/buckets/b/p/k", "event_type": "create", "message": {"new_entry": {"name": "k"}}}, [("b", "p/k")]),
        (
            {
                "key": "/buckets/b/p/k",
                "event_type": "rename",
                "message": {"new_entry": {"name": "l"}, "new_parent_path": "/buckets/b/q"},
            },
            [("b", "p/k"), ("b", "q/l")],
        ),
        ({"key": "/etc/passwd", "event_type": "create", "message": None}, []),
        ({"Records": []}, []),
        # One encoding is taken off, whatever is below it.
        ({"Records": [record("a%252Fb%25ff")]}, [("b", "a%2Fb%ff")]),
        ({"Records": [record("a%ff%")]}, [("b", "a\ufffd%")]),
    ],
)
def test_other_formats(body: Any, hints: list[tuple[str, str]]) -> None:
    assert hints_in(json.dumps(body).encode()) == hints


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"Event": "other"}',
        b'{"Records": 1}',
        b'{"Records": [{}]}',
        b'{"Records": [{"s3": {"bucket": {"name": 1}, "object": {"key": "k"}}}]}',
        b'{"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "\xff"}}}]}',
        b'{"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": null}}}]}',
        b'{"Records": [{"s3": ' + b'{"s3": ' * 50_000,
        b'{"Records": [{"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}]}",
        b'{"Records": {"0": 1}}',
        b'{"detail": {"bucket": {"name": "b"}}}',
        b'{"Type": "Notification", "Message": "no json"}',
        b'{"Type": "Notification", "Message": "{}"}',
        b'{"key": "/buckets/b/k", "event_type": "create", "message": 1}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
        b" " * (MAX_BODY + 1),
        json.dumps({"Records": [record()] * (MAX_RECORDS + 1)}).encode(),
        json.dumps({"Records": [record("k" * 3073)]}).encode(),
        json.dumps({"key": f"/buckets/b/{'k' * 3073}", "event_type": "create"}).encode(),
    ],
)
def test_what_is_no_event(body: bytes) -> None:
    with pytest.raises(EventError) as refused:
        hints_in(body)
    # The text goes into a log and an answer: it quotes nothing of the body.
    assert len(str(refused.value)) < 100
