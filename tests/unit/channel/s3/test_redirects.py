"""A redirect to another host is not followed: the session token would go with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chaninfra.channel.errors import ChaninfraError, UnreachableError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.s3.boto import s3_client, translating_errors
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.servers.recorder import Recorder, recording


@pytest.fixture
def other() -> Iterator[Recorder]:
    """The other host: the same server by another name."""
    with recording() as running:
        running.url = running.url.replace("127.0.0.1", "localhost")
        yield running


@contextmanager
def redirecting(status: int, to: str) -> Iterator[Location]:
    """A server that redirects each request to the same path at `to`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Location", to + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield Location(bucket="b", endpoint_url=url, region="eu-1", force_path_style=True)
        server.shutdown()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_is_sent_to_another_host(other: Recorder, status: int) -> None:
    """Not by obstore, and not by boto3, which has an answer to redirects of its own."""
    credentials = Credentials("key", "secret", "token")
    with redirecting(status, other.url) as location:
        store = S3Store(location, credentials)
        calls = (
            lambda: store.get("k"),
            lambda: store.head("k"),
            lambda: store.get_range("k", '"1"', 0, 1),
            lambda: next(store.list("k"), None),
            lambda: store.put("k", ObjectBody(data=b"x", content_type="text/plain")),
            lambda: store.delete(["k"]),
        )
        for call in calls:
            with pytest.raises(ChaninfraError):
                call()
        with pytest.raises(ChaninfraError), translating_errors(location, "read"):
            s3_client(location, credentials).get_object(Bucket="b", Key="k")
    assert other.requests == []


def test_the_error_says_so(other: Recorder) -> None:
    with redirecting(307, other.url) as location, pytest.raises(UnreachableError) as caught:
        S3Store(location, Credentials("key", "secret", "token")).get("k")
    assert "redirects to another host" in caught.value.message
    assert caught.value.where == location.endpoint_url
    assert f"curl -sI {location.endpoint_url}" in (caught.value.remedy or "")


def test_a_redirect_on_the_same_host_is_followed(other: Recorder) -> None:
    other.files["/b/k"] = b"found"
    with redirecting(307, other.url.replace("localhost", "127.0.0.1")) as location:
        found = S3Store(location, None).get("k")
    assert found is not None
    assert found.data == b"found"


def test_a_proxy_of_the_environment_stays_in_use(monkeypatch: pytest.MonkeyPatch, other: Recorder) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", other.url)
    location = Location(bucket="b", endpoint_url="http://store.example", region="eu-1", force_path_style=True)
    assert S3Store(location, None).get("k") is None
    assert other.requests[0].line.startswith("GET http://store.example/b/k")
