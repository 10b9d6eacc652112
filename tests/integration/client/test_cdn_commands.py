"""Each command that writes an index invalidates it in the channel's CDN.

moto does not know the distribution of these tests, so the command prints a warning with the paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from chaninfra.channel.outputs.descriptor import Cdn, dump
from support.channels.channels import descriptor
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(aws: Server, bucket_name: str, tmp_path: Path) -> Run:
    """Runs a command on a channel behind a CDN."""
    client = aws.client()
    client.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    described = descriptor(
        provider="aws",
        bucket=bucket_name,
        prefix="c",
        url=f"s3://{bucket_name}/c",
        endpoint_url=aws.endpoint_url,
        region=aws.region,
        force_path_style=True,
        subdirs=("noarch", "linux-64"),
        cdn=Cdn(kind="cloudfront", id="E2EXAMPLE"),
    )
    file = tmp_path / "channel.json"
    file.write_bytes(dump(described))
    env = {"AWS_ENDPOINT_URL_CLOUDFRONT": aws.endpoint_url, "S3_ENDPOINT_URL": aws.endpoint_url}
    return lambda *args: chaninfra(*args, server=aws, env=env, cwd=tmp_path)


def invalidated(done: CompletedProcess[str]) -> set[str]:
    """The paths in the warning; none if there was no invalidation."""
    found = re.search(r"--distribution-id E2EXAMPLE --paths (.*)", done.stderr)
    return {path.strip("'") for path in found[1].split()} if found else set()


def test_every_command_that_writes_an_index_invalidates_the_cdn(run: Run, tmp_path: Path) -> None:
    one, two = make_package(tmp_path, "a", "1.0"), make_package(tmp_path, "b", "1.0", subdir="linux-64")
    assert run("reindex", "channel.json").returncode == 0
    done = run("publish", one, two, "-c", "channel.json")
    assert (done.returncode, invalidated(done)) == (0, {"/c/noarch/repodata*", "/c/linux-64/repodata*"}), done
    done = run("yank", one.name, "-c", "channel.json")
    assert (done.returncode, invalidated(done)) == (0, {"/c/noarch/repodata*"}), done
    done = run("yank", one.name, "-c", "channel.json")
    assert done.returncode == 0, done
    done = run("unyank", one.name, "-c", "channel.json")
    assert (done.returncode, invalidated(done)) == (0, {"/c/noarch/repodata*"}), done
    for words in (("notice", "add", "Hello", "--id", "n1"), ("notice", "rm", "n1")):
        done = run(*words, "-c", "channel.json")
        assert (done.returncode, invalidated(done)) == (0, {"/c/notices.json"}), done
    assert run("snapshot", "create", "v1", "-c", "channel.json").returncode == 0
    assert run("yank", one.name, "-c", "channel.json").returncode == 0
    # Again too: the first run may have been killed before it came to this.
    for _ in range(2):
        done = run("rollback", "channel.json", "--to", "v1", "--yes")
        assert (done.returncode, invalidated(done)) == (0, {"/c/noarch/repodata*"}), done
    for quiet in (
        ("reindex", "channel.json"),
        ("reindex", "channel.json", "--force", "--check"),
        ("ls", "channel.json"),
    ):
        done = run(*quiet)
        assert invalidated(done) == set(), done
    done = run("reindex", "channel.json", "--force")
    assert (done.returncode, invalidated(done)) == (0, {"/c/noarch/*", "/c/linux-64/*"}), done
    done = run("delete", one.name, "--reason", "leaked", "--yes", "-c", "channel.json")
    assert (done.returncode, invalidated(done)) == (0, {"/c/*"}), done
