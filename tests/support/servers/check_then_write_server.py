"""A stand-in for stores like s3s-fs 0.14, whose conditional writes are not atomic: it checks the condition, waits a
moment, and then writes whatever happened meanwhile. One write at a time looks as on S3; of several at once, all win."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.exceptions import ClientError

from support.servers.fault_server import Answer, Fault, Request, error, faulty
from support.servers.s3_servers import Server

Chosen = Callable[[Request], bool]


def is_create(request: Request) -> bool:
    """A PUT with If-None-Match."""
    return request.method == "PUT" and request.header("if-none-match") is not None


def is_replace(request: Request) -> bool:
    """A PUT with If-Match."""
    return request.method == "PUT" and request.header("if-match") is not None


def is_completion(request: Request) -> bool:
    """The completion of a multipart upload with If-None-Match."""
    return request.method == "POST" and request.header("if-none-match") is not None


def is_conditional(request: Request) -> bool:
    """Any of them."""
    return is_create(request) or is_replace(request) or is_completion(request)


@contextmanager
def check_then_write(server: Server, chosen: Chosen = is_conditional, seconds: float = 0.05) -> Iterator[Server]:
    """The server behind a proxy that treats the `chosen` requests so; `seconds` pass between check and write."""
    with faulty(server, _fault(server, chosen, seconds)) as proxied:
        yield proxied


@contextmanager
def ignores_conditions_on_versions(server: Server) -> Iterator[Server]:
    """The server behind a proxy that, like Ceph 16, ignores If-None-Match in a bucket with versioning."""
    lock, client = threading.Lock(), server.client()

    def fault(request: Request) -> None:
        if not is_create(request) and not is_completion(request):
            return
        bucket = unquote(urlsplit(request.path).path).removeprefix("/").partition("/")[0]
        with lock:
            status = client.get_bucket_versioning(Bucket=bucket).get("Status")
        if status == "Enabled":
            request.drop("if-none-match")

    with faulty(server, fault) as proxied:
        yield proxied


def _fault(server: Server, chosen: Chosen, seconds: float) -> Fault:
    lock, client = threading.Lock(), server.client()

    def etag_of(request: Request) -> str | None:
        bucket, _, key = unquote(urlsplit(request.path).path).removeprefix("/").partition("/")
        try:
            with lock:
                found: Any = client.head_object(Bucket=bucket, Key=key)
        except ClientError as problem:
            if problem.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return str(found["ETag"])

    def fault(request: Request) -> Answer | None:
        if not chosen(request):
            return None
        there, wanted = etag_of(request), request.header("if-match")
        holds = there is None if wanted is None else there == wanted or there == re.sub('^"?|"?$', '"', wanted)
        if not holds:
            return error(412, "PreconditionFailed")
        time.sleep(seconds)
        request.drop("if-none-match", "if-match")
        return None

    return fault
