"""A channel that other tools write too: the state after our next run.

`rattler.index` is the reference indexer. `rattler-build publish` is not part of its Python package, so the tests do
what it does on S3: they upload the package and index the subdir with rattler's indexer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags, put
from support.channels.index_reader import forms
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

SUBDIRS = ("noarch", "linux-64")


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A channel of noarch and linux-64."""
    minio.client().create_bucket(Bucket=bucket_name)
    made = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(minio, made.url, "linux-64")
    return made


def index(place: Place) -> None:
    """Index the channel with the reference indexer."""
    conda_client.index(place.server, place.bucket, PREFIX)


def records(place: Place) -> dict[str, dict[str, Any]]:
    """`<subdir>/<file>` → record, after checking that all forms of the index agree."""
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, SUBDIRS).values()
    assert json_ == zst == shards
    return json_


@pytest.mark.parametrize("command", ["publish", "reindex"])
def test_a_yanked_package_that_the_reference_added_is_removed_again(place: Place, tmp_path: Path, command: str) -> None:
    old, new = (make_package(tmp_path, "hello", version) for version in ("1.0", "2.0"))
    place.done("publish", old, new)
    place.done("yank", old.name)
    index(place)
    assert old.name in place.repodata("noarch")["packages.conda"], "the reference indexer adds it again"
    more = make_package(tmp_path, "more", "1.0")
    if command == "publish":
        place.done("publish", more)
    else:
        put(place.server, place.bucket, f"{PREFIX}/noarch", more)
        place.done("reindex")
    assert [*records(place)] == [f"noarch/{new.name}", f"noarch/{more.name}"]
    assert place.repodata("noarch")["removed"] == [old.name]
    # The reference indexer wrote the other subdir too; a publish to noarch does not repair that one.
    place.done("reindex")
    place.done("reindex", "--check")


def test_publish_keeps_a_package_that_rattler_build_published_stand_in(place: Place, tmp_path: Path) -> None:
    ours, theirs, next_ = (make_package(tmp_path, "hello", version) for version in ("1.0", "2.0", "3.0"))
    place.done("publish", ours)
    put(place.server, place.bucket, f"{PREFIX}/noarch", theirs)
    index(place)
    place.done("publish", next_)
    assert [*records(place)] == [f"noarch/{each.name}" for each in (ours, theirs, next_)]


def test_reindex_adds_a_package_that_was_uploaded_without_indexing(place: Place, tmp_path: Path) -> None:
    ours, theirs = (make_package(tmp_path, "hello", version) for version in ("1.0", "2.0"))
    place.done("publish", ours)
    put(place.server, place.bucket, f"{PREFIX}/noarch", theirs)
    assert place.run("reindex", "--check").returncode == 1
    place.done("reindex")
    assert [*records(place)] == [f"noarch/{each.name}" for each in (ours, theirs)]


def test_reindex_reads_a_package_again_whose_bytes_were_replaced(place: Place, tmp_path: Path) -> None:
    first = make_package(tmp_path / "1", "hello", "1.0")
    other = make_package(tmp_path / "2", "hello", "1.0", payload=b"other")
    place.done("publish", first)
    before = records(place)[f"noarch/{first.name}"]
    put(place.server, place.bucket, f"{PREFIX}/noarch", other)
    index(place)
    assert records(place)[f"noarch/{first.name}"]["sha256"] == before["sha256"], (
        "the reference indexer keeps the old hash"
    )
    place.done("reindex")
    after = records(place)[f"noarch/{first.name}"]
    assert after["sha256"] != before["sha256"]
    assert after["size"] == other.stat().st_size


def test_a_deleted_package_is_removed_from_every_index_file(place: Place, tmp_path: Path) -> None:
    old, new = (make_package(tmp_path, "hello", version) for version in ("1.0", "2.0"))
    place.done("publish", old, new)
    index(place)
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{old.name}")
    place.done("reindex")
    assert [*records(place)] == [f"noarch/{new.name}"]


def test_the_reference_indexer_keeps_our_records(place: Place, tmp_path: Path) -> None:
    hello = make_package(tmp_path, "hello", "1.0")
    tool = make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["hello"])
    place.done("publish", hello, tool)
    before = records(place)
    index(place)
    assert records(place) == before
    place.done("reindex")
    assert records(place) == before
    there = etags(place.server, place.bucket)
    said = json.loads(place.done("reindex", "--json"))
    assert [each["after"] for each in said["subdirs"]] == [1, 1]
    assert etags(place.server, place.bucket) == there, "nothing changed, so nothing is written"
