"""Descriptors from a URL: which redirects are followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.channel_argument.fetch import fetch


@contextmanager
def redirecting_to(place: str) -> Iterator[str]:
    """The URL of a server that redirects /old to `place` and answers any other path with `found`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/old" else 200)
            self.send_header("Location", place)
            self.end_headers()
            self.wfile.write(b"found")

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("place", ["http://clear.invalid/channel.json", "ftp://clear.invalid/channel.json"])
def test_a_redirect_to_plain_http_is_refused(place: str) -> None:
    with redirecting_to(place) as server, pytest.raises(ConfigurationError) as caught:
        fetch(f"{server}/old")
    assert place in caught.value.message
    assert caught.value.where == f"{server}/old"
    assert "https://" in str(caught.value.remedy)


def test_a_redirect_to_this_machine_is_followed() -> None:
    with redirecting_to("/new") as server:
        assert fetch(f"{server}/old") == b"found"
