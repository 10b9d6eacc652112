"""Packages with names that CEP 26 does not allow, in a real store and as pixi's client reads them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.cases.odd_names import BRACES, BSLASH, CAMEL, DQUOTE, FILES, HEALTHY, ONE_DASH, TILDE, content
from support.channels import conda_client
from support.channels.channel_at import PREFIX
from support.channels.cli_daemon import Resident
from support.channels.new_channel import create_channel
from support.channels.sick_channels import Patient, examine
from support.servers.s3_servers import Server


@pytest.fixture
def place(minio: Server, bucket_name: str, program: Resident) -> Patient:
    """A channel with the packages in its bucket and an empty index."""
    minio.client().create_bucket(Bucket=bucket_name)
    found = Patient(server=minio, bucket=bucket_name, url=f"s3://{bucket_name}/{PREFIX}", program=program)
    create_channel(minio, found.url, "linux-64", provider="minio")
    return found


def put(place: Patient, *files: str) -> None:
    for file in files:
        key = f"{PREFIX}/linux-64/{file}"
        place.server.client().put_object(Bucket=place.bucket, Key=key, Body=content(file))


@pytest.mark.parametrize("file", [CAMEL, DQUOTE, BRACES, TILDE])
def test_publish_refuses_the_name_and_uploads_nothing(place: Patient, tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.write_bytes(content(file))
    done = place.run("publish", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "change it in the recipe" in done.stderr
    assert place.repodata("linux-64")["packages.conda"] == {}


def test_a_bucket_full_of_odd_names(place: Patient, tmp_path: Path) -> None:
    put(place, *FILES)
    done = place.run("reindex")
    assert done.returncode == 3, done.stderr
    for file in (DQUOTE, BSLASH, BRACES, ONE_DASH):
        assert f"linux-64/{file}: has a file name that clients cannot read" in done.stderr
    assert "warning: 2 names that CEP 26 does not allow" in done.stderr
    assert {*place.repodata("linux-64")["packages.conda"]} == {HEALTHY, CAMEL, TILDE}
    found = examine(place)
    assert found.failed == {"packages"}
    assert "build it again with another name" in found.of("packages")["remedy"]
    assert found.of("reader")["state"] == "ok"
    assert {each["file"] for each in json.loads(place.done("ls", "--json"))} == {HEALTHY, CAMEL, TILDE}
    for file in (DQUOTE, BSLASH, BRACES, ONE_DASH):
        place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/linux-64/{file}")
    assert place.run("reindex").returncode == 0
    assert examine(place).code == 0
    read = conda_client.read(place.url, ["Camel_Case", "healthy", "tilde"], tmp_path / "client", place.server)
    files = {way: {package[1] for package in found} for way, found in read.items()}
    # rattler takes the shard `camel_case`, and then compares that name with the file names in it.
    assert files == {way: {HEALTHY, TILDE} for way in ("shards", "zst", "json")}
    for word, file in (("Camel_Case==1.0", CAMEL), ("tilde >=1", TILDE)):
        assert f"linux-64/{file}: yanked" in place.done("yank", word)
        assert f"linux-64/{file}: back in the index" in place.done("unyank", word)


def test_names_of_another_tool_reach_no_terminal(place: Patient) -> None:
    """A record with control characters and a command to a CI system, in an index that another tool wrote."""
    put(place, HEALTHY)
    place.done("reindex")
    document = place.repodata("linux-64")
    record = document["packages.conda"][HEALTHY]
    build = f"0\n::stop-commands::{os.urandom(4).hex()}"
    document["packages.conda"]["a-1-\u202ex.conda"] = {**record, "name": "\x1b]0;owned\x07", "build": build}
    document["packages.conda"][f"a-1-{build}.conda"] = {**record, "version": "##[group]\x9b31m"}
    document.pop("chaninfra")
    key = f"{PREFIX}/linux-64/repodata.json"
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    for command, *args in (("ls",), ("ls", "--json"), ("doctor",), ("reindex", "--check"), ("yank", "a"), ("reindex",)):
        done = place.run(command, *args)
        assert "bug in chaninfra" not in done.stderr
        for line in (done.stdout + done.stderr).split("\n"):
            assert line.isprintable(), line
            assert not line.strip().startswith("::")
            assert "##[" not in line
