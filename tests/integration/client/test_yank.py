"""yank, unyank, ls and gc as a user runs them, on real stores."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.conda_client import index
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers import s3_servers
from support.servers.s3_servers import Server


@pytest.fixture
def place(server: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, hello 2.0 and tool 1.0."""
    return filled(server, bucket_name, tmp_path)


@pytest.fixture
def on_minio(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """The same on MinIO only, for what does not depend on the store."""
    return filled(minio, bucket_name, tmp_path)


def filled(server: Server, bucket_name: str, tmp_path: Path) -> Place:
    server.client().create_bucket(Bucket=bucket_name)
    made = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(server, made.url, "linux-64", provider="minio")
    made.done(
        "publish",
        make_package(tmp_path, "hello", "1.0"),
        make_package(tmp_path, "hello", "2.0"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64"),
    )
    return made


def listed(place: Place) -> dict[str, str | None]:
    """File name → the reason why it is yanked (None: not yanked), from `ls --json`."""
    return {each["file"]: each["yanked"] for each in json.loads(place.done("ls", "--json"))}


def test_yank_removes_a_package_from_the_index_and_unyank_restores_its_record(place: Place) -> None:
    before = place.repodata("noarch")["packages.conda"]
    said = place.done("yank", "hello >=2", "--reason", "broken")
    assert said.splitlines()[0] == "noarch/hello-2.0-0.conda: yanked"
    assert list(place.repodata("noarch")["packages.conda"]) == ["hello-1.0-0.conda"]
    assert place.repodata("noarch")["removed"] == ["hello-2.0-0.conda"]
    assert f"{PREFIX}/noarch/hello-2.0-0.conda" in etags(place.server, place.bucket)
    assert listed(place) == {"hello-1.0-0.conda": None, "hello-2.0-0.conda": "broken", "tool-1.0-0.conda": None}
    assert "yanked: broken" in place.done("ls")
    assert "already yanked" in place.done("yank", "hello-2.0-0.conda")
    assert place.done("reindex").startswith("noarch: 1 package (as before)")
    assert "back in the index" in place.done("unyank", "noarch/hello-2.0-0.conda")
    assert place.repodata("noarch")["packages.conda"] == before
    assert place.repodata("noarch")["removed"] == []


def test_clients_read_a_name_of_which_all_packages_are_yanked(place: Place, tmp_path: Path) -> None:
    """Its shard has no record, and the yanks under a key that clients do not know."""
    place.done("yank", "tool", "hello==1.0", "--reason", "broken")
    read = conda_client.read(place.url, ["hello", "tool"], tmp_path / "client", place.server)
    assert read["shards"] == read["zst"] == read["json"]
    assert [each[:2] for each in read["shards"]] == [["noarch", "hello-2.0-0.conda"]]
    client, folder = place.server.client(), f"{PREFIX}/linux-64"
    stored = client.get_object(Bucket=place.bucket, Key=f"{folder}/repodata_shards.msgpack.zst")["Body"].read()
    index = ShardIndex.parse(stored)
    assert index is not None
    assert [*index.hashes] == ["tool"]
    digest = index.hashes["tool"]
    body = client.get_object(Bucket=place.bucket, Key=f"{folder}/{shard_key(digest)}")["Body"].read()
    shard = parse_shard(body, "tool", digest)
    assert shard is not None
    assert (shard.count, [*shard.yanks]) == (0, ["tool-1.0-0.conda"])


def test_a_yank_holds_without_yanked_json(on_minio: Place, tmp_path: Path) -> None:
    """The document shows what is yanked; the index decides."""
    key = {"Bucket": on_minio.bucket, "Key": f"{PREFIX}/yanked.json"}
    on_minio.done("yank", "hello==1.0", "--reason", "broken")
    before = on_minio.server.client().get_object(**key)["Body"].read()
    on_minio.server.client().delete_object(**key)
    on_minio.done("publish", make_package(tmp_path, "hello", "3.0"))
    assert on_minio.repodata("noarch")["removed"] == ["hello-1.0-0.conda"]
    on_minio.done("reindex")
    assert on_minio.repodata("noarch")["removed"] == ["hello-1.0-0.conda"]
    assert on_minio.server.client().get_object(**key)["Body"].read() == before
    assert "back in the index" in on_minio.done("unyank", "hello")


def test_yanked_packages_that_another_indexer_added_are_removed_by_the_next_run(
    on_minio: Place, tmp_path: Path
) -> None:
    on_minio.done("yank", "hello==1.0", "tool")
    index(on_minio.server, on_minio.bucket, PREFIX)
    assert "hello-1.0-0.conda" in on_minio.repodata("noarch")["packages.conda"]
    on_minio.done("publish", make_package(tmp_path, "new", "1.0"))
    assert set(on_minio.repodata("noarch")["packages.conda"]) == {"hello-2.0-0.conda", "new-1.0-0.conda"}
    on_minio.done("reindex")
    assert on_minio.repodata("linux-64")["packages.conda"] == {}
    assert on_minio.repodata("linux-64")["removed"] == ["tool-1.0-0.conda"]


def test_unyank_skips_a_deleted_package(on_minio: Place) -> None:
    on_minio.done("yank", "hello")
    on_minio.server.client().delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/noarch/hello-1.0-0.conda")
    done = on_minio.run("unyank", "hello")
    assert done.returncode == 3
    assert "hello-1.0-0.conda: was deleted" in done.stderr
    assert "the package is no longer yanked (`chaninfra publish " in done.stderr
    assert list(on_minio.repodata("noarch")["packages.conda"]) == ["hello-2.0-0.conda"]


def test_an_unknown_package_and_an_invalid_match_spec_are_refused(on_minio: Place) -> None:
    for words, code, said in (
        (["nobody"], 1, "there is no such package: nobody"),
        (["a >=>"], 2, "is not a match spec"),
    ):
        done = on_minio.run("yank", *words)
        assert (done.returncode, done.stdout) == (code, "")
        assert said in done.stderr


def test_gc_keeps_a_marked_shard_that_is_younger_than_a_week(on_minio: Place, tmp_path: Path) -> None:
    assert "0 objects would be deleted" in on_minio.done("gc", "--dry-run")
    on_minio.done("publish", make_package(tmp_path, "hello", "3.0"))
    assert on_minio.done("gc") == "0 objects deleted\n", "the history names every shard of the last day"
    forget_history(on_minio)
    said = on_minio.done("gc")
    assert "marked. Run gc again in a week to delete" in said
    key = f"{PREFIX}/.chaninfra/gc/noarch.json"
    client = on_minio.server.client()
    marks = json.loads(client.get_object(Bucket=on_minio.bucket, Key=key)["Body"].read())
    long_ago = int((datetime.now(UTC) - timedelta(days=8)).timestamp() * 1000)
    marks["unreferenced"] = dict.fromkeys(marks["unreferenced"], long_ago)
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=json.dumps(marks))
    # The store reports the shard's age, and it was written just now.
    assert "0 objects deleted" in on_minio.done("gc")


def forget_history(place: Place) -> None:
    """Delete the old states of the index of noarch."""
    for key in etags(place.server, place.bucket, f"{PREFIX}/.chaninfra/history/noarch/"):
        place.server.client().delete_object(Bucket=place.bucket, Key=key)


def test_gc_deletes_a_marked_shard_after_a_week(tmp_path: Path) -> None:
    """On versitygw, whose objects are files, so that the test can set their age."""
    with s3_servers.versitygw(tmp_path / "server") as server:
        client = server.client()
        place = filled(server, "bucket", tmp_path)
        shards = tmp_path / "server/data/bucket" / PREFIX / "noarch/shards"
        (before,) = (path.name for path in shards.iterdir())
        place.done("publish", make_package(tmp_path, "hello", "3.0"))
        assert "marked" not in place.done("gc")
        # All states but the last one are older than `history-days`.
        two_months = (datetime.now(UTC) - timedelta(days=60)).timestamp()
        for path in sorted((tmp_path / "server/data/bucket" / PREFIX / ".chaninfra/history/noarch").iterdir())[:-1]:
            os.utime(path, (two_months, two_months))
        deleted = json.loads(place.done("gc", "--json"))["deleted"]
        assert [(each["key"], each["why"]) for each in deleted] == [
            (f"{PREFIX}/.chaninfra/history/noarch/{number}", "old state of the index") for number in (2, 1)
        ]
        assert "0 objects deleted" in place.done("gc")
        key = f"{PREFIX}/.chaninfra/gc/noarch.json"
        marks = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
        (old,) = marks["unreferenced"]
        long_ago = (datetime.now(UTC) - timedelta(days=8)).timestamp()
        marks["unreferenced"] = {old: int(long_ago * 1000)}
        client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(marks))
        # A mark of the day on which the shard was put would not count.
        put = long_ago - 2 * 24 * 3600
        for path in shards.iterdir():
            os.utime(path, (put, put))
        assert "1 object would be deleted" in place.done("gc", "--dry-run")
        deleted = json.loads(place.done("gc", "--json"))["deleted"]
        assert [(each["key"], each["why"]) for each in deleted] == [(f"{PREFIX}/noarch/{old}", "unreferenced")]
        assert old == f"shards/{before}"
        assert len(list(shards.iterdir())) == 1
        assert json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())["unreferenced"] == {}
        place.done("reindex", "--check")


def test_gc_deletes_index_files_that_are_not_written_any_more(place: Place) -> None:
    client = place.server.client()
    key = f"{PREFIX}/channel.json"
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["index"]["monolith"] = "never"
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document))
    deleted = json.loads(place.done("gc", "--json"))["deleted"]
    assert [each["key"] for each in deleted] == [
        f"{PREFIX}/{subdir}/{name}"
        for subdir in ("noarch", "linux-64")
        for name in ("repodata.json", "repodata.json.zst")
    ]
    assert "repodata.json" not in " ".join(etags(place.server, place.bucket))
    place.done("reindex", "--check")
