"""Snapshots by the clock, on real stores: by the command, a follower and the function on AWS."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule, automatic_name, begin_of
from chaninfra.index.snapshots.automatic import Tended, tend
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.channels import etags
from support.channels.follower_process import FollowerProcess, until
from support.channels.packages import make_package
from support.channels.retention import opened_later
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

DAILY = {"every": "1d", "keep": 3}
KEY = f"{PREFIX}/{CHANNEL_JSON}"


def declare(place: Place, schedule: dict[str, Any] | None) -> None:
    """Let channel.json say how often, as `pulumi up` does."""
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=KEY)["Body"].read())
    document.pop("snapshots", None)
    document |= {"snapshots": schedule} if schedule else {}
    client.put_object(Bucket=place.bucket, Key=KEY, Body=json.dumps(document))


def of_days_ago(place: Place, days: int) -> Tended:
    """A run of so many days ago."""
    return tend(opened_later(place, -days))


def listed(place: Place) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(place.done("snapshot ls", "--json"))}


def name(days: int = 0) -> str:
    """That of the day so many days ago."""
    schedule = SnapshotSchedule(every="1d", keep=1)
    return automatic_name(schedule.begin(int(time.time() * 1000)) - timedelta(days=days))


@pytest.fixture
def filled(server: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, of which one snapshot is kept a day."""
    return _filled(server, bucket_name, tmp_path)


