"""Fifty runs in a row with piped output, a third of them meant to fail: every exit code is right.

py-rattler's runtime can abort the interpreter during its shutdown, in a tenth or more of short runs; a single run would
not show that.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

RUNS = 50


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> str:
    minio.client().create_bucket(Bucket=bucket_name)
    url = f"s3://{bucket_name}/c"
    create_channel(minio, url, "linux-64")
    return url


def check(done: tuple[int, str], wanted: int, tally: Counter[int]) -> None:
    code, said = done
    tally[code] += 1
    assert code == wanted, said
    assert "Traceback" not in said


def test_fifty_runs_of_publish(minio: Server, channel: str, tmp_path: Path) -> None:
    at = ("-c", channel, "--endpoint-url", minio.endpoint_url)
    other = make_package(tmp_path / "other", "package-0", "1.0", payload=b"other bytes")
    first = make_package(tmp_path, "package-0", "1.0")
    failing = (
        (4, ("publish", other, *at), {}),
        (5, ("publish", first, *at), {"AWS_ACCESS_KEY_ID": "nobody"}),
        (5, ("publish", first, *at), {"AWS_SECRET_ACCESS_KEY": "wrong"}),
        (1, ("publish", first, "-c", channel, "--endpoint-url", "http://127.0.0.1:1"), {}),
        (2, ("publish", tmp_path / "none-1-0.conda", *at), {}),
    )
    tally: Counter[int] = Counter()
    for number in range(RUNS):
        wanted, args, env = 0, ("publish", make_package(tmp_path, f"package-{number}", "1.0"), *at), {}
        if number % 3 == 2:
            wanted, args, env = failing[number // 3 % len(failing)]
        done = chaninfra(*args, server=minio, env=env)
        check((done.returncode, done.stderr), wanted, tally)
    assert tally == {0: 34, 1: 3, 2: 3, 4: 4, 5: 6}
    listed = chaninfra("ls", channel, "--endpoint-url", minio.endpoint_url, server=minio)
    assert "34 packages" in listed.stdout


def test_fifty_runs_of_reindex(minio: Server, channel: str, tmp_path: Path) -> None:
    at = ("--endpoint-url", minio.endpoint_url)
    package = make_package(tmp_path, "package", "1.0")
    assert chaninfra("publish", package, "-c", channel, *at, server=minio).returncode == 0
    failing = (
        (5, (channel, *at), {"AWS_ACCESS_KEY_ID": "nobody"}),
        (5, (channel, *at, "--secret-access-key", "wrong", "--access-key-id", minio.access_key_id), {}),
        (1, (channel, "--endpoint-url", "http://127.0.0.1:1"), {}),
        (1, ("s3://there-is-no-such-bucket/c", *at), {}),
        (2, (channel, *at, "--provider", "nonsense"), {}),
    )
    tally: Counter[int] = Counter()
    for number in range(RUNS):
        wanted, args, env = 0, (channel, *at, "--region", "us-east-1", "--force-path-style"), {}
        if number % 3 == 2:
            wanted, args, env = failing[number // 3 % len(failing)]
        done = chaninfra("reindex", *args, server=minio, env=env)
        check((done.returncode, done.stderr), wanted, tally)
        if not wanted:
            assert done.stdout == "noarch: 1 package (as before)\nlinux-64: 0 packages (as before)\n"
    assert tally == {0: 34, 1: 6, 2: 3, 5: 7}
