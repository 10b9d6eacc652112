"""Doctor and the content of a channel: a fault is planted, only its check fails, and the remedy fixes it."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX
from support.channels.cli_daemon import Resident
from support.channels.conda_client import index
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.sick_channels import Patient, copy, edit, empty, examine, fill, follow_remedies
from support.servers import s3_servers
from support.servers.s3_servers import Server

NOARCH = f"{PREFIX}/noarch"


@pytest.fixture
def on_minio(healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel on MinIO."""
    return copy(healthy["minio"], bucket_name)


@pytest.fixture
def on_versitygw(healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel on versitygw."""
    return copy(healthy["versitygw"], bucket_name)


@pytest.fixture
def place(server: Server, healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel, on each server in turn."""
    return copy(healthy[server.name], bucket_name)


def test_a_healthy_channel_passes_and_is_not_changed(place: Patient) -> None:
    client = place.server.client()
    before = [(each["Key"], each["ETag"], each["LastModified"]) for each in objects(place)]
    found = examine(place, "--as", "publisher")
    assert (found.code, found.states) == (0, {"ok"}), found.checks
    assert "may add files, add packages, change the index of noarch" in found.of("publishing")["found"]
    assert "finds 2 packages" in found.of("reader")["found"]
    assert [(each["Key"], each["ETag"], each["LastModified"]) for each in objects(place)] == before
    assert not client.list_multipart_uploads(Bucket=place.bucket).get("Uploads")


def objects(place: Patient) -> list[dict[str, str]]:
    found: list[dict[str, str]] = place.server.client().list_objects_v2(Bucket=place.bucket)["Contents"]
    return found


def test_an_empty_channel_passes(minio: Server, bucket_name: str, program: Resident) -> None:
    place = empty(minio, bucket_name, program)
    create_channel(minio, place.url, provider="minio")
    found = examine(place, "--as", "publisher")
    assert (found.code, found.states) == (0, {"ok"}), found.checks


@pytest.mark.parametrize("name", ["repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"])
def test_a_missing_file_of_a_subdir(on_versitygw: Patient, name: str) -> None:
    on_versitygw.server.client().delete_object(Bucket=on_versitygw.bucket, Key=f"{NOARCH}/{name}")
    fixed_by_remedy(on_versitygw, "index")


def test_a_stale_zst(on_minio: Patient, tmp_path: Path) -> None:
    client, key = on_minio.server.client(), f"{NOARCH}/repodata.json.zst"
    old = client.get_object(Bucket=on_minio.bucket, Key=key)
    data = old["Body"].read()
    on_minio.done("publish", make_package(tmp_path, "hello", "2.0"))
    headers = {name: old[name] for name in ("ContentType", "CacheControl", "Metadata")}
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=data, **headers)
    fixed_by_remedy(on_minio, "index")


