"""The control plane by boto3: clients for a bucket, and their errors as ours."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import CredentialsError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.error_codes import error_for

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


# A client may be shared by threads, and boto3 takes a quarter of a second to make another.
@lru_cache(maxsize=8)
def s3_client(location: Location, credentials: Credentials | None) -> S3Client:
    """A boto3 client for the bucket's endpoint; `credentials` None: unsigned."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        s3={"addressing_style": "path" if location.force_path_style else "virtual"},
        # Newer checksums by default are refused by several stores.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        signature_version=UNSIGNED if credentials is None else "s3v4",
    )
    # A session of its own: the default one is shared by threads and reads the environment.
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=location.endpoint_url,
        region_name=location.region,
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key if credentials else None,
        aws_session_token=credentials.session_token if credentials else None,
        config=config,
        verify=_authorities(),
    )
    client.meta.events.register("before-call.s3", _content_md5)
    return client


def _authorities() -> str | None:
    """The certificates to trust, where the environment names some as it does for all our other requests; boto3 alone
    has a variable of its own for that, and None lets it look there."""
    return None if os.environ.get("AWS_CA_BUNDLE") else os.environ.get("SSL_CERT_FILE") or None


def _content_md5(model: Any, params: dict[str, Any], **_: Any) -> None:
    """Content-MD5 where S3 demands a digest of the body (the settings of a bucket, DeleteObjects).

    Every store knows it, and several know nothing newer.
    """
    checksum = params["context"].get("checksum", {})
    if "request_algorithm" in checksum and model.http_checksum.get("requestChecksumRequired"):
        del params["context"]["checksum"]
        digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
        params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()


@contextmanager
def newer_digests(client: S3Client) -> Iterator[None]:
    """Calls within give that digest by the x-amz-checksum headers, as AWS's SDKs do by default."""
    client.meta.events.unregister("before-call.s3", _content_md5)
    try:
        yield
    finally:
        client.meta.events.register("before-call.s3", _content_md5)


@contextmanager
def translating_errors(location: Location, doing: str, key: str = "") -> Iterator[None]:
    """Turns what boto3 raises within into our errors."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        code, status = code_and_status(error)
        raise error_for(location, code, status, doing=doing, key=key, region=_region(error.response)) from error
    except NoCredentialsError as error:
        raise CredentialsError("no credentials were found") from error
    except (BotoCoreError, Boto3Error) as error:
        raise error_for(location, "", None, doing=doing, key=key, detail=type(error).__name__) from error


def _region(response: Mapping[str, Any]) -> str:
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region") or "")


def code_and_status(error: Exception) -> tuple[str, int]:
    """The S3 error code ("" where the answer had no body, as to HEAD) and the http status of a ClientError."""
    response = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return ("" if code.isdigit() else code, status)
