"""Mirrors as users run them, and as a follower does, between two channels on real servers."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.channels import etags
from support.channels.cli_runner import chaninfra
from support.channels.follower_process import FollowerProcess, until
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

ONE, TWO, OWN = "one-1.0-0.conda", "two-1.0-0.conda", "own-1.0-0.conda"


class Mirrored:
    """A channel with the package own, and another one in its bucket, the source, with one and two."""

    def __init__(self, server: Server, bucket: str, folder: Path) -> None:
        self.place = new_place(server, bucket)
        self.source = Place(server, bucket, f"s3://{bucket}/source")
        create_channel(server, self.source.url, "noarch")
        self.source.done("publish", make_package(folder, "one", "1.0"), make_package(folder, "two", "1.0"))
        self.place.done("publish", make_package(folder, "own", "1.0"))

    def declare(self, more: dict[str, Any] | None = None, **mirror: Any) -> None:
        """Put the mirror `up`, and more, into channel.json, as a stack does that declares them."""
        at = {"Bucket": self.place.bucket, "Key": f"{PREFIX}/channel.json"}
        client = self.place.server.client()
        document = json.loads(client.get_object(**at)["Body"].read())
        document["mirrors"] = {"up": {"source": self.source.url, **mirror}, **(more or {})}
        client.put_object(**at, Body=json.dumps(document).encode())

    def run(self, *args: str, **env: str) -> CompletedProcess[str]:
        """`chaninfra copy` to the channel."""
        server = self.place.server
        return chaninfra(
            "copy", *args, "--to", self.place.url, "--endpoint-url", server.endpoint_url, server=server, env=env
        )

    def done(self, *args: str) -> str:
        """What `chaninfra copy` prints, which must not fail."""
        ran = self.run(*args)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def theirs(self) -> dict[str, Any]:
        """File name → record in the source."""
        found = self.place.server.client().get_object(Bucket=self.place.bucket, Key="source/noarch/repodata.json")
        records: dict[str, Any] = json.loads(found["Body"].read())["packages.conda"]
        return records

    def records(self) -> dict[str, Any]:
        """File name → record."""
        found: dict[str, Any] = self.place.repodata("noarch")["packages.conda"]
        return found


@pytest.fixture
def mirrored(minio: Server, bucket_name: str, tmp_path: Path) -> Mirrored:
    return Mirrored(minio, bucket_name, tmp_path)


def test_a_mirror_copies_prunes_and_brings_back(mirrored: Mirrored, tmp_path: Path) -> None:
    mirrored.declare(prune=True)
    before = etags(mirrored.place.server, mirrored.place.bucket)
    shown = mirrored.run("--mirror", "up", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    head, row, *_, last, unknown = shown.stdout.splitlines()
    assert head.split() == ["PACKAGE", "SIZE", "WHAT"]
    assert (row.split()[0], row.split()[-1]) == (f"noarch/{ONE}", "new")
    assert last == "Nothing was written: this is what a run without --dry-run does."
    assert unknown.endswith("this takes the key or role of a maintainer, since the mirror prunes.")
    assert etags(mirrored.place.server, mirrored.place.bucket) == before

    assert mirrored.done("--mirror", "up").startswith("2 packages (")
    assert {name: without_time(each) for name, each in mirrored.records().items() if name != OWN} == {
        name: without_time(each) for name, each in mirrored.theirs().items()
    }
    conda_client.install(mirrored.place.url, ["one", "own"], tmp_path / "env", mirrored.place.server)

    mirrored.source.done("yank", "one")
    shown = mirrored.run("--mirror", "up", "--dry-run")
    assert f"noarch/{ONE}" in shown.stdout
    assert "becomes yanked: mirror up: the source has yanked it" in shown.stdout
    run = json.loads(mirrored.done("--mirror", "up", "--json"))
    assert run["mirror"]["yanked"] == [f"noarch/{ONE}"]
    assert run["packages"] == []
    assert mirrored.records().keys() == {TWO, OWN}
    mirrored.source.done("unyank", "one")
    run = json.loads(mirrored.done("--mirror", "up", "--json"))
    assert run["mirror"]["back"] == [f"noarch/{ONE}"]
    assert mirrored.records().keys() == {ONE, TWO, OWN}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--mirror", "upp"], 2, "there is no mirror 'upp'\n  did you mean 'up'?"),
        (["--mirror", "up", "--from", "s3://b/c"], 2, "--from"),
        (["--mirror", "up", "one"], 2, "leave out SPEC"),
        (["--mirror", "up", "--older-than", "3d"], 2, "--older-than"),
        (["--mirror", "up", "--mirrors"], 2, "give one of the two: --mirror NAME, or --mirrors"),
        (["--mirrors", "--all"], 2, "--mirrors: a mirror says itself"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    mirrored: Mirrored, words: list[str], code: int, message: str
) -> None:
    mirrored.declare()
    before = etags(mirrored.place.server, mirrored.place.bucket)
    ran = mirrored.run(*words)
    assert (ran.returncode, message in ran.stderr) == (code, True), ran.stderr
    assert etags(mirrored.place.server, mirrored.place.bucket) == before


def test_a_channel_without_mirrors_says_what_to_set(mirrored: Mirrored) -> None:
    ran = mirrored.run("--mirrors")
    assert ran.returncode == 2
    assert "the channel has no mirrors\n  set `mirrors` in its stack config" in ran.stderr


def test_all_mirrors_run_also_where_one_fails(mirrored: Mirrored) -> None:
    nowhere = f"s3://{mirrored.place.bucket}/nowhere"
    mirrored.declare({"a-broken": {"source": nowhere}, "z": {"source": mirrored.source.url, "specs": ["one"]}})
    ran = mirrored.run("--mirrors", "--json")
    assert ran.returncode == 2
    assert "mirror a-broken: there is no channel" in ran.stderr
    first, broken, second = json.loads(ran.stdout)["mirrors"]
    assert [(each["name"], each["error"] is None) for each in (first, broken, second)] == [
        ("up", True),
        ("a-broken", False),
        ("z", True),
    ]
    assert "there is no channel" in broken["error"]
    assert [[each["package"] for each in run["packages"]] for run in (first, second)] == [
        [f"noarch/{ONE}", f"noarch/{TWO}"],
        [],
    ]
    assert mirrored.records().keys() == {ONE, TWO, OWN}
    told = mirrored.run("--mirrors", "--dry-run")
    assert [line for line in told.stderr.splitlines() if line.startswith("mirror ")] == [
        "mirror up",
        "mirror a-broken",
        "mirror z",
    ]


def test_a_publisher_can_run_a_mirror_that_does_not_prune(mirrored: Mirrored) -> None:
    keys = allowed(
        mirrored.place.server,
        mirrored.place.bucket,
        "s3:GetObject",
        "s3:ListBucket",
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    mirrored.declare(prune=True)
    denied = mirrored.run("--mirror", "up", **keys)
    assert denied.returncode == 5
    assert "only maintainers may run the mirrors of a channel where one of them prunes" in denied.stderr
    assert mirrored.records().keys() == {OWN}
    mirrored.declare()
    ran = mirrored.run("--mirror", "up", **keys)
    assert ran.returncode == 0, ran.stderr
    assert mirrored.records().keys() == {ONE, TWO, OWN}


@pytest.mark.long
def test_a_follower_runs_the_mirror_when_it_starts(mirrored: Mirrored, tmp_path: Path) -> None:
    mirrored.declare(every="1h")
    place = mirrored.place
    with FollowerProcess(place.server, place.url, tmp_path / "follower.log", "--every", "1h") as follower:
        until(lambda: mirrored.records().keys() == {ONE, TWO, OWN}, follower.told)
        until(lambda: any(line["event"] == "mirrored" for line in follower.lines()), follower.told)
        assert follower.terminate() == 0
    (line,) = (line for line in follower.lines() if line["event"] == "mirrored")
    assert line["copied"] == [f"noarch/{ONE}", f"noarch/{TWO}"]
    assert place.server.secret_access_key not in follower.told()


def without_time(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "indexed_timestamp"}
