"""Snapshots as a user makes them, and as a conda client reads them, on real stores."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.policy.statements import document, public_read
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags
from support.channels.moved_on import NAMES, filled, hello, move_on
from support.channels.packages import make_package
from support.servers.s3_servers import Server


@pytest.fixture
def place(server: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, and tool 1.0, which needs it."""
    return filled(server, bucket_name, tmp_path)


@pytest.fixture
def on_minio(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """The same on MinIO only, for what does not depend on the store."""
    return filled(minio, bucket_name, tmp_path)


def test_clients_read_and_install_what_was_yanked_and_published_over(place: Place, tmp_path: Path) -> None:
    before = conda_client.read(place.url, NAMES, tmp_path / "living", place.server)
    place.done("snapshot create", "v1")
    move_on(place, tmp_path)
    url = f"{place.url}/snapshots/v1"
    found = conda_client.read(url, NAMES, tmp_path / "snapshot", place.server)
    assert found == before
    assert found["shards"] == found["zst"] == found["json"]
    assert [each[1] for each in found["json"]] == ["tool-1.0-0.conda", "hello-1.0-0.conda"]
    for sharded in (True, False):
        folder = tmp_path / f"by-s3-{sharded}"
        conda_client.install(url, ["tool"], folder, place.server, sharded=sharded)
        assert hello(folder) == b"the first\n"
    conda_client.install(place.url, ["tool"], tmp_path / "of-the-channel", place.server)
    assert hello(tmp_path / "of-the-channel") == b"the second\n"


def test_clients_install_by_http(place: Place, tmp_path: Path) -> None:
    policy = document(public_read(place.bucket, [PREFIX]))
    place.server.client().put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(policy))
    place.done("snapshot create", "v1")
    move_on(place, tmp_path)
    url = f"{place.server.endpoint_url}/{place.bucket}/{PREFIX}/snapshots/v1"
    for sharded in (True, False):
        folder = tmp_path / f"by-http-{sharded}"
        conda_client.install(url, ["tool"], folder, sharded=sharded)
        assert hello(folder) == b"the first\n"


def test_a_snapshot_of_a_time_in_the_past(on_minio: Place, tmp_path: Path) -> None:
    time.sleep(1.1)
    then = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(1.1)
    move_on(on_minio, tmp_path)
    made = json.loads(on_minio.done("snapshot create", "then", "--at", then, "--json"))
    assert (made["at"], made["packages"], made["outcome"]) == (then, 2, "created")
    on_minio.done("snapshot create", "now")
    read = {
        name: conda_client.read(f"{on_minio.url}/snapshots/{name}", NAMES, tmp_path / name, on_minio.server)
        for name in ("then", "now")
    }
    assert [each[1] for each in read["then"]["shards"]] == ["tool-1.0-0.conda", "hello-1.0-0.conda"]
    assert {each[1] for each in read["now"]["shards"]} == {"tool-1.0-0.conda", "tool-2.0-0.conda", "hello-2.0-0.conda"}
    for found in read.values():
        assert found["shards"] == found["zst"] == found["json"]
    early = on_minio.run("snapshot create", "early", "--at", "2020-01-01")
    assert early.returncode == 2
    assert "2020-01-01T00:00:00Z is before the oldest state of the channel that is kept" in early.stderr


def test_what_the_commands_say(on_minio: Place, tmp_path: Path) -> None:
    assert on_minio.done("snapshot ls") == "no snapshots\n"
    made = on_minio.done("snapshot create", "v1")
    assert made.startswith(f"{on_minio.url}/snapshots/v1: created, 2 packages of 20")
    assert "already there" in on_minio.done("snapshot create", "v1")
    (listed,) = json.loads(on_minio.done("snapshot ls", "--json"))
    assert listed["name"] == "v1"
    assert listed["url"] == f"{on_minio.url}/snapshots/v1"
    assert listed["stage"] == "ready"
    assert listed["subdirs"].keys() == {"noarch", "linux-64"}
    assert on_minio.done("snapshot ls").splitlines()[1].split()[0] == "v1"
    move_on(on_minio, tmp_path)
    before = etags(on_minio.server, on_minio.bucket)
    again = on_minio.run("snapshot create", "v1")
    assert again.returncode == 4
    assert "there is a snapshot v1 already" in again.stderr
    assert etags(on_minio.server, on_minio.bucket) == before
    removed = json.loads(on_minio.done("snapshot rm", "v1", "--json"))
    assert {*removed["deleted"]} == {key for key in before if key.startswith(f"{PREFIX}/snapshots/v1/")}
    assert on_minio.run("snapshot rm", "v1").returncode == 2
    assert on_minio.done("snapshot ls", "--json") == "[]\n"


def test_a_publisher_makes_no_snapshot_and_is_told_why(on_minio: Place) -> None:
    keys = allowed(
        on_minio.server,
        on_minio.bucket,
        *("s3:GetObject", "s3:ListBucket"),
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/linux-64/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    before = etags(on_minio.server, on_minio.bucket)
    for command in ("create", "rm"):
        done = on_minio.run(f"snapshot {command}", "v1", **keys)
        assert done.returncode == (5 if command == "create" else 2), done.stderr
    assert "only maintainers may make and remove snapshots" in on_minio.run("snapshot create", "v1", **keys).stderr
    assert etags(on_minio.server, on_minio.bucket) == before
    on_minio.done("snapshot create", "v1")
    assert on_minio.run("snapshot rm", "v1", **keys).returncode == 5
    assert on_minio.run("snapshot ls", **keys).returncode == 0


def printed(place: Place, *args: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(place.done("manifest", *args))


def test_the_settings_of_a_snapshot(on_minio: Place) -> None:
    absent = on_minio.run("manifest", "--snapshot", "v1")
    assert absent.returncode == 2
    assert "there is no snapshot v1" in absent.stderr
    for name, argument in (("v1", "v1"), ("auto-20260101T0000Z", "--scheduled")):
        remedy = on_minio.run("manifest", "--snapshot", name).stderr
        assert f"`chaninfra snapshot create -c {on_minio.url} {argument} --endpoint-url" in remedy
    on_minio.done("snapshot create", "v1")
    living, of_snapshot = printed(on_minio), printed(on_minio, "--snapshot", "v1")
    channels = living["workspace"].pop("channels")
    assert channels == [on_minio.url, "conda-forge"]
    assert of_snapshot["workspace"].pop("channels") == [f"{on_minio.url}/snapshots/v1", "conda-forge"]
    assert of_snapshot == living
    close = on_minio.run("manifest", "--snapshot", "v2")
    assert close.returncode == 2
    assert "known are: v1" in close.stderr
    publisher = on_minio.run("manifest", "--snapshot", "v1", "--format", "github-publish")
    assert publisher.returncode == 2
    assert "nothing is published to a snapshot" in publisher.stderr


@pytest.mark.parametrize("command", ["ls", "publish", "reindex", "gc", "manifest"])
def test_a_command_on_a_snapshot_names_its_channel(on_minio: Place, tmp_path: Path, command: str) -> None:
    on_minio.done("snapshot create", "v1")
    before = etags(on_minio.server, on_minio.bucket)
    on_it = Place(on_minio.server, on_minio.bucket, f"{on_minio.url}/snapshots/v1")
    done = on_it.run(command, *([make_package(tmp_path, "other", "1.0")] if command == "publish" else []))
    assert done.returncode == 2, done.stderr
    assert f"is a snapshot of {on_minio.url}, which clients read" in done.stderr
    assert f"chaninfra manifest {on_minio.url} --snapshot v1" in done.stderr
    assert etags(on_minio.server, on_minio.bucket) == before
