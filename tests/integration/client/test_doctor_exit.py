"""The doctor's end: what it calls of py-rattler can abort an interpreter, and the exit code must be its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.channels.channel_at import Place
from support.channels.cli_daemon import Resident
from support.channels.sick_channels import fill
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

TIMES = 50


def test_it_ends_with_its_own_exit_code_each_time(versitygw: Server, bucket_name: str, tmp_path: Path) -> None:
    with Resident() as program:
        healthy = fill(versitygw, bucket_name, program, tmp_path)
    place = Place(healthy.server, healthy.bucket, healthy.url)
    assert [place.run("doctor", "--check", "reader").returncode for _ in range(TIMES)] == [0] * TIMES
