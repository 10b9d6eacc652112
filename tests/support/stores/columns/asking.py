"""What the experiments share: whether a call is there, who may read, and requests that leave at the same moment."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from threading import Barrier
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from botocore.exceptions import ClientError

from chaninfra.channel.s3.boto import code_and_status
from chaninfra.channel.s3.error_codes import is_missing_call
from support.servers.s3_servers import Server
from support.stores.model import Running

KEY = "main/file"
"""The key of the object in a `bucket_with_file`."""
BODY = b"what it holds"
DOES_NOT_APPLY = "does not apply"
"""What an experiment finds where the store lacks what the column is about."""
_TIMEOUT = 30
_SECONDS = 5.0
"""How long a store may take to act on a change of a bucket's settings."""
_NOT_SUPPORTED = frozenset(
    {"InvalidArgument", "InvalidRequest", "MalformedXML", "NotSupported", "UnsupportedOperation"}
)
"""Codes of 400 for a call, or a part of one, that a store does not have. AccessDenied and a 5xx say nothing about what
the store can do."""


def yes_or_no(found: bool) -> str:
    """As a column of capabilities says it."""
    return "yes" if found else "no"


def taken(call: Callable[[], object]) -> bool:
    """Makes a call: False where the answer says that the store does not have it. Raises ClientError for others."""
    try:
        call()
    except ClientError as error:
        code, status = code_and_status(error)
        if is_missing_call(code, status) or status == 501 or (status == 400 and code in _NOT_SUPPORTED):
            return False
        raise
    return True


def code_of(call: Callable[[], object]) -> str | None:
    """The S3 error code of a call, or its status where there is none; None if it succeeds. Raises for a 5xx."""
    try:
        call()
    except ClientError as error:
        code, status = code_and_status(error)
        if status >= 500:
            raise
        return code or str(status)
    return None


def becomes(wanted: Callable[[], bool]) -> bool:
    """Whether it is so within some seconds: some stores act on a change of settings late."""
    end = time.monotonic() + _SECONDS
    while not (found := wanted()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def bucket_with_file(running: Running) -> str:
    """A new bucket with the object KEY."""
    bucket = running.new_bucket()
    running.server.client().put_object(Bucket=bucket, Key=KEY, Body=BODY)
    return bucket


def fetched(running: Running, bucket: str, key: str, query: str = "") -> tuple[int, bytes]:
    """The status and the body of what a browser without credentials gets where the bucket is read by the public."""
    base, headers = running.store.site(running.server, bucket)
    # MinIO sends browsers elsewhere from some of its URLs.
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "Accept": "text/html"}
    request = urllib.request.Request(f"{base}/{quote(key)}{query}", headers={**browser, **headers})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 (a server of the tests)
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def anybody_reads(running: Running, bucket: str, query: str = "") -> bool:
    """Whether KEY is read without credentials."""
    status, body = fetched(running, bucket, KEY, query)
    assert status in (200, 401, 403, 404), (status, body)
    return status == 200


@dataclass(frozen=True)
class Answer:
    """The answer to a request: its status, and its error code, which CompleteMultipartUpload and CopyObject also give
    with the status 200."""

    status: int
    code: str
    headers: Mapping[str, str]
    """By their names in small letters."""

    @property
    def done(self) -> bool:
        """The store did it."""
        return self.status < 300 and not self.code

    @property
    def refused(self) -> bool:
        """The condition did not hold, or the store was busy with another request about the same."""
        return self.status in (409, 412, 429, 503) or self.code in ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True)
class Request:
    """A signed request, ready to be sent."""

    method: str
    target: str
    body: bytes
    headers: Mapping[str, str]


class _Prepared(Exception):  # noqa: N818 (no error)
    """A request that boto3 has signed, instead of its answer."""

    def __init__(self, request: Any) -> None:
        self.request = request


@cache
def _preparing(server: Server) -> Any:
    """A client that sends nothing."""

    def stop(request: Any, **_: Any) -> None:
        raise _Prepared(request)

    client = server.client(region_name=server.region)
    client.meta.events.register("before-send.s3", stop)
    return client


def prepared(server: Server, call: Callable[[Any], object]) -> Request:
    """The request that a call of boto3's client makes, which is not sent yet."""
    try:
        call(_preparing(server))
    except _Prepared as stopped:
        made = stopped.request
        body = made.body.read() if hasattr(made.body, "read") else made.body or b""
        # It would make the server answer twice.
        headers = {name: _text(value) for name, value in made.headers.items() if name.lower() != "expect"}
        parts = urlsplit(made.url)
        return Request(made.method, parts._replace(scheme="", netloc="").geturl(), body, headers)
    raise AssertionError("the call made no request")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def done(server: Server, call: Callable[[Any], object]) -> Answer:
    """The answer to the one request of a call of boto3's client."""
    return at_once(server, [prepared(server, call)])[0]


def at_once(server: Server, requests: Sequence[Request]) -> list[Answer]:
    """The answers to requests that leave at the same moment, each by a connection that is open by then."""
    barrier = Barrier(len(requests))
    host = urlsplit(server.endpoint_url).netloc

    def send(request: Request) -> Answer:
        connection = HTTPConnection(host, timeout=_TIMEOUT)
        try:
            connection.connect()
        finally:
            # Also after an error: the others wait for this one.
            barrier.wait(_TIMEOUT)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            got = connection.getresponse()
            headers = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, _code(got.read()), headers)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return [*pool.map(send, requests)]


def _code(body: bytes) -> str:
    """The error code in an answer; "" where there is none."""
    try:
        root: Any = ElementTree.fromstring(body)  # noqa: S314 (a server of the tests)
    except ElementTree.ParseError:
        return ""
    return (root.findtext("Code") or "") if root.tag.endswith("Error") else ""
