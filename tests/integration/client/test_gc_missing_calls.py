"""`gc` on a store that lacks one of the calls it makes: it does the rest, and says what it could not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.packages import make_package
from support.servers.fault_server import Answer, Fault, Request, error, faulty, is_abort
from support.servers.s3_servers import Server

Chosen = Callable[[Request], bool]


def lists_uploads(request: Request) -> bool:
    return request.method == "GET" and "uploads" in request.path.partition("?")[2].split("&")


def deletes_many(request: Request) -> bool:
    return request.method == "POST" and request.path.partition("?")[2].startswith("delete")


def lacks(chosen: Chosen, status: int, code: str) -> Fault:
    """The chosen call is answered so; without a code, with an empty body."""

    def fault(request: Request) -> Answer | None:
        if not chosen(request):
            return None
        return error(status, code) if code else Answer(status, [], b"")

    return fault


@pytest.mark.parametrize(
    ("status", "code"), [(501, "NotImplemented"), (501, ""), (405, "MethodNotAllowed"), (400, "InvalidRequest")]
)
@pytest.mark.parametrize(
    ("chosen", "says"),
    [(lists_uploads, "no call to list the uploads"), (deletes_many, "")],
    ids=["ListMultipartUploads", "DeleteObjects"],
)
def test_gc_does_the_rest(
    minio: Server, bucket_name: str, tmp_path: Path, status: int, code: str, chosen: Chosen, says: str
) -> None:
    """The history has a state too many, of a year ago by the index's settings: `monolith: never` leaves files over."""
    place = new_place(minio, bucket_name)
    place.done("publish", make_package(tmp_path, "hello", "1.0"))
    never_monolithic(place)
    with faulty(minio, lacks(chosen, status, code)) as store:
        done = Place(store, bucket_name, place.url).run("gc")
    assert done.returncode == 0, done.stderr
    assert f"{PREFIX}/noarch/repodata.json: not declared" in done.stdout
    assert says in done.stderr
    keys = [each["Key"] for each in minio.client().list_objects_v2(Bucket=bucket_name)["Contents"]]
    assert f"{PREFIX}/noarch/repodata.json" not in keys
    assert f"{PREFIX}/noarch/repodata_shards.msgpack.zst" in keys


def test_an_upload_that_cannot_be_aborted_is_named_and_the_rest_is_done(aws: Server, bucket_name: str) -> None:
    """At the stand-in for AWS (moto), which reports 2010 as the start of every upload."""
    place, client = new_place(aws, bucket_name), aws.client()
    never_monolithic(place)
    client.create_multipart_upload(Bucket=bucket_name, Key=f"{PREFIX}/noarch/big-1.0-0.conda")
    with faulty(aws, lacks(is_abort, 501, "NotImplemented")) as store:
        done = Place(store, bucket_name, place.url).run("gc")
    assert done.returncode == 0, done.stderr
    assert "no call to abort" in done.stderr
    assert "abandoned upload" not in done.stdout
    assert f"{PREFIX}/noarch/repodata.json: not declared" in done.stdout


def never_monolithic(place: Place) -> None:
    """`index.monolith: never` in channel.json, so that repodata.json is garbage."""
    client, key = place.server.client(), f"{PREFIX}/channel.json"
    text = client.get_object(Bucket=place.bucket, Key=key)["Body"].read().decode()
    changed = text.replace('"monolith": "each-commit"', '"monolith": "never"')
    assert changed != text
    client.put_object(Bucket=place.bucket, Key=key, Body=changed.encode())
