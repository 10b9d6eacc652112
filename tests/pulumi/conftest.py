"""An AWS for the tests of the program."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from s3_servers import Server


@pytest.fixture(scope="session")
def aws() -> Iterator[Server]:
    """An AWS in memory, by moto, which judges no access."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Server("moto", f"http://{host}:{port}", "AKIAIOSFODNN7EXAMPLE", "moto takes any", "eu-central-1")
    server.stop()
