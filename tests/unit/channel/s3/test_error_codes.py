"""Answers of stores as errors; only NoSuchKey may mean that an object does not exist."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ClockError,
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
    UnsupportedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.object_store import _code_and_status

HERE = Location(bucket="my-bucket", endpoint_url="http://store", region="eu-1", force_path_style=True)


@pytest.mark.parametrize(
    ("code", "status", "kind", "exit_code", "says"),
    [
        ("NoSuchBucket", 404, BucketMissingError, 1, "there is no bucket 'my-bucket'"),
        ("InvalidAccessKeyId", 403, CredentialsError, 5, "does not accept these credentials (InvalidAccessKeyId)"),
        ("SignatureDoesNotMatch", 403, CredentialsError, 5, "does not accept these credentials"),
        # versitygw's answer to an access key that it does not know.
        ("XAdminUserNotFound", 404, CredentialsError, 5, "does not accept these credentials"),
        ("RequestTimeTooSkewed", 403, ClockError, 5, "the clocks of this machine and of the store differ"),
        ("AccessDenied", 403, DeniedError, 5, "may not read s3://my-bucket/a/key (AccessDenied)"),
        ("AccessDenied", 200, DeniedError, 5, "may not read s3://my-bucket/a/key (AccessDenied)"),
        ("", 403, DeniedError, 5, "may not read s3://my-bucket/a/key"),
        ("PreconditionFailed", 412, ConflictError, 4, "changed by another writer"),
        ("ConditionalRequestConflict", 409, ConflictError, 4, "changed by another writer"),
        ("PermanentRedirect", 301, WrongRegionError, 1, "in region 'eu-1'"),
        ("NotImplemented", 501, UnsupportedError, 1, "does not support this request to read s3://my-bucket/a/key"),
        ("", 501, UnsupportedError, 1, "chaninfra doctor --probe"),
        ("SlowDown", 503, StorageError, 1, "the store answered 503 SlowDown"),
        ("NoSuchKey", 404, StorageError, 1, "the store answered 404 NoSuchKey"),
        ("", 404, StorageError, 1, "the store answered 404"),
        ("", None, UnreachableError, 1, "no answer (ConnectTimeout)"),
    ],
)
def test_each_answer_has_its_error(
    code: str, status: int | None, kind: type[ChaninfraError], exit_code: int, says: str
) -> None:
    error = error_for(HERE, code, status, doing="read", key="a/key", detail="" if status else "ConnectTimeout")
    assert type(error) is kind
    assert error.exit_code == exit_code
    assert says in str(error)
    assert error.remedy
    if isinstance(error, StorageError):
        assert (error.code, error.status) == (code, status)


def test_the_region_that_the_store_reports_is_the_remedy() -> None:
    error = error_for(HERE, "AuthorizationHeaderMalformed", 400, doing="read", region="eu-2")
    assert isinstance(error, WrongRegionError)
    assert error.reported == "eu-2"
    assert error.remedy == "set `region` to eu-2; for a single command, add --region eu-2"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Client error with status code: 404 Not Found: <Error><Code>NoSuchKey</Code></Error>", ("NoSuchKey", 404)),
        ("Server returned non-2xx status code: 403 Forbidden: ", ("", 403)),
        ("DeleteObjects request failed for key a: Access Denied. (code: AccessDenied)", ("AccessDenied", 200)),
        ("Received redirect without LOCATION, this normally indicates …", ("PermanentRedirect", 301)),
        ("error sending request: connection refused", ("", None)),
    ],
)
def test_code_and_status_of_an_obstore_error(message: str, expected: tuple[str, int | None]) -> None:
    assert _code_and_status(Exception(message)) == expected
