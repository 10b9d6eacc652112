"""init, publish, reindex and ls on real stores."""

from __future__ import annotations

import json
import os
import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.package.local_file import read
from chaninfra.index.upload import look, upload
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags, put
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

LARGE = 20 << 20


@pytest.fixture
def bare(server: Server, bucket_name: str) -> Place:
    """A bucket without a channel."""
    server.client().create_bucket(Bucket=bucket_name)
    return Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")


@pytest.fixture
def place(bare: Place) -> Place:
    """A channel of noarch and linux-64."""
    create_channel(bare.server, bare.url, "linux-64")
    return bare


def test_init_writes_a_complete_channel_once(bare: Place) -> None:
    written = bare.done("init", "--subdir", "linux-64", "--name", "mine")
    assert written.splitlines()[-1] == f"wrote {PREFIX}/channel.json"
    before = etags(bare.server, bare.bucket)
    assert len(before) == 7
    nothing = "nothing to do: the channel exists already, with the subdirs noarch, linux-64\n"
    assert bare.done("init", "--subdir", "linux-64", "--name", "mine") == nothing
    other = bare.run("init", "--subdir", "osx-64")
    assert (other.returncode, other.stdout) == (4, "")
    assert etags(bare.server, bare.bucket) == before


def test_init_adds_the_subdir_that_publish_misses(bare: Place, tmp_path: Path) -> None:
    create_channel(bare.server, bare.url, "linux-64")
    tool = make_package(tmp_path, "tool", "1.0", subdir="osx-arm64")
    refused = bare.run("publish", tool)
    assert refused.returncode == 2
    command = shlex.split(re.search(r"run `chaninfra ([^`]+)`", refused.stderr)[1])  # type: ignore[index]
    before = etags(bare.server, bare.bucket)
    run = partial(chaninfra, server=bare.server)
    dry = run(*command, "--dry-run")
    assert (dry.returncode, etags(bare.server, bare.bucket)) == (0, before), dry.stderr
    assert "subdir osx-arm64: would be added\n" in dry.stdout
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("subdir osx-arm64: added\n")
    assert "if a stack declares the channel, add osx-arm64 to `subdirs` in its config, too" in done.stderr
    after = etags(bare.server, bare.bucket)
    assert {key.removeprefix(f"{PREFIX}/").split("/")[0] for key in after.keys() - before.keys()} == {"osx-arm64"}
    assert json.loads(run(*command, "--json").stdout)["added"] == []
    bare.done("publish", tool)
    # None is removed.
    bare.done("init", "--subdir", "linux-64")
    assert '"subdir": "osx-arm64"' in bare.done("ls", "--json")


def test_init_writes_a_descriptor_of_version_1_again(bare: Place) -> None:
    """Earlier versions of chaninfra write the channel until its descriptor is of version 2."""
    bare.done("init", "--subdir", "linux-64")
    client, at = bare.server.client(), {"Bucket": bare.bucket, "Key": f"{PREFIX}/channel.json"}
    new = client.get_object(**at)["Body"].read()
    document = json.loads(new)
    index = {key: value for key, value in document["index"].items() if key not in ("monolith", "history-days")}
    old = {**document, "version": 1, "index": {**index, "formats": ["json", "zst", "shards"]}}
    client.put_object(**at, Body=json.dumps(old).encode())
    bare.done("reindex")
    assert json.loads(client.get_object(**at)["Body"].read())["version"] == 1
    assert bare.done("init", "--subdir", "linux-64") == f"wrote {PREFIX}/channel.json\n"
    assert client.get_object(**at)["Body"].read() == new
    nothing = "nothing to do: the channel exists already, with the subdirs noarch, linux-64\n"
    assert bare.done("init", "--subdir", "linux-64") == nothing


def test_init_writes_no_index_for_a_subdir_with_packages(bare: Place, tmp_path: Path) -> None:
    put(bare.server, bare.bucket, f"{PREFIX}/noarch", make_package(tmp_path, "hello", "1.0"))
    said = bare.run("init")
    assert "chaninfra reindex" in said.stderr
    assert f"{PREFIX}/noarch/repodata.json" not in etags(bare.server, bare.bucket)
    assert "noarch: 1 package (new index)" in bare.done("reindex")


