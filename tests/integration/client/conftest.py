"""What the tests of the doctor share: a process that runs the program, and a healthy channel on each server."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.channels.cli_daemon import Resident
from support.channels.sick_channels import Patient, fill
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
