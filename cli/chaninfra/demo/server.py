"""The embedded S3 server of the demo: moto, in memory, on a free loopback port. It is no judge of access."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from chaninfra.channel.errors import ChaninfraError


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
        yield f"http://{host}:{port}"
    finally:
        server.stop()