def test_publish_uploads_and_indexes(place: Place, tmp_path: Path) -> None:
    hello = make_package(tmp_path, "hello", "1.0")
    tool = make_package(tmp_path, "tool", "1.0", subdir="linux-64", payload=os.urandom(LARGE))
    published = json.loads(place.done("publish", hello, tool, "--json"))
    assert [each["outcome"] for each in published["packages"]] == ["uploaded", "uploaded"]
    assert [each["after"] for each in published["index"]["subdirs"]] == [1, 1]
    listed = json.loads(place.done("ls", "--json"))
    assert [(each["subdir"], each["file"]) for each in listed] == [("noarch", hello.name), ("linux-64", tool.name)]
    assert listed[1]["sha256"] == read(tool).sha256
    assert "2 packages" in place.done("ls")


def test_the_same_bytes_are_indexed_again_but_not_uploaded(place: Place, tmp_path: Path) -> None:
    small = make_package(tmp_path, "hello", "1.0")
    # Uploaded in parts, so that its ETag is not its md5.
    large = make_package(tmp_path, "large", "1.0", payload=os.urandom(LARGE))
    place.done("publish", small, large)
    before = etags(place.server, place.bucket)
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/repodata.json")
    again = json.loads(place.done("publish", small, large, "--json"))
    assert [each["outcome"] for each in again["packages"]] == ["present", "present"]
    assert [(each["before"], each["after"]) for each in again["index"]["subdirs"]] == [(2, 2)]
    assert [*place.repodata("noarch")["packages.conda"]] == [small.name, large.name], "it is written again"
    packages = [key for key in before if key.endswith(".conda")]
    assert {key: etags(place.server, place.bucket)[key] for key in packages} == {key: before[key] for key in packages}


def test_other_bytes_under_the_same_name_need_force(place: Place, tmp_path: Path) -> None:
    first = make_package(tmp_path / "1", "hello", "1.0")
    other = make_package(tmp_path / "2", "hello", "1.0", payload=b"other")
    new = make_package(tmp_path / "2", "new", "1.0")
    place.done("publish", first)
    before = etags(place.server, place.bucket)
    refused = place.run("publish", new, other)
    assert refused.returncode == 4
    assert f"noarch/{other.name}" in refused.stderr
    assert etags(place.server, place.bucket) == before, "nothing is uploaded if one of the files is refused"
    assert "replaced" in place.done("publish", other, "--force")
    assert place.repodata("noarch")["packages.conda"][other.name]["sha256"] == read(other).sha256


@pytest.mark.parametrize("size", [10, LARGE])
def test_force_applies_to_every_package_of_a_run(place: Place, tmp_path: Path, size: int) -> None:
    first = make_package(tmp_path / "1", "hello", "1.0")
    other = make_package(tmp_path / "2", "hello", "1.0", payload=os.urandom(size))
    new = make_package(tmp_path / "2", "new", "1.0", payload=os.urandom(size))
    place.done("publish", first)
    published = json.loads(place.done("publish", "--force", new, other, "--json"))
    assert [each["outcome"] for each in published["packages"]] == ["uploaded", "replaced"]


@pytest.mark.parametrize("size", [10, LARGE])
def test_a_concurrent_upload_of_other_bytes_is_not_overwritten(place: Place, tmp_path: Path, size: int) -> None:
    channel = opened(place)
    mine = read(make_package(tmp_path / "mine", "hello", "1.0", payload=os.urandom(size)))
    theirs = make_package(tmp_path / "theirs", "hello", "1.0", payload=b"theirs")
    assert look(channel, mine, "refuse") == "absent"
    put(place.server, place.bucket, f"{PREFIX}/noarch", theirs)
    with pytest.raises(ConflictError, match="other bytes"):
        upload(channel, mine, "refuse", lambda _: None)
    key = f"{PREFIX}/noarch/{theirs.name}"
    assert place.server.client().get_object(Bucket=place.bucket, Key=key)["Body"].read() == theirs.read_bytes()
    left = place.server.client().list_multipart_uploads(Bucket=place.bucket)
    assert not left.get("Uploads")


