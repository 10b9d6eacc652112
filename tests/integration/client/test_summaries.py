"""The summaries of packages on a real store: who writes them, and when they go."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    made = new_place(minio, bucket_name, "noarch", "linux-64")
    made.set_page()
    return made


def summaries(place: Place, subdir: str = "noarch") -> dict[str, Any]:
    """Name → the document."""
    client = place.server.client()
    folder = f"{place.url.removeprefix(f's3://{place.bucket}/')}/{subdir}/summaries/"
    found = client.list_objects_v2(Bucket=place.bucket, Prefix=folder).get("Contents", [])
    return {
        each["Key"].removeprefix(folder).removesuffix(".json"): json.loads(
            client.get_object(Bucket=place.bucket, Key=each["Key"])["Body"].read()
        )
        for each in found
    }


def said(place: Place) -> dict[str, str]:
    return {name: document.get("summary", "") for name, document in summaries(place).items()}


def put(place: Place, package: Path) -> None:
    """Upload it as any tool does."""
    key = f"{PREFIX}/noarch/{package.name}"
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=package.read_bytes())


def test_publish_writes_what_the_newest_package_of_a_name_says(place: Place, tmp_path: Path) -> None:
    one = make_package(tmp_path, "hello", "1.10", summary="Says hello", homepage="https://example.org/home")
    place.done("publish", one)
    assert summaries(place) == {
        "hello": {
            "name": "hello",
            "file": "hello-1.10-0.conda",
            "version": "1.10",
            "timestamp": 1767225600000,
            "summary": "Says hello",
            "home": ["https://example.org/home"],
        }
    }
    head = place.server.client().head_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/summaries/hello.json")
    assert head["ContentType"] == "application/json"
    # An older one that is published later; two of a name at once; the same once more.
    place.done("publish", make_package(tmp_path, "hello", "1.9", summary="Said hello"))
    assert said(place) == {"hello": "Says hello"}
    two = [make_package(tmp_path, "hello", version, summary=f"Says {version}") for version in ("2.1", "2.0")]
    place.done("publish", *two, make_package(tmp_path, "other", "1.0", summary="Another"))
    assert said(place) == {"hello": "Says 2.1", "other": "Another"}
    place.done("publish", *two)
    # Overwritten: it says something else, or nothing.
    place.done("publish", make_package(tmp_path / "x", "hello", "2.1", summary="Says hi", payload=b"1"), "--force")
    assert said(place)["hello"] == "Says hi"
    place.done("publish", make_package(tmp_path / "y", "hello", "2.1", payload=b"2"), "--force")
    assert said(place)["hello"] == ""


def test_reindex_writes_those_of_the_packages_that_it_reads(place: Place, tmp_path: Path) -> None:
    put(place, make_package(tmp_path, "hello", "1.0", summary="Says hello"))
    place.set_page(page=False)
    place.done("reindex")
    assert summaries(place) == {}
    listed = place.run("ls", "--long")
    assert "hello" in listed.stdout
    assert "this channel has no summaries of its packages: it has no page" in listed.stderr
    place.set_page()
    put(place, make_package(tmp_path, "other", "1.0", summary="Another"))
    place.done("reindex")
    assert said(place) == {"other": "Another"}
    place.done("reindex", "--force")
    assert said(place) == {"hello": "Says hello", "other": "Another"}


def test_several_publishers_of_one_name_leave_that_of_the_newest(place: Place, tmp_path: Path) -> None:
    packages = [make_package(tmp_path, "hello", f"1.{number}", summary=f"Says {number}") for number in range(8)]
    failed: list[str] = []

    def publish(package: Path) -> None:
        done = place.run("publish", package)
        if done.returncode or "summaries" in done.stderr:
            failed.append(done.stderr)

    threads = [Thread(target=publish, args=(package,)) for package in packages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert said(place) == {"hello": "Says 7"}


def test_delete_takes_that_of_the_package(place: Place, tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        place.done("publish", make_package(tmp_path, "hello", version, summary=f"Says {version}"))
    why = ("--reason", "has a leaked key", "--yes")
    place.done("delete", "hello-1.0-0.conda", *why)
    assert said(place) == {"hello": "Says 2.0"}
    # Also if the page has gone since.
    place.set_page(page=False)
    place.done("delete", "hello-2.0-0.conda", *why)
    assert said(place) == {}


def test_a_summary_that_cannot_be_written_fails_no_publish(place: Place, tmp_path: Path) -> None:
    names = ("noarch/*.conda", "noarch/repodata*", "noarch/shards/*", ".chaninfra/*")
    keys = allowed(
        place.server,
        place.bucket,
        "s3:GetObject",
        "s3:ListBucket",
        PutObject=tuple(f"{PREFIX}/{name}" for name in names),
    )
    done = place.run("publish", make_package(tmp_path, "hello", "1.0", summary="Says hello"), **keys)
    assert done.returncode == 0, done.stderr
    assert "note: the summaries of 1 package were not written (noarch/summaries/*.json)" in done.stderr
    assert said(place) == {}


def test_copy_within_a_store_takes_that_of_the_source(place: Place, tmp_path: Path) -> None:
    """The package is not read, so nothing else knows what it says: nothing is said of one that is not the newest."""
    for version in ("1.0", "2.0"):
        place.done("publish", make_package(tmp_path, "hello", version, summary=f"Says {version}"))
    target = f"s3://{place.bucket}/team/other"
    create_channel(place.server, target, "noarch")
    other = Place(place.server, place.bucket, target)
    other.set_page()
    for spec, says in (("hello ==1.0", {}), ("hello", {"hello": "Says 2.0"})):
        where = ("--from", place.url, "--to", target, "--endpoint-url", place.server.endpoint_url)
        done = chaninfra("copy", spec, *where, server=place.server)
        assert done.returncode == 0, done.stderr
        assert said(other) == says


def test_ls_shows_them(place: Place, tmp_path: Path) -> None:
    place.done("publish", *(make_package(tmp_path, "hello", v, summary=f"Says {v}") for v in ("1.0", "2.0")))
    place.done("publish", make_package(tmp_path, "quiet", "1.0"))
    lines = place.done("ls", "--long").splitlines()
    assert lines[0].split()[-1] == "SUMMARY"
    # In the row of the file that says it.
    assert [line.split()[2] for line in lines[1:4] if line.endswith("Says 2.0")] == ["2.0"]
    listed = json.loads(place.done("ls", "--long", "--json"))
    assert [each["summary"] for each in listed] == ["Says 2.0", "Says 2.0", None]
    assert "summary" not in json.loads(place.done("ls", "--json"))[0]
    # Somebody has put something else there.
    key = f"{PREFIX}/noarch/summaries/hello.json"
    for body in (b"<script>", b'{"name": "other", "file": "x", "version": "1"}', b"[" * 40_000):
        place.server.client().put_object(Bucket=place.bucket, Key=key, Body=body)
        assert "Says" not in place.done("ls", "--long")
    evil = {"name": "hello", "file": "x", "version": "1", "summary": "a\x1b[2Jb\n::error::c\u202e"}
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=json.dumps(evil).encode())
    shown = place.done("ls", "--long")
    assert "\x1b" not in shown
    assert "a[2Jb ::error::c" in shown
    # It is replaced by the next publish that is of the name.
    place.done("publish", make_package(tmp_path, "hello", "3.0", summary="Says 3.0"))
    assert said(place)["hello"] == "Says 3.0"
