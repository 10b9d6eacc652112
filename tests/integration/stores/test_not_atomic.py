"""A store that checks a condition and only then writes is found out each time, by init and by a stack; and it lacks
calls, which is said and hinders nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from chaninfra.index.large_upload import IN_ONE_PUT
from support.channels import channels
from support.channels.channel_at import PREFIX, Place
from support.channels.packages import make_package
from support.channels.probing import described, examined
from support.pulumi.stacks import Stack
from support.stores.model import Running

ONLY = ("s3s-fs",)
ATTEMPTS = 20
NONE = {"create": False, "replace": False, "multipart": False}


def described_at(running: Running, bucket: str) -> dict[str, Any]:
    """channel.json as it is."""
    found = running.server.client().get_object(Bucket=bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    document: dict[str, Any] = json.loads(found)
    return document


def test_each_of_many_probes_finds_it(running: Running) -> None:
    for attempt in range(ATTEMPTS):
        bucket = running.new_bucket()
        found, _ = examined(running.server, described(running.server, bucket))
        assert (found.create, found.replace, found.multipart) == ("not-atomic",) * 3, attempt
        assert channels.listed(running.server, bucket) == {}


def test_init_records_it_and_publish_asks_for_a_single_writer(running: Running, tmp_path: Path) -> None:
    bucket = running.new_bucket()
    place = Place(running.server, bucket, f"s3://{bucket}/{PREFIX}")
    options = ("--provider", running.store.provider, "--subdir", "linux-64")
    done = place.run("init", *options)
    assert done.returncode == 0, done.stderr
    assert "at the same time" in done.stderr
    assert described_at(running, bucket)["index"]["conditional-writes"] == NONE

    payload = random.Random(1).randbytes(20_000_000)
    assert len(payload) > IN_ONE_PUT
    files = [make_package(tmp_path, "hello", "1.0"), make_package(tmp_path, "tool", "1.0", payload=payload)]
    before = channels.listed(running.server, bucket)
    refused = place.run("publish", *map(str, files))
    assert refused.returncode == 2
    assert "no conditional writes" in refused.stderr
    assert "--writers single" in refused.stderr
    assert channels.listed(running.server, bucket) == before

    place.done("init", *options, "--writers", "single")
    place.done("publish", *map(str, files))
    assert {*place.repodata("noarch")["packages.conda"]} == {file.name for file in files}
    got = running.server.client().get_object(Bucket=bucket, Key=f"{PREFIX}/noarch/{files[1].name}")["Body"].read()
    assert got == files[1].read_bytes()

    # It does not list open uploads, so none of them can be removed; all else is.
    collected = place.run("gc")
    assert collected.returncode == 0, collected.stderr
    examined_now = place.run("doctor")
    assert "Traceback" not in collected.stderr + examined_now.stderr
    assert examined_now.returncode == 0, examined_now.stdout


def test_a_stack_records_it(running: Running, tmp_path: Path) -> None:
    bucket = running.new_bucket()
    single = {"index": {"writers": "single"}}
    given = running.store.config(running.server, bucket, prefix=PREFIX, adopt=True, **single)
    stack = Stack(tmp_path, given, running.server.environment())
    ran = stack.up()
    assert ran.code == 0, ran
    index = described_at(running, bucket)["index"]
    assert (index["writers"], index["conditional-writes"]) == ("single", NONE)
    # The stack may be declared otherwise; who publishes is told.
    stack.config(index={"writers": "many"})
    assert stack.up().code == 0
    place = Place(running.server, bucket, f"s3://{bucket}/{PREFIX}")
    refused = place.run("publish", str(make_package(tmp_path, "hello", "1.0")))
    assert refused.returncode == 2
    assert "no conditional writes" in refused.stderr
