"""publish and reindex on stores with faults: they fail safely and lose no object."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.fault_server import (
    Fault,
    faulty,
    hides_missing,
    is_in_region,
    rejects_checksums,
    rejects_conditions,
    strips_conditions,
)
from support.servers.s3_servers import Server

DESCRIPTOR = f"{PREFIX}/channel.json"


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A bucket without a channel."""
    minio.client().create_bucket(Bucket=bucket_name)
    return Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")


def at(place: Place, server: Server) -> Place:
    return replace(place, server=server)


def writes(place: Place) -> dict[str, Any] | None:
    found = place.server.client().get_object(Bucket=place.bucket, Key=DESCRIPTOR)
    recorded: dict[str, Any] | None = json.loads(found["Body"].read())["index"]["conditional-writes"]
    return recorded


def edit(place: Place, **index: Any) -> None:
    """Set keys of `index` in channel.json by hand."""
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=DESCRIPTOR)["Body"].read())
    document["index"] |= {key.replace("_", "-"): value for key, value in index.items()}
    client.put_object(Bucket=place.bucket, Key=DESCRIPTOR, Body=json.dumps(document).encode())


@pytest.mark.parametrize("fault", [strips_conditions, rejects_conditions], ids=["stripped", "501"])
def test_without_conditional_writes_writers_single_is_required(place: Place, tmp_path: Path, fault: Fault) -> None:
    first, second = (make_package(tmp_path, name, "1.0") for name in ("first", "second"))
    with faulty(place.server, fault) as server:
        there = at(place, server)
        made = there.run("init")
        assert made.returncode == 0, made.stderr
        assert "conditional-create: not honoured" in made.stderr
        assert "--writers single" in made.stderr
        assert writes(place) == {"create": False, "replace": False, "multipart": False}

        before = etags(place.server, place.bucket)
        for command, files in (("publish", [first]), ("reindex", [])):
            done = there.run(command, *files)
            assert done.returncode == 2, done.stderr
            assert "two writers could overwrite each other" in done.stderr
            assert "--writers single" in done.stderr
        # --check only reads.
        there.done("reindex", "--check")
        assert etags(place.server, place.bucket) == before

        there.done("init", "--writers", "single")
        there.done("publish", first)
        # Other bytes under an existing name are refused here too.
        (tmp_path / "other").mkdir()
        other = make_package(tmp_path / "other", "first", "1.0", payload=b"other")
        assert there.run("publish", other).returncode == 4
        there.done("publish", second)
        there.done("reindex")
    assert set(place.repodata("noarch")["packages.conda"]) == {first.name, second.name}


def test_conditional_writes_that_were_not_probed_are_tried_before_any_write(place: Place, tmp_path: Path) -> None:
    create_channel(place.server, place.url)
    # As a channel.json from before there was a probe.
    edit(place, conditional_writes=None)
    before = etags(place.server, place.bucket)
    with faulty(place.server, rejects_conditions) as server:
        done = at(place, server).run("publish", make_package(tmp_path, "hello", "1.0"))
    assert done.returncode == 2
    assert "two publishers could overwrite each other" in done.stderr
    assert "--writers single" in done.stderr
    assert etags(place.server, place.bucket) == before


@pytest.mark.parametrize("command", ["publish", "reindex"])
def test_a_wrong_region_is_named_and_nothing_is_written(place: Place, tmp_path: Path, command: str) -> None:
    create_channel(place.server, place.url)
    before = etags(place.server, place.bucket)
    files = [make_package(tmp_path, "hello", "1.0")] if command == "publish" else []
    with faulty(place.server, is_in_region("eu-west-7", 400, "AuthorizationHeaderMalformed")) as server:
        done = at(place, server).run(command, *files)
    assert done.returncode == 1
    assert "set `region` to eu-west-7" in done.stderr
    assert etags(place.server, place.bucket) == before


@pytest.mark.parametrize("command", ["publish", "reindex"])
def test_a_403_for_a_missing_key_is_not_taken_for_missing(place: Place, tmp_path: Path, command: str) -> None:
    create_channel(place.server, place.url)
    before = etags(place.server, place.bucket)
    files = [make_package(tmp_path, "hello", "1.0")] if command == "publish" else []
    with faulty(place.server, look=hides_missing) as server:
        done = at(place, server).run(command, *files)
    assert done.returncode == 5, done.stderr
    # A package may be uploaded while the index is read; existing objects are not changed.
    after = etags(place.server, place.bucket)
    assert {key: after[key] for key in after if not key.endswith(".conda")} == before


def test_a_store_without_the_newer_checksums_works(place: Place, tmp_path: Path) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    with faulty(place.server, rejects_checksums(400, "InvalidArgument")) as server:
        there = at(place, server)
        there.done("init")
        there.done("publish", package)
        there.done("reindex")
    assert set(place.repodata("noarch")["packages.conda"]) == {package.name}
