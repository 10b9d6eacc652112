"""The doctor's exit code: py-rattler can abort the interpreter at exit, which must not change it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.channels.channel_at import Place
from support.channels.cli_daemon import Resident
from support.channels.sick_channels import fill
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

TIMES = 50


def test_the_doctor_exits_with_its_own_code_each_time(versitygw: Server, bucket_name: str, tmp_path: Path) -> None:
    with Resident() as program:
        healthy = fill(versitygw, bucket_name, program, tmp_path)
    place = Place(healthy.server, healthy.bucket, healthy.url)
    assert [place.run("doctor", "--check", "reader").returncode for _ in range(TIMES)] == [0] * TIMES
