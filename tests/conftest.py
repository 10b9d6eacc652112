"""What the tests of all folders share: the S3 servers, and names of buckets."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator

import pytest

from chaninfra.demo.server import direct
from support.servers import s3_servers
from support.servers.s3_servers import Server

# The servers of the tests are on this machine; a proxy may be set for the registries. Children inherit it.
os.environ.update(direct(os.environ))


# What a shell puts in the background has Ctrl-C ignored, and children inherit that; ours are to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """MinIO, for the whole session."""
    with s3_servers.minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """versitygw, for the whole session."""
    with s3_servers.versitygw(tmp_path_factory.mktemp("versitygw")) as server:
        yield server


@pytest.fixture(params=["minio", "versitygw"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two."""
    running: Server = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="session")
def aws() -> Iterator[Server]:
    """An AWS in memory, by moto, which judges no access."""
    # It takes more than a second to import.
    from support.servers import moto_more

    with moto_more.served() as endpoint_url:
        yield Server("moto", endpoint_url, "AKIAIOSFODNN7EXAMPLE", "moto takes any", "eu-central-1")


@pytest.fixture
def bucket_name() -> str:
    """The name of a bucket that no other test has; nothing has made it yet."""
    return f"test-{secrets.token_hex(6)}"
