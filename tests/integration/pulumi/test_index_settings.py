"""`index.monolith` as people set it, with the engine on MinIO; `index.formats` of an older stack file has no effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels.channel_at import Place
from support.channels.channels import buckets, etags
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


def test_monolith_is_set_by_path_and_changes_in_place(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    def described() -> dict[str, Any]:
        stored = minio.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read()
        index: dict[str, Any] = json.loads(stored)["index"]
        return index

    def config(*arguments: str) -> None:
        ran = stack.run("config", *arguments)
        assert ran.code == 0, ran

    location = {"provider": "minio", "bucket": bucket_name, "endpoint_url": minio.endpoint_url, "prefix": "main"}
    old = {"index": {"formats": ["json", "zst"]}, "subdirs": ["linux-64"], "force_destroy": True}
    stack = Stack(tmp_path / "stack", {**location, **old}, minio.environment())
    ran = stack.up()
    assert ran.code == 0, ran
    # The engine prints a warning where it happens, and again at the end.
    warned = [line.partition("warning: ")[2] for line in ran.output.splitlines() if "index.formats" in line]
    says = "Pulumi.test.yaml, key index.formats: has no effect any more: `index.monolith` took its place"
    assert warned == [says] * 2, ran
    assert described()["monolith"] == "each-commit"
    files = etags(minio, bucket_name, "main")
    assert len(files) == 2 * 3 + 1

    config("rm", "--path", "index.formats")
    config("set", "--path", "index.monolith.at-most-every", "10m")
    config("set", "--path", "index.history-days", "7")
    ran = stack.up()
    assert (ran.code, ran.done.get("updated")) == (0, 1), ran
    assert "index.formats" not in ran.output
    assert (described()["monolith"], described()["history-days"]) == ({"at-most-every": "10m"}, 7)

    config("rm", "--path", "index.monolith")
    config("set", "--path", "index.monolith", "never")
    ran = stack.up()
    assert (ran.code, ran.done.get("updated")) == (0, 2), ran
    assert f"chaninfra gc s3://{bucket_name}/main" in ran.output
    assert described()["monolith"] == "never"
    assert etags(minio, bucket_name, "main").keys() == files.keys()
    assert stack.preview(expect_no_changes=True).code == 0

    config("set", "--path", "index.monolith", "10m")
    ran = stack.preview()
    assert ran.code != 0
    assert "key index.monolith: '10m' is not known" in ran.output
    assert "write one of: each-commit, {`at-most-every`: 10m}, never" in ran.output
    config("rm", "--path", "index")
    config("set", "--path", "retention.nightlies.keep-newest", "30")
    assert stack.up().code == 0
    stored = minio.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read()
    assert json.loads(stored)["retention"] == {"nightlies": {"keep-newest": 30}}
    assert (described()["monolith"], described()["history-days"]) == ("each-commit", 30)
    assert stack.destroy().code == 0


def test_snapshots_are_declared_made_and_destroyed_with_the_channel(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """It has no packages, so nothing has to be forced."""
    location = {"provider": "minio", "bucket": bucket_name, "endpoint_url": minio.endpoint_url, "prefix": "main"}
    stack = Stack(tmp_path / "stack", {**location, "subdirs": []}, minio.environment())
    ran = stack.run("config", "set", "--path", "snapshots.every", "1d")
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code != 0
    assert "key snapshots: key `keep` is missing" in ran.output
    ran = stack.run("config", "set", "--path", "snapshots.keep", "2")
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    stored = minio.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read()
    assert json.loads(stored)["snapshots"] == {"every": "1d", "keep": 2}
    (step,) = stack.outputs()["next-steps"]
    assert step["title"] == "Let something make the snapshots of the channel main"
    place = Place(minio, bucket_name, f"s3://{bucket_name}/main")
    place.done("snapshot create", "--scheduled")
    place.done("snapshot create", "v1")
    assert {key.split("/")[2] for key in etags(minio, bucket_name, "main/snapshots")} > {"index.json", "v1"}
    ran = stack.run("config", "rm", "--path", "snapshots")
    assert ran.code == 0, ran
    ran = stack.up()
    assert (ran.code, ran.done.get("updated")) == (0, 1), ran
    stored = minio.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read()
    assert "snapshots" not in json.loads(stored)
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert bucket_name not in buckets(minio)
