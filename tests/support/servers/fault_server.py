"""A server with faults: a proxy in this process before a real S3 server, on the loopback interface.

A request that no fault concerns goes on as it came, its Host with it, so that its signature holds and the server judges
it. One that a fault changes is signed anew, with the keys of the server's root.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.servers.s3_servers import Server

_HOP = {"connection", "expect", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Request:
    """A request on its way."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    changed: bool = False

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers.items() if key.lower() == name), None)

    def drop(self, *starts: str) -> None:
        """Takes headers out."""
        kept = {key: value for key, value in self.headers.items() if not key.lower().startswith(starts)}
        self.changed |= len(kept) != len(self.headers)
        self.headers = kept


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


Fault = Callable[[Request], Answer | None]
"""Changes a request before it goes on, or answers it."""
Look = Callable[[Request, Answer], Answer]
"""Sees an answer of the server, and may give another in its place."""


def error(status: int, code: str, more: str = "") -> Answer:
    """An answer of S3's form."""
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>no</Message>{more}</Error>"
    return Answer(status, [("Content-Type", "application/xml")], body.encode())


def strips_conditions(request: Request) -> None:
    """Conditional headers of writes are not heeded."""
    if request.method in ("PUT", "POST"):
        request.drop("if-")


def strips_conditions_of_parts(request: Request) -> None:
    """The same, only for the completion of multipart uploads."""
    if request.method == "POST":
        request.drop("if-")


def strips_conditions_of_copies(request: Request) -> None:
    """The same, only for copies: they are made over what is there."""
    if any(key.lower() == "x-amz-copy-source" for key in request.headers):
        request.drop("if-")


def rejects_conditions(request: Request) -> Answer | None:
    """Conditional headers of writes are answered 501."""
    conditional = any(key.lower() in ("if-match", "if-none-match") for key in request.headers)
    return error(501, "NotImplemented") if conditional and request.method in ("PUT", "POST") else None


def rejects_checksums(status: int, code: str) -> Fault:
    """The newer checksum headers are answered so."""

    def fault(request: Request) -> Answer | None:
        names = ("x-amz-checksum-", "x-amz-sdk-checksum-", "x-amz-trailer")
        return error(status, code) if any(key.lower().startswith(names) for key in request.headers) else None

    return fault


def is_in_region(region: str, status: int, code: str) -> Fault:
    """Only what is signed for this region is taken; it is told to anybody who asks for a bucket."""

    def fault(request: Request) -> Answer | None:
        signed = re.search(r"Credential=[^/]+/\d+/([^/]+)/", request.header("authorization") or "")
        if signed is None:
            asked = request.method == "HEAD" and request.path.count("/") == 1
            return Answer(403, [("x-amz-bucket-region", region)], b"") if asked else None
        if signed[1] != region:
            return error(status, code, "" if status == 301 else f"<Region>{region}</Region>")
        request.changed = True
        return None

    return fault


def hides_missing(request: Request, answer: Answer) -> Answer:
    """403 for a key that is not there."""
    return error(403, "AccessDenied") if answer.status == 404 and request.method in ("GET", "HEAD") else answer


def knows_no_missing(server: Server) -> Fault:
    """The deletion of an object that is not there is answered 404, as by GCS."""

    def fault(request: Request) -> Answer | None:
        path, _, query = request.path.partition("?")
        if request.method != "DELETE" or "uploadId" in query:
            return None
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        there = server.client().list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", ())
        return None if key in [each["Key"] for each in there] else error(404, "NoSuchKey")

    return fault


def is_late(seconds: float) -> Look:
    """The server's clock is behind by so much."""

    def look(_: Request, answer: Answer) -> Answer:
        date = formatdate(time.time() - seconds, usegmt=True)
        headers = [(key, date if key.lower() == "date" else value) for key, value in answer.headers]
        return replace(answer, headers=headers)

    return look


def answers_signed(status: int, code: str) -> Fault:
    """Whatever is signed is answered so."""

    def fault(request: Request) -> Answer | None:
        return error(status, code) if request.header("authorization") else None

    return fault


def is_abort(request: Request) -> bool:
    return request.method == "DELETE" and "uploadId=" in request.path


def refuses_aborts(request: Request) -> Answer | None:
    """Who may write and delete, and not abort an upload."""
    return error(403, "AccessDenied") if is_abort(request) else None


@dataclass
class Gate:
    """Holds one answer: `reached` is set when the server has done the request, which `choose` picked."""

    choose: Callable[[Request], bool]
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: Request, answer: Answer) -> Answer:
        if not self.reached.is_set() and self.choose(request):
            self.reached.set()
            self.opened.wait(60)
        return answer


@contextmanager
def faulty(server: Server, *faults: Fault | Callable[[Request], None], look: Look | None = None) -> Iterator[Server]:
    """The server behind a proxy with these faults."""
    upstream = urlsplit(server.endpoint_url)
    signer = S3SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", server.region)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Otherwise a body, which is sent after the headers, waits for their acknowledgement.
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            pass

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _HOP}
            request = Request(self.command, self.path, headers, body)
            answer = next((given for fault in faults if (given := fault(request)) is not None), None)
            if answer is None:
                answer = self._upstream(request)
                answer = look(request, answer) if look else answer
            # The server's own Date, and not another one beside it.
            self.send_response_only(answer.status)
            for key, value in answer.headers:
                if key.lower() not in _HOP - {"content-length" if request.method == "HEAD" else ""}:
                    self.send_header(key, value)
            if request.method != "HEAD":
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if request.method != "HEAD":
                self.wfile.write(answer.body)

        # As the library names them.
        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815

        def _upstream(self, request: Request) -> Answer:
            if request.changed and request.header("authorization"):
                _sign(request, signer)
            connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=60)
            try:
                connection.request(request.method, request.path, request.body, request.headers)
                given = connection.getresponse()
                return Answer(given.status, given.getheaders(), given.read())
            finally:
                connection.close()

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield replace(server, endpoint_url=f"http://127.0.0.1:{proxy.server_port}")
    finally:
        proxy.shutdown()
        proxy.server_close()


def _sign(request: Request, signer: S3SigV4Auth) -> None:
    request.drop("authorization", "x-amz-date", "x-amz-security-token")
    path, _, query = request.path.partition("?")
    # Signed again by the library, which quotes the path itself.
    url = f"http://{request.header('host')}{path}" + (f"?{query}" if query else "")
    signed = AWSRequest(request.method, url, headers=dict(request.headers), data=request.body)
    signer.add_auth(signed)
    request.headers = dict(signed.headers.items())
