"""The embedded S3 server of the demo: moto, in memory, on a free loopback port. It is no judge of access."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from chaninfra.channel.errors import ChaninfraError

_NAMES = ("NO_PROXY", "no_proxy")


def direct(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which programs go to this machine itself without a proxy, and where they already did."""
    # Some read the one and some the other, so both say the same.
    given = [host.strip() for name in _NAMES for host in environment.get(name, "").split(",")]
    hosts = dict.fromkeys([*filter(None, given), "127.0.0.1", "localhost"])
    # Python knows the star only where it stands alone.
    value = "*" if "*" in hosts else ",".join(hosts)
    return dict.fromkeys(_NAMES, value)


@contextmanager
def _direct() -> Iterator[None]:
    """This process goes to this machine itself without a proxy, and so do those it starts."""
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
    """The URL of a server that runs in a thread of this process, so that it ends with it."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        raise ChaninfraError(
            "the demo needs packages that are not installed", remedy="pip install 'chaninfra[demo]'"
        ) from error
    # A line for each request would drown the story.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with _direct():
            yield f"http://{host}:{port}"
    finally:
        server.stop()
