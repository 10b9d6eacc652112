"""A place in a bucket where no channel is: no command makes one by mistake, and `init` makes none inside another."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.channels import conda_client
from support.channels.channels import etags, put
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.servers.s3_servers import Server

# Each test creates channels on two servers, and each `init` probes the store.
pytestmark = pytest.mark.long


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    """A bucket with the channel team/prod."""
    server.client().create_bucket(Bucket=bucket_name)
    made = init(server, bucket_name, "team/prod")
    assert made.returncode == 0, made.stderr
    return bucket_name


def init(server: Server, bucket: str, prefix: str) -> CompletedProcess[str]:
    """`chaninfra init` of a channel with noarch and linux-64."""
    return run(server, "init", f"s3://{bucket}/{prefix}".rstrip("/"), "--subdir", "linux-64", "--provider", "custom")


def run(server: Server, *args: str | Path) -> CompletedProcess[str]:
    """A command line on the server."""
    return chaninfra(*args, "--endpoint-url", server.endpoint_url, "--force-path-style", server=server)


def test_a_mistyped_prefix_is_refused_by_every_command(server: Server, bucket: str, tmp_path: Path) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    other = make_package(tmp_path, "more", "1.0")
    before = etags(server, bucket)
    url = f"s3://{bucket}/team/prdo"
    for command in (
        ("publish", package, "-c", url),
        ("publish", package, other, "-c", url),
        ("reindex", url),
        ("reindex", url, "--force"),
        ("reindex", url, "--check"),
        ("yank", "hello", "-c", url),
        ("unyank", "hello", "-c", url),
        ("ls", url),
        ("gc", url),
    ):
        done = run(server, *command)
        assert done.returncode == 2, (command, done.stderr)
        assert f"{url}: there is no channel: neither a channel.json nor an index" in done.stderr
        assert f"s3://{bucket}/team/prod" in done.stderr
        assert f"chaninfra init {url}" in done.stderr
        assert "pulumi up" in done.stderr
    told = run(server, "doctor", url)
    assert told.returncode == 1
    assert "there is no channel: neither a channel.json nor an index" in told.stdout
    assert f"s3://{bucket}/team/prod" in told.stdout
    assert etags(server, bucket) == before


def test_a_channel_of_another_indexer_is_published_to(server: Server, bucket: str, tmp_path: Path) -> None:
    put(server, bucket, "theirs/linux-64", make_package(tmp_path, "tool", "1.0", subdir="linux-64"))
    conda_client.index(server, bucket, "theirs")
    done = run(server, "publish", make_package(tmp_path, "hello", "1.0"), "-c", f"s3://{bucket}/theirs")
    assert done.returncode == 0, done.stderr
    assert "has no channel.json" in done.stderr


def test_packages_without_any_index_are_indexed_and_not_published_to(
    server: Server, bucket: str, tmp_path: Path
) -> None:
    put(server, bucket, "files/linux-64", make_package(tmp_path, "tool", "1.0", subdir="linux-64"))
    url = f"s3://{bucket}/files"
    refused = run(server, "publish", make_package(tmp_path, "hello", "1.0"), "-c", url)
    assert refused.returncode == 2
    assert f"chaninfra reindex {url}" in refused.stderr
    indexed = run(server, "reindex", url)
    assert indexed.returncode == 0, indexed.stderr
    assert run(server, "publish", make_package(tmp_path, "hello", "1.0"), "-c", url).returncode == 0


@pytest.mark.parametrize("prefix", ["team", "", "team/prod/more", "team/prod/linux-64/x/y"])
def test_no_channel_is_made_inside_or_around_another(server: Server, bucket: str, prefix: str) -> None:
    before = etags(server, bucket)
    done = init(server, bucket, prefix)
    assert done.returncode == 2, done.stderr
    assert f"the channel s3://{bucket}/team/prod" in done.stderr
    assert etags(server, bucket) == before


@pytest.mark.parametrize("prefix", ["a", "a/b/c"])
def test_no_channel_is_made_inside_or_around_an_index(server: Server, bucket: str, prefix: str, tmp_path: Path) -> None:
    put(server, bucket, "a/b/linux-64", make_package(tmp_path, "tool", "1.0", subdir="linux-64"))
    conda_client.index(server, bucket, "a/b")
    server.client().delete_object(Bucket=bucket, Key="a/b/noarch/repodata.json")
    done = init(server, bucket, prefix)
    assert done.returncode == 2, done.stderr
    assert f"the channel s3://{bucket}/a/b" in done.stderr


def test_a_channel_deep_in_a_full_bucket_is_found(server: Server, bucket: str) -> None:
    client = server.client()
    for number in range(40):
        client.put_object(Bucket=bucket, Key=f"folder-{number:02}/file", Body=b"x")
    assert init(server, bucket, "z/a/b/c/d/e/f").returncode == 0
    done = init(server, bucket, "z")
    assert done.returncode == 2, done.stderr
    assert f"the channel s3://{bucket}/z/a/b/c/d/e/f" in done.stderr


def test_beside_another_channel_and_again_a_channel_is_made(server: Server, bucket: str) -> None:
    for prefix in ("team/production", "team/dev", "team/dev", "team/prod"):
        done = init(server, bucket, prefix)
        assert done.returncode == 0, done.stderr
