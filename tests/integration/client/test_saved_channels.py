"""Channels as other tools and an earlier chaninfra left them: what they say is kept by the next command.

`support.channels.saved_channels` says how they were made.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.skeleton import write_missing
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.cases.invalid_records import INVALID
from support.channels import conda_client
from support.channels.archives import conda, index_json, write
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags, put
from support.channels.index_reader import forms, unpacked
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.saved_channels import CHANNELS, NOARCH, lay
from support.servers.s3_servers import Server

TOOLS = ("chaninfra", "rattler", "conda-index")
COMMANDS = ("publish", "reindex", "yank")
PATCHED = "repodata_from_packages.json"
PATCHED_SHARDS = "repodata_shards_from_packages.msgpack.zst"
DESCRIPTOR = f"{PREFIX}/channel.json"
GONE, YANKED, FORCED, KEPT = (f"{name}-1.0-0.conda" for name in ("gone", "yanked", "forced", "kept"))
TABLES = ("packages", "packages.conda")
Document = dict[str, Any]


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A bucket without a channel."""
    minio.client().create_bucket(Bucket=bucket_name)
    return Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")


def saved(tool: str) -> Document:
    """The repodata.json of noarch that the tool left."""
    found: Document = json.loads((CHANNELS / tool / NOARCH / "repodata.json").read_text())
    return found


def records(document: Document) -> dict[str, Document]:
    """File name → record, of all tables."""
    v3 = document.get("v3", {})
    found = {file: record for table in TABLES for file, record in document[table].items()}
    return {**found, **{f"{key}.conda": record for key, record in v3.get("conda", {}).items()}}


def expected(tool: str, place: Place) -> dict[str, Document]:
    """The records that must be there after the next command, from those that the tool left."""
    found = records(saved(tool))
    del found[GONE]
    if tool == "rattler":
        # Its hash is that of the package before it was overwritten.
        data = place.server.client().get_object(Bucket=place.bucket, Key=f"{NOARCH}/{FORCED}")["Body"].read()
        digests = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
        assert found[FORCED]["sha256"] != digests["sha256"]
        found[FORCED] |= {**digests, "size": len(data)}
        found[FORCED].pop("indexed_timestamp")
    return found


def run(place: Place, command: str, folder: Path) -> None:
    if command == "publish":
        place.done("publish", make_package(folder, "new", "1.0"))
    elif command == "yank":
        place.done("yank", "kept==0.9")
    else:
        place.done("reindex")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("tool", TOOLS)
def test_what_a_tool_left_is_taken_over(place: Place, tmp_path: Path, tool: str, command: str) -> None:
    lay(tool, place)
    before = expected(tool, place)
    if command == "yank":
        del before["kept-0.9-0.tar.bz2"]
    run(place, command, tmp_path)
    after = records(place.repodata("noarch"))
    assert after.keys() - before.keys() == ({"new-1.0-0.conda"} if command == "publish" else set())
    if tool == "rattler":
        assert after[FORCED].pop("indexed_timestamp") > before[YANKED]["indexed_timestamp"]
    assert {file: _timed(record, before[file]) for file, record in after.items() if file in before} == before
    _check_readers(place, tmp_path / "client", after)
    document = place.repodata("noarch")
    yanked = [YANKED] if tool == "chaninfra" else []
    assert document["removed"] == [*(["kept-0.9-0.tar.bz2"] if command == "yank" else []), *yanked]
    if tool == "chaninfra":
        assert (document["x-top"], document["info"]["x-info"]) == ({"b": 2}, "c")
        assert after[KEPT]["x-record"] == {"a": [1, None]}
        assert "chaninfra" not in document["info"]
        assert YANKED not in after
    place.done("reindex")
    place.done("reindex", "--check")
    assert records(place.repodata("noarch")).keys() == after.keys()


def _timed(record: Document, before: Document) -> Document:
    """The record, without the time when it came into our index if the tool's has none."""
    return {key: value for key, value in record.items() if key in before or key != "indexed_timestamp"}


def _check_readers(place: Place, folder: Path, after: dict[str, Document]) -> None:
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, ["noarch"]).values()
    assert json_ == zst == shards
    names = sorted({record["name"] for record in after.values()})
    read = conda_client.read(place.url, [*names, "yanked", "gone"], folder, place.server)
    assert read["shards"] == read["zst"] == read["json"]
    assert sorted(found[1] for found in read["json"]) == sorted(after)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_rebuilt_index_keeps_the_times(place: Place, tmp_path: Path, tool: str) -> None:
    lay(tool, place)
    times = {file: record.get("indexed_timestamp") for file, record in expected(tool, place).items()}
    place.done("reindex", "--force")
    after = records(place.repodata("noarch"))
    assert after.keys() == times.keys()
    known = {file: time for file, time in times.items() if time}
    assert known or tool == "conda-index", "conda-index writes none"
    assert {file: after[file]["indexed_timestamp"] for file in known} == known
    _check_readers(place, tmp_path / "client", after)