def test_a_corrupt_repodata(place: Patient) -> None:
    client, key = place.server.client(), f"{NOARCH}/repodata.json"
    data = client.get_object(Bucket=place.bucket, Key=key)["Body"].read()
    put(place, key, data[: len(data) // 2])
    fixed_by_remedy(place, "index")


def test_a_package_that_is_not_indexed(on_versitygw: Patient, tmp_path: Path) -> None:
    package = make_package(tmp_path, "new", "1.0")
    on_versitygw.server.client().put_object(
        Bucket=on_versitygw.bucket, Key=f"{NOARCH}/{package.name}", Body=package.read_bytes()
    )
    fixed_by_remedy(on_versitygw, "packages")


def test_a_record_without_its_package(on_minio: Patient) -> None:
    on_minio.server.client().delete_object(Bucket=on_minio.bucket, Key=f"{NOARCH}/hello-1.0-0.conda")
    fixed_by_remedy(on_minio, "packages")


def test_a_file_that_is_not_a_package(on_minio: Patient) -> None:
    on_minio.server.client().put_object(Bucket=on_minio.bucket, Key=f"{NOARCH}/bad-1.0-0.conda", Body=b"no archive")
    found = examine(on_minio)
    assert found.failed == {"packages"}
    assert "bad-1.0-0.conda cannot be read" in found.of("packages")["found"]


@pytest.mark.parametrize("name", ["repodata.json", "repodata_shards.msgpack.zst"])
def test_a_wrong_cache_control(on_versitygw: Patient, name: str) -> None:
    """Both on an index with packages and on an empty one."""
    client = on_versitygw.server.client()
    on_versitygw.done("yank", "hello")
    for subdir in ("noarch", "linux-64"):
        key = f"{PREFIX}/{subdir}/{name}"
        found = client.get_object(Bucket=on_versitygw.bucket, Key=key)
        client.put_object(
            Bucket=on_versitygw.bucket,
            Key=key,
            Body=found["Body"].read(),
            ContentType=found["ContentType"],
            CacheControl="max-age=31536000",
            Metadata=found["Metadata"],
        )
    fixed_by_remedy(on_versitygw, "headers")


def test_a_yanked_package_in_the_index_of_another_tool(on_minio: Patient) -> None:
    on_minio.done("yank", "hello")
    assert examine(on_minio, "--check", "yanks").states == {"ok"}
    index(on_minio.server, on_minio.bucket, PREFIX)
    # The check `index` fails first, because another tool wrote the index.
    ill = examine(on_minio)
    assert "index" in ill.failed
    assert follow_remedies(ill, on_minio).states == {"ok"}


@pytest.mark.parametrize("lost", ["yank", "unyank"])
def test_a_yanked_json_that_differs_from_the_index(on_minio: Patient, lost: str) -> None:
    """As one that was killed after its commit leaves it."""
    client, key = on_minio.server.client(), f"{PREFIX}/yanked.json"
    on_minio.done("yank", "hello")
    if lost == "unyank":
        before = client.get_object(Bucket=on_minio.bucket, Key=key)["Body"].read()
        on_minio.done("unyank", "hello")
    else:
        before = b'{"version": 1, "packages": {}}'
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=before)
    said = examine(on_minio).of("yanks")["found"]
    assert said.startswith(
        "yanked.json says something else than the index, which decides, of: noarch/hello-1.0-0.conda;"
    )
    fixed_by_remedy(on_minio, "yanks")


def test_a_subdir_that_is_not_declared(on_minio: Patient) -> None:
    on_minio.server.client().put_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/win-64/a-1-0.conda", Body=b"any")
    found = examine(on_minio)
    assert (found.failed, found.of("packages")["state"]) == (set(), "warning")
    assert "their packages are not indexed: win-64" in found.of("packages")["found"]


def test_monolithic_files_that_nobody_writes_any_more(on_minio: Patient) -> None:
    found = json.loads(
        on_minio.server.client().get_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    )
    edit(on_minio, index={**found["index"], "monolith": "never"})
    ill = examine(on_minio)
    assert (ill.code, ill.failed, ill.of("index")["state"]) == (0, set(), "warning"), ill.checks
    assert "are still there, and nothing updates them any more" in ill.of("index")["found"]
    assert "chaninfra gc" in ill.of("index")["remedy"]
    on_minio.done("gc")
    well = examine(on_minio)
    assert (well.code, well.states) == (0, {"ok"}), well.checks
    assert "finds 2 packages" in well.of("reader")["found"]


def test_run_exports_that_nobody_has_written_yet(on_minio: Patient) -> None:
    """As when `index.run-exports` was set in channel.json by hand."""
    client, where = on_minio.server.client(), {"Bucket": on_minio.bucket, "Key": f"{PREFIX}/channel.json"}
    found = json.loads(client.get_object(**where)["Body"].read())
    edit(on_minio, index={**found["index"], "run-exports": True})
    ill = examine(on_minio)
    assert "run_exports.json and run_exports.json.zst are missing" in ill.of("index")["found"]
    fixed_by_remedy(on_minio, "index")
    body = client.get_object(Bucket=on_minio.bucket, Key=f"{NOARCH}/run_exports.json")["Body"].read()
    assert [*json.loads(body)["packages.conda"].values()] == [{"run_exports": {}}]


def test_files_that_a_commit_left_behind(on_versitygw: Patient, tmp_path: Path) -> None:
    """As a publisher does that is killed after its commit point."""
    client = on_versitygw.server.client()
    kept = {}
    for name in ("repodata.json", "repodata.json.zst"):
        kept[name] = client.get_object(Bucket=on_versitygw.bucket, Key=f"{NOARCH}/{name}")
        kept[name]["Body"] = kept[name]["Body"].read()
    on_versitygw.done("publish", make_package(tmp_path, "hello", "2.0"))
    for name, old in kept.items():
        headers = {header: old[header] for header in ("Body", "ContentType", "CacheControl", "Metadata")}
        client.put_object(Bucket=on_versitygw.bucket, Key=f"{NOARCH}/{name}", **headers)
    ill = examine(on_versitygw)
    assert "repodata.json and repodata.json.zst are 1 commit behind since 2" in ill.of("index")["found"]
    done = on_versitygw.run("ls")
    assert "repodata.json in noarch is 1 commit behind this list" in done.stderr
    assert "2.0" in done.stdout
    fixed_by_remedy(on_versitygw, "index")


def test_a_marked_shard_that_is_overdue(tmp_path: Path, bucket_name: str, program: Resident) -> None:
    """On versitygw, which stores plain files: no S3 API can set the age of an object."""
    with s3_servers.versitygw(tmp_path / "server") as server:
        place = fill(server, bucket_name, program, tmp_path)
        place.done("publish", make_package(tmp_path, "hello", "2.0"))
        # The history of the index, which would need a month to end.
        shutil.rmtree(tmp_path / "server/data" / bucket_name / PREFIX / ".chaninfra/history")
        place.done("gc")
        assert examine(place, "--check", "garbage").states == {"ok"}
        key = f"{PREFIX}/.chaninfra/gc/noarch.json"
        marks = json.loads(server.client().get_object(Bucket=bucket_name, Key=key)["Body"].read())
        before = (datetime.now(UTC) - timedelta(days=8)).timestamp()
        assert marks["unreferenced"]
        for shard in marks["unreferenced"]:
            # A mark of the day on which the shard was put would not count.
            put = before - 2 * 24 * 3600
            os.utime(tmp_path / "server/data" / bucket_name / NOARCH / shard, (put, put))
        marks["unreferenced"] = dict.fromkeys(marks["unreferenced"], int(before * 1000))
        server.client().put_object(Bucket=bucket_name, Key=key, Body=json.dumps(marks))
        fixed_by_remedy(place, "garbage")


def test_names_that_another_channel_has_too(on_minio: Patient, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# those of conda-forge\nnumpy\nhello  # and this\n")
    found = examine(on_minio, "--names-from", names)
    assert (found.code, found.states) == (0, {"ok", "warning"})
    assert found.of("names")["found"] == f"also in {names}: hello"
    names.write_text("numpy\n")
    assert examine(on_minio, "--names-from", names, "--check", "names").states == {"ok"}
    assert examine(on_minio, "--check", "names").states == {"skipped"}


def test_a_single_check_reports_the_failed_check_that_it_needs(on_minio: Patient) -> None:
    assert [each["name"] for each in examine(on_minio, "--check", "headers").checks] == ["headers"]
    put(on_minio, f"{NOARCH}/repodata.json", b"{")
    found = examine(on_minio, "--check", "packages")
    assert [(each["name"], each["state"]) for each in found.checks] == [("index", "failed"), ("packages", "skipped")]
    assert found.code == 1


def put(place: Patient, key: str, data: bytes) -> None:
    """Replace the bytes of an object, and keep its headers."""
    client = place.server.client()
    head = client.head_object(Bucket=place.bucket, Key=key)
    headers = {name: head[name] for name in ("ContentType", "CacheControl", "Metadata")}
    client.put_object(Bucket=place.bucket, Key=key, Body=data, **headers)


def fixed_by_remedy(place: Patient, check: str) -> None:
    """Assert that only this check fails, and that its remedy, a command, fixes it."""
    ill = examine(place)
    assert (ill.code, ill.failed) == (1, {check}), ill.checks
    well = follow_remedies(ill, place)
    assert (well.code, well.states) == (0, {"ok"}), well.checks


def test_snapshots_that_are_not_whole(on_minio: Patient, tmp_path: Path) -> None:
    assert examine(on_minio, "--check", "snapshots").of("snapshots")["found"] == "no snapshots"
    for name in ("v1", "v2"):
        on_minio.done("snapshot create", name)
    assert examine(on_minio, "--check", "snapshots").of("snapshots")["found"] == "2 snapshots, whole"
    client, folder = on_minio.server.client(), f"{PREFIX}/snapshots"
    client.put_object(Bucket=on_minio.bucket, Key=f"{folder}/v1/noarch/repodata_shards.msgpack.zst", Body=b"nonsense")
    client.delete_object(Bucket=on_minio.bucket, Key=f"{folder}/v1/linux-64/repodata_shards.msgpack.zst")
    # A copy of a bucket that has not all of it.
    client.put_object(Bucket=on_minio.bucket, Key=f"{folder}/v3/noarch/repodata.json", Body=b"{}")
    listed = json.loads(client.get_object(Bucket=on_minio.bucket, Key=f"{folder}/index.json")["Body"].read())
    listed["snapshots"]["v2"]["stage"] = "removing"
    client.put_object(Bucket=on_minio.bucket, Key=f"{folder}/index.json", Body=json.dumps(listed))
    ill = examine(on_minio, "--check", "snapshots")
    said = [(each["state"], each["found"]) for each in ill.checks if each["name"] == "snapshots"]
    assert said == [
        ("warning", "snapshots/v3/ has files, and is not listed"),
        ("failed", f"{folder}/v1/noarch/repodata_shards.msgpack.zst is damaged"),
        ("failed", f"{folder}/v1/linux-64/repodata_shards.msgpack.zst is missing"),
        ("warning", "the snapshot v2 is being removed, or that was stopped"),
    ]
    assert follow_remedies(ill, on_minio).failed == set()
    for name in ("v2", "v3"):
        on_minio.done("snapshot rm", name)
    assert examine(on_minio, "--check", "snapshots").of("snapshots")["found"] == "no snapshots"


def test_snapshots_whose_list_is_gone(on_minio: Patient) -> None:
    client, key = on_minio.server.client(), f"{PREFIX}/snapshots/index.json"
    client.put_bucket_versioning(Bucket=on_minio.bucket, VersioningConfiguration={"Status": "Enabled"})
    on_minio.done("snapshot create", "v1")
    client.delete_object(Bucket=on_minio.bucket, Key=key)
    ill = examine(on_minio, "--check", "snapshots").of("snapshots")
    assert (ill["state"], ill["found"]) == ("warning", "snapshots/v1/ has files, and is not listed")
    assert ill["remedy"].startswith("if snapshots/index.json was deleted or replaced, restore an older version of it")
    assert "else remove the files: `chaninfra snapshot rm " in ill["remedy"]
    # As it says: without the mark of the deletion the last version is there again.
    (mark,) = client.list_object_versions(Bucket=on_minio.bucket, Prefix=key)["DeleteMarkers"]
    client.delete_object(Bucket=on_minio.bucket, Key=key, VersionId=mark["VersionId"])
    assert examine(on_minio, "--check", "snapshots").of("snapshots")["found"] == "1 snapshot, whole"


def test_a_snapshot_whose_shards_are_lost(on_minio: Patient, tmp_path: Path) -> None:
    on_minio.done("snapshot create", "v1")
    client = on_minio.server.client()
    (shard,) = (each["Key"] for each in objects(on_minio) if each["Key"].startswith(f"{NOARCH}/shards/"))
    on_minio.done("publish", make_package(tmp_path, "hello", "2.0"))
    client.delete_object(Bucket=on_minio.bucket, Key=shard)
    ill = examine(on_minio, "--check", "snapshots")
    assert ill.of("snapshots")["found"] == "1 shard that the snapshot v1 needs in noarch is missing"
    assert follow_remedies(ill, on_minio).failed == set()


def test_notices_that_conda_cannot_read_and_some_that_have_expired(on_minio: Patient) -> None:
    assert examine(on_minio, "--check", "notices").of("notices")["found"] == "no notices"
    client, key = on_minio.server.client(), f"{PREFIX}/notices.json"
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=b'{"notices": ["text"]}')
    ill = examine(on_minio, "--check", "notices")
    assert (ill.failed, ill.code) == ({"notices"}, 1)
    assert ill.of("notices")["found"].startswith(f"{key}: is not valid: ")
    old = {"notices": [{"id": "old", "message": "x", "expires_at": "2020-01-01T00:00:00+00:00"}, {"id": "new"}]}
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=json.dumps(old))
    ill = examine(on_minio, "--check", "notices")
    assert ill.of("notices")["found"] == "1 notice has expired, and conda shows them still"
    assert ill.of("notices")["state"] == "warning"
    assert str(ill.of("notices")["remedy"]).startswith(f"chaninfra notice rm -c {on_minio.url} old ")
    on_minio.done("notice rm", "old")
    assert examine(on_minio, "--check", "notices").of("notices")["found"] == "1 notice"