def test_a_concurrent_upload_of_the_same_bytes_is_no_conflict(place: Place, tmp_path: Path) -> None:
    path = make_package(tmp_path, "hello", "1.0")
    put(place.server, place.bucket, f"{PREFIX}/noarch", path)
    assert upload(opened(place), read(path), "refuse", lambda _: None).outcome == "present"


def opened(place: Place) -> Channel:
    stored = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json")
    return Channel(
        descriptor=parse(stored["Body"].read(), where="channel.json"),
        credentials=Credentials(place.server.access_key_id, place.server.secret_access_key),
    )


def test_one_invalid_file_stops_the_upload_of_all(place: Place, tmp_path: Path) -> None:
    good = make_package(tmp_path, "good", "1.0")
    bad = tmp_path / "bad-1.0-0.conda"
    bad.write_bytes(b"no package")
    elsewhere = make_package(tmp_path, "mac", "1.0", subdir="osx-64")
    before = etags(place.server, place.bucket)
    for wrong, said in ((bad, "not a conda package"), (elsewhere, "`subdirs`")):
        done = place.run("publish", good, wrong)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
    assert etags(place.server, place.bucket) == before


def test_a_package_that_cannot_be_indexed_is_named(place: Place) -> None:
    key = f"{PREFIX}/noarch/bad-1.0-0.conda"
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=b"no package")
    done = place.run("reindex")
    assert done.returncode == 3
    assert "noarch/bad-1.0-0.conda: is not a conda package" in done.stderr
    assert "panicked" not in done.stderr


def test_a_channel_with_repodata_patches_is_not_written_to(place: Place) -> None:
    record = {"name": "a", "version": "1", "build": "0", "sha256": "0" * 64, "depends": ["b <2"]}
    for name, depends in (("repodata_from_packages.json", ["b"]), ("repodata.json", ["b <2"])):
        key = f"{PREFIX}/noarch/{name}"
        document = {"packages.conda": {"a-1-0.conda": {**record, "depends": depends}}}
        place.server.client().put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    before = etags(place.server, place.bucket)
    done = place.run("reindex")
    assert done.returncode == 1
    assert "repodata_from_packages.json" in done.stderr
    assert "another record of a-1-0.conda" in done.stderr
    assert etags(place.server, place.bucket) == before


def test_an_index_with_a_base_url_is_not_written_to(place: Place, tmp_path: Path) -> None:
    key = f"{PREFIX}/noarch/repodata.json"
    index = {"info": {"subdir": "noarch", "base_url": "https://example.com/noarch/"}, "packages": {}}
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=json.dumps(index).encode())
    before = etags(place.server, place.bucket)[key]
    for command in (["reindex"], ["reindex", "--force"], ["publish", make_package(tmp_path, "hello", "1.0")]):
        done = place.run(*command)
        assert done.returncode == 1
        assert "https://example.com/noarch/" in done.stderr
        assert etags(place.server, place.bucket)[key] == before


@pytest.mark.parametrize("record", [{}, {"name": "hello"}])
def test_an_invalid_record_is_named_and_rewritten_by_force(
    place: Place, tmp_path: Path, record: dict[str, str]
) -> None:
    hello = make_package(tmp_path, "hello", "1.0")
    put(place.server, place.bucket, f"{PREFIX}/noarch", hello)
    index = json.dumps({"info": {"subdir": "noarch"}, "packages.conda": {hello.name: record}})
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/repodata.json", Body=index.encode())
    listed = place.run("ls")
    assert listed.returncode == 1
    assert f"noarch/repodata.json: the record of {hello.name} is not valid" in listed.stderr
    assert f"`chaninfra reindex {place.url} --force --endpoint-url {place.server.endpoint_url}`" in listed.stderr
    place.done("reindex", "--force")
    assert "1 package" in place.done("ls")


