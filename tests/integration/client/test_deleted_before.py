"""Create after delete, in a bucket with versions: S3 and MinIO do it, versitygw 1.8 refuses it for ever."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from chaninfra.channel.errors import RecreationError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.channels.channel_at import PREFIX, Place
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.probing import described
from support.servers.fault_server import Answer, Request, error, faulty
from support.servers.s3_servers import Server


@pytest.fixture
def place(server: Server, bucket_name: str) -> Place:
    """A channel in a bucket with versions."""
    client = server.client()
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    made = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(server, made.url, provider=server.name)
    return made


@pytest.fixture(params=["in one PUT", "in parts"])
def package(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    payload = b"small" if request.param == "in one PUT" else os.urandom(17 << 20)
    return make_package(tmp_path, "back", "1.0", payload=payload)


def deleted(place: Place, key: str) -> None:
    place.server.client().delete_object(Bucket=place.bucket, Key=key)


def follow(place: Place, stderr: str) -> None:
    """What the command of the AWS CLI does that the remedy names."""
    words = shlex.split(stderr.partition("try again: ")[2])
    assert words[:3] == ["aws", "s3api", "delete-object"], stderr
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert given.pop("--endpoint-url") == place.server.endpoint_url
    place.server.client().delete_object(Bucket=given["--bucket"], Key=given["--key"], VersionId=given["--version-id"])


def test_a_deleted_package_is_published_again(place: Place, package: Path) -> None:
    key = f"{PREFIX}/noarch/{package.name}"
    place.done("publish", package)
    deleted(place, key)
    place.done("reindex")
    done = place.run("publish", package)
    if place.server.name == "minio":
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode == 1, done.stderr
        assert f"s3://{place.bucket}/{key} was deleted before" in done.stderr
        assert "takes its delete marker for an object" in done.stderr
        assert "by another writer" not in done.stderr
        follow(place, done.stderr)
        place.done("publish", package)
    assert place.server.client().head_object(Bucket=place.bucket, Key=key)["ContentLength"] == package.stat().st_size


def test_deleted_index_files_are_written_again(place: Place, tmp_path: Path) -> None:
    """All that is created under a condition: the authoritative index, the derived files, the descriptor."""
    place.done("publish", make_package(tmp_path, "back", "1.0"))
    for name in ("repodata_shards.msgpack.zst", "repodata.json", "repodata.json.zst"):
        deleted(place, f"{PREFIX}/noarch/{name}")
    for _ in range(4):
        done = place.run("reindex")
        assert "by another writer" not in done.stderr, done.stderr
        if done.returncode == 0:
            break
        assert "was deleted before" in done.stderr, done.stderr
        follow(place, done.stderr)
    assert done.returncode == 0
    assert [*place.repodata("noarch")["packages.conda"]] == ["back-1.0-0.conda"]
    deleted(place, f"{PREFIX}/channel.json")
    done = place.run("init", "--provider", place.server.name)
    assert done.returncode == (0 if place.server.name == "minio" else 1), done.stderr
    assert "by someone else" not in done.stderr
    if done.returncode:
        follow(place, done.stderr)
        place.done("init", "--provider", place.server.name)


def test_the_probe_tries_it(place: Place) -> None:
    said = place.done("doctor", "--probe")
    if place.server.name == "minio":
        assert "an object that was deleted can be created again" in said
    else:
        assert "what was deleted cannot be created again" in said


def test_without_the_right_to_list_versions_the_message_does_not_say_more_than_is_known(
    versitygw: Server, bucket_name: str
) -> None:
    client = versitygw.client()
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket_name, Key="k", Body=b"")
    client.delete_object(Bucket=bucket_name, Key="k")

    def no_versions(request: Request) -> Answer | None:
        return error(403, "AccessDenied") if "versions" in request.path.partition("?")[2] else None

    with faulty(versitygw, no_versions) as proxied:
        store = S3Store(
            described(proxied, bucket_name).location, Credentials(proxied.access_key_id, proxied.secret_access_key)
        )
        with pytest.raises(RecreationError, match="although nothing is there") as caught:
            store.put("k", ObjectBody(data=b"x", content_type="text/plain"), IfAbsent())
    assert "aws s3api list-object-versions" in (caught.value.remedy or "")
