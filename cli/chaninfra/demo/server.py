"""The demo's S3 server: moto, in memory, on a free port of 127.0.0.1. It does not check permissions."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NAMES = ("NO_PROXY", "no_proxy")


def direct(environment: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY and no_proxy of `environment` with this machine's own names added, so that no proxy is used for it."""
    # Some programs read the one and some the other, so both get the same value.
    given = [host.strip() for name in _NAMES for host in environment.get(name, "").split(",")]
    hosts = dict.fromkeys([*filter(None, given), "127.0.0.1", "localhost"])
    # Python understands `*` only as the whole value.
    value = "*" if "*" in hosts else ",".join(hosts)
    return dict.fromkeys(_NAMES, value)


@contextmanager
def _direct() -> Iterator[None]:
    """Set these variables for this process and its children within the block."""
    before = {name: os.environ.pop(name) for name in _NAMES if name in os.environ}
    os.environ.update(direct(before))
    try:
        yield
    finally:
        for name in _NAMES:
            os.environ.pop(name, None)
        os.environ.update(before)


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto in threads of this process within the block; yield its URL. Its conditional writes are atomic."""
    from moto.server import ThreadedMotoServer

    server: Any = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        server._server.app = _conditions_one_by_one(server._server.app)
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _conditions_one_by_one(app: WSGIApplication) -> WSGIApplication:
    """The application, which answers one request with a condition after the other: moto looks at the condition and
    writes later, so on a busy machine two writers could both succeed, as the probe finds.
    """
    lock = threading.Lock()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.keys().isdisjoint(("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")):
            return app(environ, start_response)
        with lock:
            return app(environ, start_response)

    return answer


@contextmanager
def embedded_s3() -> Iterator[str]:
    """Run the server within the block; yield its URL."""
    # No log line per request: they would hide the demo's output.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with moto_server() as url, _direct():
        yield url
