"""Answers of stores as errors; only NoSuchKey may mean that an object does not exist."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ChecksumRequiredError,
    ClockError,
    ConflictError,
    CredentialsError,
    DeniedError,
    NotS3Error,
    StorageError,
    UnreachableError,
    UnsupportedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.obstore_answers import code_and_status

HERE = Location(bucket="my-bucket", endpoint_url="http://store", region="eu-1", force_path_style=True)


@pytest.mark.parametrize(
    ("code", "status", "kind", "exit_code", "says"),
    [
        ("NoSuchBucket", 404, BucketMissingError, 1, "there is no bucket 'my-bucket'"),
        ("InvalidAccessKeyId", 403, CredentialsError, 5, "it does not know this access key (InvalidAccessKeyId)"),
        ("SignatureDoesNotMatch", 403, CredentialsError, 5, "the secret access key is not the one of this access key"),
        ("ExpiredToken", 400, CredentialsError, 5, "they have expired (ExpiredToken)"),
        ("ExpiredToken", 400, CredentialsError, 5, "log in again"),
        # AWS's and versitygw's, MinIO's, and STS's answers to a session token that is not the key's.
        ("InvalidToken", 400, CredentialsError, 5, "the session token is not valid"),
        ("InvalidTokenId", 403, CredentialsError, 5, "unset S3_SESSION_TOKEN and AWS_SESSION_TOKEN"),
        ("InvalidClientTokenId", 403, CredentialsError, 5, "it does not know this access key"),
        # versitygw's answer to an access key that it does not know.
        ("XAdminUserNotFound", 404, CredentialsError, 5, "does not accept these credentials"),
        # s3s-fs's.
        ("NotSignedUp", 403, CredentialsError, 5, "it does not know this access key (NotSignedUp)"),
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


@pytest.mark.parametrize(
    ("url", "probable"),
    [
        ("http://minio.example.com:9001", "http://minio.example.com:9000"),
        ("https://[::1]:9001", "https://[::1]:9000"),
        ("http://minio.example.com:9000", None),
    ],
)
def test_a_console_is_not_the_api(url: str, probable: str | None) -> None:
    text = "<Error><Code>InvalidArgument</Code><Message>S3 API Requests must be made to API port.</Message></Error>"
    error = error_for(replace(HERE, endpoint_url=url), "InvalidArgument", 400, doing="read", text=text)
    assert type(error) is NotS3Error
    assert "this is not the S3 API" in error.message
    for remedy in (str(error.remedy), str(error.stack_remedy)):
        assert (probable in remedy) if probable else ("probably" not in remedy)
        assert "`API:`" in remedy
    assert "--endpoint-url" not in str(error.stack_remedy)


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
    assert code_and_status(Exception(message)) == expected


@pytest.mark.parametrize(
    ("message", "kind", "says"),
    [
        # Garage's answers: the code is AccessDenied for all of them.
        ("Forbidden: Invalid signature", CredentialsError, "the secret access key is not the one of this access key"),
        ("Forbidden: No such key: GK0123", CredentialsError, "it does not know this access key"),
        ("Forbidden: Operation is not allowed for this key.", DeniedError, "these credentials may not read"),
        ("Access Denied.", DeniedError, "these credentials may not read"),
    ],
)
def test_what_a_store_says_with_a_403(message: str, kind: type[ChaninfraError], says: str) -> None:
    by_obstore = f"403 Forbidden: <Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    by_boto3 = (
        f"An error occurred (AccessDenied) when calling the GetObject operation (reached max retries: 3): {message}"
    )
    for text in (by_obstore, by_boto3):
        error = error_for(HERE, "AccessDenied", 403, doing="read", key="a/key", text=text)
        assert type(error) is kind
        assert says in error.message


def test_without_credentials_nobody_lacks_a_right() -> None:
    error = error_for(HERE, "AccessDenied", 403, doing="read", key="a/key", anonymous=True)
    assert type(error) is DeniedError
    assert error.message == "there are no credentials, and without them the store lets nobody read s3://my-bucket/a/key"
    assert "--profile NAME" in (error.remedy or "")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
            "parameters",
        ),
        ("MissingContentMD5", "Missing required header for this request: Content-Md5."),
        ("InvalidRequest", "Content-MD5 HTTP header is required for Put Object requests with Object Lock parameters"),
    ],
)
def test_a_bucket_with_object_lock_wants_a_checksum(code: str, message: str) -> None:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    error = error_for(HERE, code, 400, doing="write", key="a/key", text=text)
    assert type(error) is ChecksumRequiredError
    assert "wants a checksum with each PUT" in error.message


@pytest.mark.parametrize("code", ["NoSuchBucket", "PermanentRedirect", "NoSuchKey"])
def test_an_endpoint_with_the_bucket_in_it_is_corrected(code: str) -> None:
    place = replace(HERE, endpoint_url="https://my-bucket.s3.eu-1.example.com")
    error = error_for(place, code, 404, doing="read")
    assert "without it: --endpoint-url https://s3.eu-1.example.com" in (error.remedy or "")


def test_what_the_store_says_is_safe_to_print_and_short() -> None:
    text = f"<Error><Code>Odd</Code><Message>\x1b[2J{'x' * 5000}</Message></Error>"
    error = error_for(HERE, "Odd", 400, doing="read", text=text)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 700


def test_the_clock_is_named_where_a_store_has_no_code_for_it() -> None:
    by_obstore = "400: <Error><Code>InvalidRequest</Code><Message>Bad request: Date is too old</Message></Error>"
    by_boto3 = "An error occurred (InvalidRequest) when calling the GetObject operation: Bad request: Date is too old"
    for text in (by_obstore, by_boto3):
        assert type(error_for(HERE, "InvalidRequest", 400, doing="read", text=text)) is ClockError
    other = "An error occurred (InvalidRequest) when calling the GetObject operation: Bad request: no date"
    assert type(error_for(HERE, "InvalidRequest", 400, doing="read", text=other)) is StorageError
