"""The action on a real store: it installs itself, and publishes what a pattern names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from support.channels import conda_client
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.release.action import run
from support.release.distributions import checkout
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


def test_it_publishes_with_the_credentials_of_the_job(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    url = f"s3://{bucket_name}/channel"
    create_channel(minio, url, "noarch", "linux-64")
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    temp.mkdir()
    for subdir in ("noarch", "linux-64"):
        make_package(workspace / "output" / subdir, f"hello-{subdir}", "1.0", subdir=subdir)
    # The action's own checkout, and the Python that the step before has set up.
    job = {"GITHUB_ACTION_PATH": str(checkout(tmp_path / "action")), "PYTHON": sys.executable, **minio.environment()}
    inputs = {
        "channel": url,
        "packages": "output/noarch/*.conda\noutput/linux-64/*.conda",
        "region": minio.region,
        "endpoint-url": minio.endpoint_url,
    }
    installed = run("Install chaninfra", inputs, workspace, temp, **job)
    assert installed.returncode == 0, installed.stderr
    published = run("Publish", inputs, workspace, temp, **job)
    assert published.returncode == 0, published.stderr
    found = conda_client.install(url, ["hello-noarch", "hello-linux-64"], tmp_path / "client", minio)
    assert {"share/hello-noarch.txt", "share/hello-linux-64.txt"} <= set(found)
    # A job may be repeated, and a package with other content is refused with the exit code of the command line.
    assert run("Publish", inputs, workspace, temp, **job).returncode == 0
    make_package(workspace / "output" / "noarch", "hello-noarch", "1.0", payload=b"other\n")
    assert run("Publish", inputs, workspace, temp, **job).returncode == 4
