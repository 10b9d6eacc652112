"""Buckets with Object Lock and a default retention: each PUT has a checksum, and what is there cannot be lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support.channels.channel_at import PREFIX, Place
from support.channels.packages import make_package
from support.channels.sick_channels import diagnosis
from support.servers.fault_server import Request, faulty
from support.servers.object_lock import wants_checksums
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


@pytest.fixture
def locked(server: Server, bucket_name: str) -> str:
    """A bucket whose objects are kept for a day."""
    client = server.client()
    client.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket=bucket_name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return bucket_name


@contextmanager
def noting(server: Server, plain: list[str], *faults: Any) -> Iterator[Server]:
    """The server, and in `plain` the keys that were put without a checksum."""

    def look(request: Request) -> None:
        names = [name.lower() for name in request.headers]
        is_object = request.method == "PUT" and request.path.partition("?")[0].count("/") > 1
        # A copy within the store has no body.
        is_object = is_object and "x-amz-copy-source" not in names
        if is_object and not any(name.startswith(("x-amz-checksum-", "x-amz-trailer")) for name in names):
            plain.append(request.path)

    with faulty(server, look, *faults) as proxied:
        yield proxied


def through_all(server: Server, bucket: str, folder: Path, *options: str) -> None:
    """Every kind of write: skeleton, descriptor, probe, packages in one PUT and in parts, indexes, yanks, marks."""
    place = Place(server, bucket, f"s3://{bucket}/{PREFIX}")

    def done(command: str, *args: str | Path) -> None:
        ended = place.run(command, *args, *(options if command == "init" else ()))
        assert ended.returncode == 0, (command, ended.stderr)
        assert "not probed" not in ended.stderr

    done("init")
    small = make_package(folder, "small", "1.0")
    large = make_package(folder, "large", "1.0", payload=os.urandom(17 << 20))
    done("publish", small, large)
    done("publish", small, large)
    done("yank", small.name)
    done("reindex")
    done("gc")
    done("doctor", "--probe")
    found = diagnosis(place.run("doctor", "--json", "--as", "maintainer"))
    assert found.failed == set(), found.checks
    assert "may add files" in found.of("publishing")["found"]
    kept = server.client().list_object_versions(Bucket=bucket)["Versions"]
    assert {each["Key"] for each in kept} >= {f"{PREFIX}/noarch/{small.name}", f"{PREFIX}/noarch/{large.name}"}


def test_every_put_has_a_checksum_where_the_store_takes_it(
    server: Server, locked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row of the provider says so; and a store that wants one has nothing to refuse."""
    plain: list[str] = []
    refused: list[str] = []
    with noting(server, plain, wants_checksums(refused)) as proxied:
        through_all(proxied, locked, tmp_path, "--provider", server.name)
    assert plain == []
    assert refused == []


def test_a_store_of_which_nothing_is_known_gets_one_where_it_asks(server: Server, locked: str, tmp_path: Path) -> None:
    refused: list[str] = []
    with faulty(server, wants_checksums(refused)) as proxied:
        through_all(proxied, locked, tmp_path)
    assert refused


def test_a_store_that_does_not_ask_gets_none_unless_it_takes_them(
    server: Server, bucket_name: str, tmp_path: Path
) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    plain: list[str] = []
    with noting(server, plain) as proxied:
        place = Place(proxied, bucket_name, f"s3://{bucket_name}/{PREFIX}")
        place.done("init")
        place.done("publish", make_package(tmp_path, "small", "1.0"))
    # All but the one with which the probe tries them.
    assert any(path.endswith("/small-1.0-0.conda") for path in plain)


def test_a_store_that_takes_no_checksum_of_ours_is_said_to_be_so(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """It wants Content-MD5 and knows nothing newer. The doctor does not take its 400 for a right."""
    minio.client().create_bucket(Bucket=bucket_name)
    Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}").done("init")
    with faulty(minio, wants_checksums(known="content-md5")) as proxied:
        place = Place(proxied, bucket_name, f"s3://{bucket_name}/{PREFIX}")
        ended = place.run("publish", make_package(tmp_path, "small", "1.0"))
        assert ended.returncode == 1, ended.stderr
        assert "the store wants a checksum with each PUT, as a bucket with Object Lock does" in ended.stderr
        found = diagnosis(place.run("doctor", "--json"))
    assert found.failed == {"publishing"}, found.checks
    assert "wants a checksum with each PUT" in found.of("publishing")["found"]
    assert found.of("publishing")["remedy"]
