"""boto3 clients for a bucket, and their errors as ours: for all that the object store does not do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError, CredentialsError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import REMEDY, Credentials
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.trust import ca_bundle

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


WITH_CHECKSUM = {"ChecksumAlgorithm": "CRC32"}
"""Arguments for an upload with an `x-amz-checksum-crc32` header: the cheapest one; each part has one of its own."""


_making = Lock()


def s3_client(location: Location, credentials: Credentials | None) -> S3Client:
    """A boto3 client for the bucket's endpoint. `credentials` None: requests are not signed."""
    # Eight threads that begin at once would make eight.
    with _making:
        return _client(location, credentials)


# Threads may share a client, and boto3 takes a quarter of a second and 15 MB to create one.
@lru_cache(maxsize=8)
def _client(location: Location, credentials: Credentials | None) -> S3Client:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        # botocore's word for virtual-host is "virtual".
        s3={"addressing_style": "path" if location.addressing_style == "path" else "virtual"},
        # Several stores reject the checksums that boto3 sends by default since 1.36.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": 4},
        connect_timeout=5,
        signature_version=UNSIGNED if credentials is None else "s3v4",
    )
    # Not the default session: threads share that one, and it reads the environment.
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=location.endpoint_url,
        region_name=location.region,
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key if credentials else None,
        aws_session_token=credentials.session_token if credentials else None,
        config=config,
        verify=ca_bundle() if location.endpoint_url.startswith("https:") else None,
    )
    client.meta.events.register("before-call.s3", _content_md5)
    client.meta.events.register("before-call.s3", _no_redirect)
    return client


def _no_redirect(model: Any, params: dict[str, Any], **_: Any) -> None:
    """Have botocore report a redirect as the answer. It would ask the same endpoint for the bucket's region by a HEAD,
    and follow a redirect of that in the same way, without end.
    """
    params["context"].setdefault("s3_redirect", {})["redirected"] = True


def _content_md5(model: Any, params: dict[str, Any], **_: Any) -> None:
    """Send Content-MD5 where S3 requires a digest of the body (bucket settings, DeleteObjects).

    Every store accepts Content-MD5, and several accept nothing newer.
    """
    checksum = params["context"].get("checksum", {})
    if "request_algorithm" in checksum and model.http_checksum.get("requestChecksumRequired"):
        del params["context"]["checksum"]
        digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
        params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()


@contextmanager
def newer_digests(client: S3Client) -> Iterator[None]:
    """Within, calls send x-amz-checksum headers instead of Content-MD5, as AWS's SDKs do by default."""
    client.meta.events.unregister("before-call.s3", _content_md5)
    try:
        yield
    finally:
        client.meta.events.register("before-call.s3", _content_md5)


@contextmanager
def translating_errors(location: Location, doing: str, key: str = "") -> Iterator[None]:
    """Within, the errors of boto3 are raised as ours; `doing` is the verb for the message: "read", "list"."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        code, status = code_and_status(error)
        raise error_for(
            location, code, status, doing=doing, key=key, text=str(error), region=_region(error.response)
        ) from error
    except NoCredentialsError as error:
        raise CredentialsError("there are no credentials", remedy=REMEDY) from error
    except (BotoCoreError, Boto3Error) as error:
        raise no_answer(location, error, doing=doing, key=key) from error


def no_answer(location: Location, error: Exception, *, doing: str, key: str = "") -> ChaninfraError:
    """Our error for one of botocore that is no answer of the store, whose cause only its attributes tell."""
    cause = getattr(error, "kwargs", {}).get("error", "")
    text = f"{error} {cause}"
    return error_for(location, "", None, doing=doing, key=key, detail=type(error).__name__, text=text)


def _region(response: Mapping[str, Any]) -> str:
    headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(response.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region") or "")


def code_and_status(error: Exception) -> tuple[str, int]:
    """The S3 error code and the HTTP status of a ClientError; the code is "" if the answer had no body, as to HEAD."""
    response = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return ("" if code.isdigit() else code, status)
