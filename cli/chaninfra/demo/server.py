"""The demo's S3 server: moto, in memory, on a free port of 127.0.0.1. It does not check permissions."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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
def embedded_s3() -> Iterator[str]:
    """Run a server in a thread of this process within the block; yield its URL."""
    from moto.server import ThreadedMotoServer

    # No log line per request: they would hide the demo's output.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with _direct():
            yield f"http://{host}:{port}"
    finally:
        server.stop()