@pytest.mark.parametrize("tool", TOOLS)
def test_up_and_init_change_nothing_that_is_there(place: Place, tool: str) -> None:
    laid = lay(tool, place)
    before = etags(place.server, place.bucket)
    location = Location(
        bucket=place.bucket, endpoint_url=place.server.endpoint_url, region=place.server.region, force_path_style=True
    )
    store = S3Store(location, Credentials(place.server.access_key_id, place.server.secret_access_key))
    # What `pulumi up` writes.
    write_missing(store, ChannelLayout(PREFIX, ("noarch", "linux-64"), IndexSettings()))
    place.run("init")
    after = etags(place.server, place.bucket)
    # init writes it anew, as one of version 2.
    rewritten = {DESCRIPTOR} if tool == "chaninfra" else set()
    assert {key: after[key] for key in before if key not in rewritten} == {
        key: etag for key, etag in before.items() if key not in rewritten
    }
    document = json.loads(place.server.client().get_object(Bucket=place.bucket, Key=DESCRIPTOR)["Body"].read())
    assert document["version"] == 2
    if tool != "conda-index":
        # Its packages are in the index, and clients read the same as before.
        place.done("ls")
    assert laid.keys() <= after.keys()


def test_an_index_that_conda_index_has_patched_is_refused(place: Place, tmp_path: Path) -> None:
    lay("conda-index", place)
    document = saved("conda-index")
    document["packages.conda"][KEPT]["depends"] = ["patched"]
    place.server.client().put_object(
        Bucket=place.bucket, Key=f"{NOARCH}/repodata.json", Body=json.dumps(document).encode()
    )
    before = etags(place.server, place.bucket, f"{NOARCH}/repodata")
    for command in (["reindex"], ["publish", make_package(tmp_path, "new", "1.0")], ["yank", "kept==0.9"]):
        done = place.run(*command)
        assert done.returncode == 1, done.stderr
        assert PATCHED in done.stderr
        assert KEPT in done.stderr
    assert etags(place.server, place.bucket, f"{NOARCH}/repodata") == before


def test_shards_that_conda_index_has_patched_are_refused(place: Place) -> None:
    """As it leaves a channel of shards alone."""
    lay("conda-index", place)
    client, key = place.server.client(), f"{NOARCH}/repodata_shards.msgpack.zst"
    for name in (PATCHED, "repodata.json", "repodata.json.zst", f"{PATCHED}.zst"):
        client.delete_object(Bucket=place.bucket, Key=f"{NOARCH}/{name}")
    document = msgspec.msgpack.decode(unpacked(client.get_object(Bucket=place.bucket, Key=key)["Body"].read()))
    document["shards"]["kept"] = document["shards"]["gone"]
    client.put_object(Bucket=place.bucket, Key=key, Body=zstandard.compress(msgspec.msgpack.encode(document)))
    done = place.run("reindex")
    assert done.returncode == 1, done.stdout
    assert PATCHED_SHARDS in done.stderr
    assert "other records of kept" in done.stderr


def test_the_authority_says_what_the_tool_said(place: Place) -> None:
    lay("chaninfra", place)
    place.done("reindex")
    data = place.server.client().get_object(Bucket=place.bucket, Key=f"{NOARCH}/repodata_shards.msgpack.zst")
    document = msgspec.msgpack.decode(unpacked(data["Body"].read()))
    assert document["chaninfra"]["number"] >= 1
    assert document["chaninfra"]["count"] == len(records(place.repodata("noarch")))
    assert (document["x-top"], document["info"]["x-info"]) == ({"b": 2}, "c")
    assert "chaninfra" not in document["info"]
    assert document["info"]["repodata_revisions"]["v3"]["n_packages"] == 1


@pytest.mark.parametrize("beside", [True, False], ids=["beside ours", "alone"])
def test_records_that_clients_cannot_read_are_named_and_clients_read_all(
    place: Place, tmp_path: Path, *, beside: bool
) -> None:
    """Another tool has written a value that rattler's clients reject into the record of one package of each name."""
    client, key = place.server.client(), f"{NOARCH}/repodata.json"
    create_channel(place.server, place.url, "noarch")
    names = [f"x{number}" for number in range(len(INVALID))]
    for name in names:
        for version in ("1", "2"):
            put(place.server, place.bucket, NOARCH, write(tmp_path, *_package(name, version)))
    place.done("reindex")
    document = place.repodata("noarch")
    del document["chaninfra"]
    for number, (name, (field, _)) in enumerate(zip(names, INVALID, strict=True)):
        document["packages.conda"][f"{name}-1-0.conda"][field] = f"@{number}@"
    data = json.dumps(document)
    for number, (_, value) in enumerate(INVALID):
        data = data.replace(f'"@{number}@"', value)
    if not beside:
        for index in etags(place.server, place.bucket, f"{NOARCH}/repodata"):
            client.delete_object(Bucket=place.bucket, Key=index)
        for old in etags(place.server, place.bucket, f"{PREFIX}/.chaninfra/history/"):
            client.delete_object(Bucket=place.bucket, Key=old)
    client.put_object(Bucket=place.bucket, Key=key, Body=data.encode())
    before = etags(place.server, place.bucket)
    checked = place.run("reindex", "--check")
    assert checked.returncode == 1, checked.stderr
    assert f"{len(INVALID):,} records of another tool that clients cannot read" in checked.stderr
    assert "noarch/x0-1-0.conda: " in checked.stderr
    assert etags(place.server, place.bucket) == before
    done = json.loads(place.done("reindex", "--json"))
    assert {each["package"] for each in done["invalid-records"]} == {f"noarch/{name}-1-0.conda" for name in names}
    read = conda_client.read(place.url, names, tmp_path / "client", place.server)
    assert len(read["json"]) == 2 * len(names)
    assert read["shards"] == read["zst"] == read["json"]
    place.done("publish", make_package(tmp_path, "x0", "3"))
    place.done("reindex", "--check")


def _package(name: str, version: str) -> tuple[bytes, str]:
    return conda(index_json(name, version, noarch="generic")), f"{name}-{version}-0.conda"
