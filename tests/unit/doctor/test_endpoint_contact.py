"""One unsigned request to an endpoint, on servers of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chaninfra.doctor.endpoint_contact import contact
from support.servers.s3_servers import free_port


@contextmanager
def endpoint(status: int, **headers: str) -> Iterator[str]:
    """A server that answers each GET with this status and these headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [200, 301, 403, 503])
def test_any_status_is_an_answer(status: int) -> None:
    with endpoint(status, Location="http://127.0.0.1:1/") as url:
        found = contact(url)
    assert (found.failed_at, found.message, found.clock_ahead) == (None, f"http {status} to an unsigned request", None)


@pytest.mark.parametrize("minutes", [-20, 0, 20])
def test_the_date_header_tells_the_endpoints_clock(minutes: int) -> None:
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    with endpoint(200, Date=format_datetime(now, usegmt=True)) as url:
        ahead = contact(url).clock_ahead
    assert ahead is not None
    assert abs(ahead - timedelta(minutes=minutes)) < timedelta(seconds=10)


def test_an_unreadable_date_is_ignored() -> None:
    with endpoint(200, Date="today") as url:
        assert contact(url).clock_ahead is None


def test_an_endpoint_that_does_not_answer() -> None:
    found = contact(f"http://127.0.0.1:{free_port()}")
    assert found.failed_at == "endpoint"
    assert "Connection refused" in found.message


def test_an_endpoint_that_does_not_speak_tls() -> None:
    with endpoint(200) as url:
        found = contact(url.replace("http:", "https:"))
    assert (found.failed_at, found.message) == ("scheme", "it speaks http, not https")
