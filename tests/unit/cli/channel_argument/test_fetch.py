"""Descriptors from a URL: which redirects are followed, and what a server cannot do to us."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, UnreachableError
from chaninfra.cli.channel_argument.fetch import fetch
from support.servers.recorder import recording

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """The URL of a server that answers each GET with `answer`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                # The client has had enough.
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def redirecting_to(place: str) -> Iterator[str]:
    """The URL of a server that redirects /old to `place` and answers any other path with `found`."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302 if request.path == "/old" else 200)
        request.send_header("Location", place)
        request.end_headers()
        request.wfile.write(b"found")

    with answering(answer) as url:
        yield url


@pytest.mark.parametrize(
    "place",
    [
        "http://clear.invalid/channel.json",
        "ftp://clear.invalid/channel.json",
        "https://other.invalid/channel.json",
        "https://127.0.0.1:1/channel.json",
        "http://localhost/channel.json",
        "//other.invalid/channel.json",
    ],
)
def test_a_redirect_to_another_origin_is_refused(place: str) -> None:
    with redirecting_to(place) as server, pytest.raises(ConfigurationError) as caught:
        fetch(f"{server}/old")
    assert place in caught.value.message
    assert caught.value.where == f"{server}/old"
    assert "URL of the file itself" in str(caught.value.remedy)


def test_a_redirect_to_a_file_is_refused() -> None:
    with redirecting_to("file:///etc/hostname") as server, pytest.raises(ConfigurationError, match="redirects"):
        fetch(f"{server}/old")


def test_another_port_is_another_origin() -> None:
    with (
        recording() as other,
        redirecting_to(f"{other.url}/channel.json") as server,
        pytest.raises(ConfigurationError),
    ):
        fetch(f"{server}/old")
    assert not other.requests


def test_a_redirect_with_credentials_is_refused_without_them() -> None:
    with redirecting_to("https://user:se/cret@other.invalid/c") as server, pytest.raises(ConfigurationError) as caught:
        fetch(f"{server}/old")
    assert "cret" not in str(caught.value)


def test_a_redirect_within_the_origin_is_followed() -> None:
    with redirecting_to("/new") as server:
        assert fetch(f"{server}/old") == b"found"


def test_a_circle_of_redirects_ends() -> None:
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        request.send_response(302)
        request.send_header("Location", f"/{len(asked)}")
        request.end_headers()

    with answering(answer) as server, pytest.raises(ChaninfraError, match="redirects too often") as caught:
        fetch(f"{server}/0")
    assert len(asked) <= 5
    assert caught.value.remedy


def _drip(request: BaseHTTPRequestHandler, before: bytes, drop: bytes) -> None:
    request.wfile.write(before)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        request.wfile.write(drop)
        request.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\n", b" "),
    ],
    ids=["silence", "headers", "body", "length", "chunks", "error"],
)
def test_a_server_that_never_ends_is_given_up(before: bytes, drop: bytes) -> None:
    started = time.monotonic()
    with answering(lambda request: _drip(request, before, drop)) as server, pytest.raises(ChaninfraError) as caught:
        fetch(f"{server}/c", seconds=1)
    assert time.monotonic() - started < 20
    assert "404" in str(caught.value) or isinstance(caught.value, UnreachableError)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "headers", [b"", b"Content-Length: 999999999\r\n", b"Transfer-Encoding: chunked\r\n"], ids=["", "length", "chunks"]
)
def test_no_more_than_the_limit_is_read(headers: bytes) -> None:
    sent = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.wfile.write(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n")
        piece = b"10000\r\n" + b" " * (1 << 16) + b"\r\n" if b"chunked" in headers else b" " * (1 << 16)
        while sent < 1 << 30:
            request.wfile.write(piece)
            sent += len(piece)

    with answering(answer) as server, pytest.raises(ConfigurationError, match="larger than"):
        fetch(f"{server}/c", max_bytes=1 << 20)
    # What the sockets of both sides hold comes on top.
    assert sent < 32 << 20


def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with recording() as proxy, redirecting_to("/new") as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert fetch(f"{server}/new") == b"found"
    assert not proxy.requests
