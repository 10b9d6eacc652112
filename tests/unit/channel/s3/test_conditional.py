"""Verdicts on a write whose condition does not hold, by the store's answer."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ChaninfraError, ChecksumRequiredError, CredentialsError, DeniedError, StorageError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import Condition, IfAbsent, ObjectBody
from chaninfra.channel.s3.conditional import NEVER_MATCHING, Verdict, put_that_must_fail
from chaninfra.channel.s3.error_codes import error_for
from support.index_model.memory_store import MemoryStore

HERE = Location(bucket="my-bucket", endpoint_url="http://store", region="eu-1", force_path_style=True)
BODY = ObjectBody(data=b"bytes", content_type="")


class _AnsweringStore(MemoryStore):
    """A store that answers each PUT with this code and status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__()
        self._error: ChaninfraError = error_for(HERE, code, status, doing="write", key="key")

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        raise self._error


class _IgnoringStore(MemoryStore):
    """A store that ignores conditions."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        return super().put(key, body)


@pytest.mark.parametrize("condition", [IfAbsent(), NEVER_MATCHING])
def test_a_store_with_conditional_writes_and_one_without(condition: Condition) -> None:
    for store, verdict in ((MemoryStore(), "honoured"), (_IgnoringStore(), "ignored")):
        store.objects["key"] = BODY
        assert put_that_must_fail(store, "key", BODY, condition) == verdict
        assert store.objects == {"key": BODY}


@pytest.mark.parametrize(
    ("code", "status", "verdict"),
    [
        ("PreconditionFailed", 412, "honoured"),
        ("ConditionalRequestConflict", 409, "honoured"),
        ("NotImplemented", 501, "unsupported"),
        ("InvalidArgument", 400, "unsupported"),
    ],
)
def test_verdict_by_answer(code: str, status: int, verdict: Verdict) -> None:
    assert put_that_must_fail(_AnsweringStore(code, status), "key", BODY, IfAbsent()) == verdict


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, DeniedError),
        ("ExpiredToken", 400, CredentialsError),
        ("AuthorizationHeaderMalformed", 400, StorageError),
        ("SlowDown", 503, StorageError),
        # 400s that are not about the header: a slow body, and a bucket with Object Lock.
        ("RequestTimeout", 400, StorageError),
        ("MissingContentMD5", 400, ChecksumRequiredError),
    ],
)
def test_answers_that_say_nothing_of_conditions_are_raised(code: str, status: int, error: type[StorageError]) -> None:
    with pytest.raises(error) as caught:
        put_that_must_fail(_AnsweringStore(code, status), "key", BODY, IfAbsent())
    assert (caught.value.code, caught.value.status) == (code, status)
