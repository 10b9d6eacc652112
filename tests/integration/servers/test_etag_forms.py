"""A store that honours If-Match only without the quotes of the ETag, as Ceph 16: a stand-in before MinIO plays it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, Place
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.probing import described, examined
from support.channels.sick_channels import diagnosis
from support.servers.ceph_etag_standin import hides_absence, wants_unquoted_etags
from support.servers.fault_server import faulty
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Iterator[Place]:
    minio.client().create_bucket(Bucket=bucket_name)
    with faulty(minio, wants_unquoted_etags, look=hides_absence) as store:
        yield Place(store, bucket_name, f"s3://{bucket_name}/{PREFIX}")


def recorded(place: Place) -> object:
    found = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json")
    return json.loads(found["Body"].read())["index"]["conditional-writes"]


def test_the_probe_finds_the_form(place: Place) -> None:
    found, results = examined(place.server, described(place.server, place.bucket))
    assert (found.create, found.replace, found.etags) == ("honoured", "honoured", "unquoted")
    assert results["conditional-replace"].state == "ok"
    assert "without the quotes of the ETag" in results["conditional-replace"].found


@pytest.mark.parametrize("provider", ["ceph", "custom"])
def test_many_publish_at_once_and_none_is_lost(place: Place, provider: str, tmp_path: Path) -> None:
    """The row says it of Ceph; of a store that nobody knows the probe of `init` does, by channel.json."""
    place.done("init", "--provider", provider)
    assert recorded(place) == {"create": True, "replace": True, "multipart": False, "etags": "unquoted"}
    packages = [make_package(tmp_path, f"p{number}", "1.0") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        done = [*pool.map(lambda package: place.run("publish", package), packages)]
    assert [each.returncode for each in done] == [0] * 6, [each.stderr for each in done]
    assert {*place.repodata("noarch")["packages.conda"]} == {package.name for package in packages}
    place.done("yank", packages[0].name)
    found = diagnosis(place.run("doctor", "--json", "--as", "maintainer"))
    assert found.failed == set(), found.checks
    assert "may add files" in found.of("publishing")["found"]


def test_the_row_is_enough_where_nobody_probed(place: Place, tmp_path: Path) -> None:
    create_channel(place.server, place.url, provider="ceph")
    key = f"{PREFIX}/channel.json"
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["index"]["conditional-writes"] = None
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    place.done("publish", make_package(tmp_path, "one", "1.0"))
    place.done("publish", make_package(tmp_path, "two", "1.0"))
    assert len(place.repodata("noarch")["packages.conda"]) == 2
    place.done("doctor", "--probe")
    assert recorded(place) == {"create": True, "replace": True, "multipart": False, "etags": "unquoted"}


def test_a_channel_that_an_earlier_probe_took_for_one_without_conditions(place: Place, tmp_path: Path) -> None:
    """Earlier versions tried the quoted form alone, and recorded that nothing is replaced under a condition."""
    create_channel(place.server, place.url, provider="ceph")
    key = f"{PREFIX}/channel.json"
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["index"]["conditional-writes"] = {"create": True, "replace": False, "multipart": False}
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    refused = place.run("publish", make_package(tmp_path, "one", "1.0"))
    assert refused.returncode == 2, refused.stderr
    assert "chaninfra doctor --probe" in refused.stderr
    place.done("doctor", "--probe")
    place.done("publish", make_package(tmp_path, "one", "1.0"))


def test_a_store_that_nobody_probed_and_nobody_knows_is_said_to_refuse_the_right_etag(
    place: Place, tmp_path: Path
) -> None:
    """Without the probe of `init`: not another writer."""
    create_channel(place.server, place.url)
    key = f"{PREFIX}/channel.json"
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["index"]["conditional-writes"] = None
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    package = make_package(tmp_path, "one", "1.0")
    refused = place.run("publish", package)
    assert refused.returncode == 1, refused.stderr
    assert "although the ETag is right" in refused.stderr
    assert "by another writer" not in refused.stderr
    command = refused.stderr.splitlines()[-1].partition("the channel: ")[2]
    assert command.startswith(f"chaninfra doctor --probe {place.url} --endpoint-url ")
    assert chaninfra(*command.split()[1:], server=place.server).returncode == 0
    place.done("publish", package)


def test_other_stores_get_the_quotes_and_nothing_new_in_channel_json(server: Server, bucket_name: str) -> None:
    """An earlier version reads that channel.json too."""
    server.client().create_bucket(Bucket=bucket_name)
    place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    place.done("init")
    assert recorded(place) == {"create": True, "replace": True, "multipart": True}
