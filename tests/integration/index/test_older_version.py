"""An older chaninfra beside this one: it stops where channel.json is of version 2, and elsewhere nothing is lost.

The older one is that of commit 07aa423, whose authoritative index is repodata.json. It is taken from the history of
this repository.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaninfra.channel.conda.object_names import FOLLOW_JSON
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags, put
from support.channels.index_reader import Records, forms
from support.channels.packages import make_package
from support.paths import ROOT
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

COMMIT = "07aa423c6ca21bfd26383bbbb4f9dfc064f9eb81"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the older one; skips where the history of this clone does not reach back to it."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
    )
    if known.returncode:
        pytest.skip(f"this clone does not have commit {COMMIT[:7]}: git fetch --unshallow")
    folder = tmp_path_factory.mktemp("older")
    archive = subprocess.run(
        ["git", "archive", COMMIT, "infra", "cli", "schemas"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    # Where a wheel has them.
    (folder / "infra/chaninfra/schemas").symlink_to(folder / "schemas")
    return folder


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A bucket without a channel."""
    minio.client().create_bucket(Bucket=bucket_name)
    return Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")


@pytest.fixture
def older(source: Path, place: Place) -> Run:
    """Runs a command of the older one on the channel."""

    def run(command: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        where = ("-c", place.url) if command in ("publish", "yank", "unyank") else (place.url,)
        line = [command, *where, *map(str, words), "--endpoint-url", place.server.endpoint_url]
        return subprocess.run(
            [sys.executable, "-m", "chaninfra.cli", *line],
            env={
                "PATH": os.environ["PATH"],
                "HOME": os.devnull,
                "PYTHONPATH": os.pathsep.join([f"{source}/infra", f"{source}/cli"]),
                **place.server.environment(),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def records(place: Place) -> Records:
    """The records of noarch, after checking that all forms of the index agree."""
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, ["noarch"]).values()
    assert json_ == zst == shards
    return json_


def test_it_stops_before_a_write_where_the_descriptor_is_of_version_2(place: Place, older: Run, tmp_path: Path) -> None:
    place.done("init", "--subdir", "noarch")
    place.done("publish", make_package(tmp_path, "a", "1.0"))
    before = etags(place.server, place.bucket)
    for command in (["publish", make_package(tmp_path, "b", "1.0")], ["reindex"], ["yank", "a"], ["gc"], ["init"]):
        done = older(*command)
        assert done.returncode == 2, (command, done.stdout, done.stderr)
        assert "version 2 of the descriptor is newer than this chaninfra" in done.stderr
        assert "upgrade chaninfra" in done.stderr
    assert etags(place.server, place.bucket) == before


def test_by_turns_without_a_descriptor_nothing_is_lost(place: Place, older: Run, tmp_path: Path) -> None:
    def old(*command: str | Path) -> None:
        done = older(*command)
        assert done.returncode == 0, done.stderr

    names = "abcdefg"
    made = {name: make_package(tmp_path, name, "1.0") for name in names}
    forced = make_package(tmp_path / "forced", "c", "1.0", payload=b"forced")
    steps: list[Callable[[], object]] = [
        lambda: (put(place.server, place.bucket, f"{PREFIX}/noarch", made["a"]), old("reindex")),
        lambda: place.done("publish", made["b"]),
        lambda: old("publish", made["c"]),
        lambda: place.done("yank", "a"),
        lambda: old("publish", made["d"]),
        lambda: old("reindex"),
        lambda: place.done("publish", "--force", forced),
        lambda: old("yank", "b"),
        lambda: place.done("publish", made["e"]),
        lambda: old("publish", made["f"]),
        lambda: place.done("unyank", "a", "b"),
        lambda: old("yank", "a"),
        lambda: place.done("unyank", "a"),
        lambda: place.done("publish", made["g"]),
        lambda: old("reindex"),
        lambda: place.done("reindex"),
    ]
    times: dict[tuple[str, str], int] = {}
    for step in steps:
        step()
        for file, record in records(place).items():
            key = (file, record["sha256"])
            assert times.setdefault(key, record["indexed_timestamp"]) == record["indexed_timestamp"], file
    assert records(place).keys() == {f"noarch/{path.name}" for path in made.values()}
    read = conda_client.read(place.url, [*names], tmp_path / "client", place.server)
    assert read["shards"] == read["zst"] == read["json"]
    assert [each[1] for each in read["json"]] == [path.name for path in made.values()]
    place.done("reindex", "--check")


def test_it_passes_over_what_a_later_one_says_of_schedules(place: Place, older: Run, tmp_path: Path) -> None:
    put(place.server, place.bucket, f"{PREFIX}/noarch", make_package(tmp_path, "a", "1.0"))
    place.done("reindex", "--scheduled", "1d")
    mark = f"{PREFIX}/{FOLLOW_JSON}"
    there = etags(place.server, place.bucket)[mark]
    for command in (["reindex"], ["gc"], ["ls"], ["doctor", "--check", "packages"]):
        done = older(*command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert "follow.json" not in done.stdout + done.stderr
    assert etags(place.server, place.bucket)[mark] == there
    assert "a scheduled job, which does so every day" in place.done("doctor", "--check", "follow")


def test_at_the_same_time_without_a_descriptor_no_package_is_lost(place: Place, older: Run, tmp_path: Path) -> None:
    def publish(number: int) -> None:
        run = older if number % 2 else place.run
        for name in "abc":
            done = run("publish", make_package(tmp_path / str(number), f"{name}-{number}", "1.0"))
            assert done.returncode == 0, done.stderr

    put(place.server, place.bucket, f"{PREFIX}/noarch", make_package(tmp_path, "first", "1.0"))
    place.done("reindex")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, range(4)))
    # The older one derives its files without looking at ours: a re-index puts right what was derived last.
    place.done("reindex")
    expected = {f"noarch/{name}-{number}-1.0-0.conda" for name in "abc" for number in range(4)}
    assert records(place).keys() == {*expected, "noarch/first-1.0-0.conda"}
    place.done("reindex", "--check")