def test_a_damaged_repodata_json_is_written_again(on_minio: Place, tmp_path: Path) -> None:
    """The shard index is there, and decides; where it is not, --force is needed."""
    place, client = on_minio, on_minio.server.client()
    at = {"Bucket": place.bucket, "Key": f"{PREFIX}/noarch/repodata.json"}
    put(place.server, place.bucket, f"{PREFIX}/noarch", make_package(tmp_path, "hello", "1.0"))
    client.put_object(**at, Body=b"{nonsense")
    assert "0 packages" in place.done("ls")
    place.done("publish", make_package(tmp_path, "more", "1.0"))
    assert len(place.repodata("noarch")["packages.conda"]) == 2
    client.put_object(**at, Body=b"{nonsense")
    for key in etags(place.server, place.bucket, f"{PREFIX}/noarch/repodata_shards"):
        client.delete_object(Bucket=place.bucket, Key=key)
    refused = place.run("reindex")
    assert refused.returncode == 1
    assert f"`chaninfra reindex {place.url} --force --endpoint-url {place.server.endpoint_url}`" in refused.stderr
    place.done("reindex", "--force")
    assert "2 packages" in place.done("ls")


def test_reindex_removes_a_deleted_package_from_the_index(place: Place, tmp_path: Path) -> None:
    hello = make_package(tmp_path, "hello", "1.0")
    place.done("publish", hello)
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{hello.name}")
    assert "noarch: 0 packages (-1)" in place.done("reindex")


def test_a_channel_without_a_descriptor(bare: Place, tmp_path: Path) -> None:
    for name, subdir in (("hello", "noarch"), ("tool", "win-arm64")):
        put(bare.server, bare.bucket, f"{PREFIX}/{subdir}", make_package(tmp_path, name, "1.0", subdir=subdir))
    empty = bare.run("ls")
    assert empty.returncode == 1
    assert "chaninfra reindex" in empty.stderr
    indexed = bare.run("reindex")
    lines = [line for line in indexed.stdout.splitlines() if not line.startswith(" ")]
    assert lines == ["noarch: 1 package (new index)", "win-arm64: 1 package (new index)"]
    assert "no channel.json" in indexed.stderr
    bare.done("publish", make_package(tmp_path, "more", "1.0", subdir="osx-64"))
    assert "3 packages" in bare.done("ls")


def test_a_subdir_without_an_index_is_named(place: Place) -> None:
    for key in etags(place.server, place.bucket, f"{PREFIX}/linux-64/repodata"):
        assert "linux-64 has no" not in place.run("ls").stderr
        place.server.client().delete_object(Bucket=place.bucket, Key=key)
    done = place.run("ls")
    assert (done.returncode, done.stdout) == (0, "0 packages\n")
    assert "linux-64 has no index" in done.stderr


def test_manifest_reads_the_channels_own_descriptor(place: Place) -> None:
    said = place.done("manifest")
    assert 'platforms = ["linux-64"]' in said
    assert f'endpoint-url = "{place.server.endpoint_url}"' in said


def test_concurrent_publishers_lose_no_package(place: Place, tmp_path: Path) -> None:
    packages = [make_package(tmp_path, f"hello-{number}", "1.0") for number in range(4)]
    with ThreadPoolExecutor(len(packages)) as pool:
        for done in pool.map(lambda package: place.run("publish", package), packages):
            assert done.returncode == 0, done.stderr
    assert set(place.repodata("noarch")["packages.conda"]) == {package.name for package in packages}


def test_a_package_creates_the_missing_indexes_of_an_undeclared_channel(bare: Place, tmp_path: Path) -> None:
    index = json.dumps({"info": {"subdir": "win-64"}, "packages": {}, "packages.conda": {}})
    bare.server.client().put_object(Bucket=bare.bucket, Key=f"{PREFIX}/win-64/repodata.json", Body=index.encode())
    published = bare.done("publish", make_package(tmp_path, "tool", "1.0", subdir="osx-64"))
    lines = [line for line in published.splitlines()[1:] if not line.startswith(" ")]
    assert lines == ["noarch: 0 packages (new index)", "osx-64: 1 package (new index)"]
