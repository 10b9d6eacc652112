"""What these tests share: new channels; for the doctor a process that runs the program, and healthy channels."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.channels.channel_at import Place, new_place
from support.channels.cli_daemon import Resident
from support.channels.new_channel import create_channel
from support.channels.sick_channels import Patient, copy, fill
from support.servers.s3_proxy import Proxy, proxy
from support.servers.s3_servers import Server


@pytest.fixture(scope="module")
def program() -> Iterator[Resident]:
    """A process that runs the command lines of a file's tests."""
    with Resident() as running:
        yield running


@pytest.fixture(scope="module")
def healthy(
    minio: Server, versitygw: Server, program: Resident, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Patient]:
    """A channel on each server, which tests must not change."""
    folder = tmp_path_factory.mktemp("packages")
    return {each.name: fill(each, f"healthy-{os.urandom(6).hex()}", program, folder) for each in (minio, versitygw)}


@pytest.fixture
def minio_patient(healthy: dict[str, Patient]) -> Patient:
    """The healthy channel on MinIO."""
    return healthy["minio"]


@pytest.fixture
def gateway_patient(healthy: dict[str, Patient]) -> Patient:
    """The healthy channel on versitygw."""
    return healthy["versitygw"]


@pytest.fixture
def unchanged(server: Server, healthy: dict[str, Patient]) -> Patient:
    """The healthy channel, on each server in turn."""
    return healthy[server.name]


@pytest.fixture
def copied(server: Server, healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel to change, on each server in turn."""
    return copy(healthy[server.name], bucket_name)


@pytest.fixture
def place(server: Server, bucket_name: str) -> Place:
    """A new channel with the subdir noarch only, on each server in turn."""
    return new_place(server, bucket_name)


@pytest.fixture
def on_minio(minio: Server, bucket_name: str) -> Place:
    """The same on MinIO only, whose STS sessions accept a policy, and for what does not depend on the store."""
    return new_place(minio, bucket_name)


@pytest.fixture
def before(minio: Server) -> Iterator[Proxy]:
    """A proxy before MinIO."""
    with proxy(minio) as running:
        yield running


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> str:
    """The URL of a new channel on MinIO."""
    minio.client().create_bucket(Bucket=bucket_name)
    url = f"s3://{bucket_name}/c"
    create_channel(minio, url, "linux-64")
    return url