@pytest.fixture
def on_minio(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """The same on MinIO only, for what does not depend on the store."""
    return _filled(minio, bucket_name, tmp_path)


def _filled(server: Server, bucket: str, folder: Path) -> Place:
    made = new_place(server, bucket)
    made.done("publish", make_package(folder, "hello", "1.0"))
    declare(made, DAILY)
    return made


def test_one_a_day_is_made_and_the_oldest_are_removed(filled: Place, tmp_path: Path) -> None:
    """A week of days, by a clock that is behind; the last one is today."""
    filled.done("snapshot create", "by-hand")
    for days in range(6, 0, -1):
        of_days_ago(filled, days)
    said = filled.done("snapshot create", "--scheduled")
    today = name()
    assert said.splitlines()[0].startswith(f"{filled.url}/snapshots/{today}: created, 1 package of ")
    assert said.splitlines()[1] == f"{name(3)}: removed"
    assert [*listed(filled)] == [name(2), name(1), today, "by-hand"]
    keys = {key.split("/")[3] for key in etags(filled.server, filled.bucket, f"{PREFIX}/snapshots/")}
    assert keys == {name(2), name(1), today, "by-hand", "index.json"}
    before = etags(filled.server, filled.bucket)
    again = json.loads(filled.done("snapshot create", "--scheduled", "--json"))
    due = begin_of(today)
    assert due is not None
    assert again == {
        "made": None,
        "newest": today,
        "next": (due + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "finished": [],
        "removed": [],
        "waiting": 0,
    }
    assert etags(filled.server, filled.bucket) == before
    filled.done("publish", make_package(tmp_path, "hello", "2.0"))
    found = conda_client.read(f"{filled.url}/snapshots/{today}", ["hello"], tmp_path / "read", filled.server)
    assert [each[1] for each in found["shards"]] == ["hello-1.0-0.conda"]
    assert found["shards"] == found["zst"] == found["json"]
    assert "4 snapshots, whole" in filled.done("doctor", "--check", "snapshots")


def test_several_at_once_make_one(filled: Place) -> None:
    with ThreadPoolExecutor(6) as pool:
        done = [*pool.map(lambda _: filled.run("snapshot create", "--scheduled", "--json"), range(6))]
    assert [each.returncode for each in done] == [0] * 6, [each.stderr for each in done]
    assert [(each["name"], each["stage"]) for each in listed(filled).values()] == [(name(), "ready")]


def test_a_schedule_that_has_stopped_is_seen(on_minio: Place) -> None:
    assert "no snapshots" in on_minio.done("doctor", "--check", "snapshots")
    of_days_ago(on_minio, 1)
    assert "1 snapshot, whole" in on_minio.done("doctor", "--check", "snapshots")
    on_minio.done("snapshot rm", name(1))
    of_days_ago(on_minio, 3)
    told = on_minio.run("doctor", "--check", "snapshots")
    assert told.returncode == 0
    assert f"automatic snapshots are overdue: one is due every 1d, and the last one is {name(3)}" in told.stdout
    assert f"`chaninfra snapshot create -c {on_minio.url} --scheduled --endpoint-url" in told.stdout
    on_minio.done("snapshot create", "--scheduled")
    assert "2 snapshots, whole" in on_minio.done("doctor", "--check", "snapshots")
    of_days_ago(on_minio, -9)
    told = on_minio.run("snapshot create", "--scheduled")
    assert told.returncode == 0
    assert f"the newest automatic snapshot, {name(-9)}, is of the future" in told.stderr
    assert f"snapshot rm -c {on_minio.url} {name(-9)}" in told.stderr
    assert f"the automatic snapshot {name(-9)} is of the future" in on_minio.done("doctor", "--check", "snapshots")
    on_minio.done("snapshot rm", name(-9))
    assert "2 snapshots, whole" in on_minio.done("doctor", "--check", "snapshots")


def test_one_that_was_killed_is_finished_by_the_next_run(on_minio: Place) -> None:
    of_days_ago(on_minio, 1)
    client, key = on_minio.server.client(), f"{PREFIX}/snapshots/index.json"
    listing = client.get_object(Bucket=on_minio.bucket, Key=key)["Body"].read().replace(b'"ready"', b'"creating"')
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=listing)
    client.delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/snapshots/{name(1)}/noarch/repodata.json")
    assert "--scheduled" in on_minio.run("snapshot ls").stderr
    told = on_minio.done("doctor", "--check", "snapshots")
    assert f"the next run finishes it: `chaninfra snapshot create -c {on_minio.url} --scheduled" in told
    assert f"{name(1)}: finished" in on_minio.done("snapshot create", "--scheduled").splitlines()
    assert "2 snapshots, whole" in on_minio.done("doctor", "--check", "snapshots")


def test_only_a_maintainer_may(on_minio: Place) -> None:
    keys = allowed(
        on_minio.server,
        on_minio.bucket,
        *("s3:GetObject", "s3:ListBucket"),
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    before = etags(on_minio.server, on_minio.bucket)
    done = on_minio.run("snapshot create", "--scheduled", **keys)
    assert done.returncode == 5
    assert "only maintainers may make and remove snapshots" in done.stderr
    assert etags(on_minio.server, on_minio.bucket) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("v1", "--scheduled"), "with --scheduled the name is made of the time, and 'v1' is given"),
        (("--scheduled", "--at", "2026-11-01"), "--at: with --scheduled the time is that of the schedule"),
        ((), "the snapshot has no name"),
        (("auto-20261127T0600Z",), "auto-20261127T0600Z is the name of an automatic snapshot, which is removed"),
    ],
)
def test_what_is_no_snapshot_of_a_schedule(on_minio: Place, words: tuple[str, ...], message: str) -> None:
    done = on_minio.run("snapshot create", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert listed(on_minio) == {}


def test_a_channel_that_does_not_say_how_often(on_minio: Place) -> None:
    declare(on_minio, None)
    done = on_minio.run("snapshot create", "--scheduled")
    assert done.returncode == 2
    assert "does not say how often snapshots are made" in done.stderr
    assert "set `snapshots: {every: 1d, keep: 60}` in its stack config, and run `pulumi up`" in done.stderr
    declare(on_minio, {"every": "1s", "keep": 0})
    done = on_minio.run("snapshot create", "--scheduled")
    assert done.returncode == 2
    assert "snapshots" in done.stderr


def test_a_follower_makes_it(on_minio: Place, tmp_path: Path) -> None:
    with FollowerProcess(on_minio.server, on_minio.url, tmp_path / "log", "--every", "30s") as follower:
        until(lambda: any(line["event"] == "snapshots" for line in follower.lines()), follower.told)
    assert [*listed(on_minio)] == [name()]


def test_a_follower_that_may_not_make_it_follows_all_the_same(on_minio: Place, tmp_path: Path) -> None:
    client = on_minio.server.client()
    # Nobody can read the list.
    client.put_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/snapshots/index.json", Body=b"nonsense")
    with FollowerProcess(on_minio.server, on_minio.url, tmp_path / "log", "--every", "10s") as follower:
        until(lambda: any(line["event"] == "snapshots-failed" for line in follower.lines()), follower.told)
        package = make_package(tmp_path, "other", "1.0")
        client.put_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/noarch/{package.name}", Body=package.read_bytes())
        until(lambda: package.name in on_minio.repodata("noarch")["packages.conda"], follower.told)


def test_a_snapshot_names_its_channel_to_doctor_and_init(on_minio: Place) -> None:
    on_minio.done("snapshot create", "v1")
    before = etags(on_minio.server, on_minio.bucket)
    on_it = Place(on_minio.server, on_minio.bucket, f"{on_minio.url}/snapshots/v1")
    for command, code in (("doctor", 1), ("init", 2)):
        done = on_it.run(command)
        assert done.returncode == code, done.stderr
        said = done.stdout + done.stderr
        assert f"is a snapshot of {on_minio.url}, which clients read" in said
        assert f"chaninfra manifest {on_minio.url} --snapshot v1" in said
    assert etags(on_minio.server, on_minio.bucket) == before


def test_init_puts_back_the_channel_json_of_a_channel_with_snapshots(on_minio: Place) -> None:
    on_minio.done("snapshot create", "v1")
    client = on_minio.server.client()
    client.delete_object(Bucket=on_minio.bucket, Key=KEY)
    assert "wrote" in on_minio.done("init", "--dry-run").replace("would be written", "wrote")
    # Of whom the files are is not known without the list.
    client.delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/snapshots/index.json")
    done = on_minio.run("init", "--dry-run")
    assert done.returncode == 2
    assert f"would be around the channel {on_minio.url}/snapshots/v1" in done.stderr
