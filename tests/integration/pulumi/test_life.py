"""The life of a channel on a real store, by the real engine; one test, since an engine run takes seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels import channels, conda_client
from support.pulumi.stacks import Ran, Stack
from support.servers.s3_servers import Server

PREFIX = "team/main"


def config(server: Server, bucket: str, **more: Any) -> dict[str, Any]:
    base = {"provider": "custom", "bucket": bucket, "endpoint_url": server.endpoint_url, "prefix": PREFIX}
    return {**base, "subdirs": ["linux-64"], **more}


class Channel:
    """A stack with a channel on a server."""

    def __init__(self, server: Server, bucket: str, folder: Path) -> None:
        self.server, self.bucket, self.folder = server, bucket, folder
        self.stack = Stack(folder / "stack", config(server, bucket), server.environment())

    def objects(self) -> dict[str, str]:
        return channels.etags(self.server, self.bucket)

    def descriptor(self) -> dict[str, Any]:
        found = self.server.client().get_object(Bucket=self.bucket, Key=f"{PREFIX}/channel.json")
        document: dict[str, Any] = json.loads(found["Body"].read())
        return document

    def index(self) -> dict[str, str]:
        return {key: tag for key, tag in self.objects().items() if "repodata" in key or "/shards/" in key}

    def install(self, name: str) -> list[str]:
        url = f"s3://{self.bucket}/{PREFIX}"
        return conda_client.install(url, ["tool"], self.folder / name, self.server)


# What differs between the servers the handlers are tried for on both, without the engine (test_resources).
@pytest.mark.parametrize("server", ["minio", pytest.param("versitygw", marks=pytest.mark.long)], indirect=True)
def test_the_life_of_a_channel(server: Server, bucket_name: str, tmp_path: Path) -> None:
    channel = Channel(server, bucket_name, tmp_path)
    stack = channel.stack

    ran = stack.up()
    assert ran.code == 0, ran
    assert "linux-64/repodata_shards.msgpack.zst" in " ".join(channel.objects())
    # channel.json has the result of the probe, and the probe's scratch objects are deleted.
    assert channel.descriptor() == stack.outputs()["channels"]["main"]
    assert channel.descriptor()["index"]["conditional-writes"] == {"create": True, "replace": True, "multipart": True}
    assert ".chaninfra" not in " ".join(channel.objects())
    packages = channels.fill(server, bucket_name, PREFIX, tmp_path / "packages")
    assert "share/hello.txt" in channel.install("client")
    objects = channel.objects()

    # No change, and after a rename of stack and channel only a new channel.json.
    assert stack.up().done == {}
    stack.rename("renamed")
    stack.config(name="another")
    ran = stack.up()
    assert ran.done == {"updated": 1}, ran
    assert list(stack.outputs()["channels"]) == ["another"]
    assert channel.descriptor() == stack.outputs()["channels"]["another"]
    assert channel.descriptor()["index"]["conditional-writes"] is not None
    assert channel.index() == {key: tag for key, tag in objects.items() if key in channel.index()}
    stack.config(name=None)

    # An index file deleted by hand.
    missing = f"{PREFIX}/noarch/repodata.json.zst"
    server.client().delete_object(Bucket=bucket_name, Key=missing)
    assert stack.refresh().done == {"updated": 1}
    # `up` writes it again, together with a new subdir.
    stack.config(subdirs=["linux-64", "osx-arm64"])
    assert stack.up().done == {"updated": 2}
    assert missing in channel.objects()
    assert f"{PREFIX}/osx-arm64/repodata.json" in channel.objects()
    assert "share/tool.txt" in channel.install("client-of-restored")

    _refuses_to_lose_packages(channel, packages)
    _is_adopted_after_the_state_was_lost(channel)

    stack.config(force_destroy=True)
    assert stack.up().done == {"updated": 4}
    assert stack.destroy().code == 0
    assert bucket_name not in channels.buckets(server)
    assert stack.resources() == {}


def _refuses_to_lose_packages(channel: Channel, packages: list[str]) -> None:
    stack, objects = channel.stack, channel.objects()
    resources = stack.resources()

    stack.config(prefix="moved")
    assert_refused(stack.preview(), "2 packages", f"s3://{channel.bucket}/{PREFIX}", "force-destroy")
    stack.config(prefix=PREFIX)
    ran = stack.destroy()
    assert_refused(ran, "2 packages", "force-destroy", "pulumi up")
    # The count and the remedy are in the one line that a terminal shows of a resource.
    (said,) = {line.partition("error: ")[2] for line in ran.output.splitlines() if "2 packages" in line}
    assert said.startswith(f"s3://{channel.bucket}: the bucket has 2 packages; nothing was deleted.")
    assert "pulumi config set force-destroy true" in said
    assert channel.objects() == objects
    assert stack.resources() == resources
    assert set(packages) < set(objects)


def _is_adopted_after_the_state_was_lost(channel: Channel) -> None:
    stack, server = channel.stack, channel.server
    known, settings = dict(stack.environment), stack.settings.read_text()
    before = channel.objects()

    stack.lose_state()
    ran = stack.up()
    assert_refused(ran, "already exists", "adopt")
    assert stack.resources() == {}
    assert channel.objects() == before

    # No empty index is written for a subdir whose packages were never indexed.
    bare = f"{PREFIX}/win-64/bare-1.0-h0_0.conda"
    server.client().put_object(Bucket=channel.bucket, Key=bare, Body=b"a package")
    stack.config(adopt=True, subdirs=["linux-64", "osx-arm64", "win-64"])
    ran = stack.up()
    assert ran.code == 0, ran
    assert "win-64 has packages or a part of an index" in ran.output
    assert "chaninfra reindex" in ran.output
    after = channel.objects()
    changed = {key for key in after if after[key] != before.get(key)}
    assert changed == {bare, f"{PREFIX}/channel.json"}
    assert stack.destroy().code == 0
    assert channel.objects() == after

    server.client().delete_object(Bucket=channel.bucket, Key=bare)
    stack.environment = known
    stack.settings.write_text(settings)


def assert_refused(ran: Ran, *words: str) -> None:
    """Checks that the run failed with a message that has these words, and without a traceback."""
    assert ran.code != 0, ran
    for word in words:
        assert word in ran.output, ran
    assert "Traceback" not in ran.output, ran
    assert "Exception calling" not in ran.output, ran
