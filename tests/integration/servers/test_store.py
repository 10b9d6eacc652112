"""The object store on real servers: conditions, folders, unusual names, and a class for each error."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConflictError,
    CredentialsError,
    DeniedError,
    UnreachableError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.http_options import TIMEOUT
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.index.large_upload import IN_ONE_PUT
from support.channels import channels
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server, free_port
from support.servers.s3_traffic import Hold

BODY = ObjectBody(data=b"one", content_type="application/json", cache_control="max-age=300", metadata={"revision": "7"})
OTHER = ObjectBody(data=b"other", content_type="application/json")


def store(server: Server, bucket: str, keys: dict[str, str] | None = None, endpoint: str = "") -> S3Store:
    given = keys or server.environment()
    location = Location(
        bucket=bucket, endpoint_url=endpoint or server.endpoint_url, region=server.region, force_path_style=True
    )
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    key, secret, token = (given.get(name) for name in names)
    return S3Store(location, Credentials(key or "", secret or "", token))


@pytest.fixture
def objects(server: Server, bucket_name: str) -> S3Store:
    server.client().create_bucket(Bucket=bucket_name)
    return store(server, bucket_name)


def test_get_returns_what_put_stored(objects: S3Store) -> None:
    etag = objects.put("a/key.json", BODY)
    stored = objects.get("a/key.json")
    assert stored is not None
    assert (stored.data, stored.content_type, stored.cache_control) == (b"one", BODY.content_type, BODY.cache_control)
    assert stored.metadata == {"revision": "7"}
    assert objects.head("a/key.json") == stored.entry
    assert (stored.entry.key, stored.entry.size, stored.entry.etag) == ("a/key.json", 3, etag)


def test_a_missing_key_is_none(objects: S3Store) -> None:
    assert objects.get("nothing") is None
    assert objects.head("nothing") is None
    assert list(objects.list("nothing")) == []
    objects.delete(["nothing"])


def test_get_range_reads_only_the_object_with_the_etag(objects: S3Store) -> None:
    etag = objects.put("key", ObjectBody(data=b"0123456789", content_type="text/plain"))
    assert objects.get_range("key", etag, 2, 3) == b"234"
    assert objects.get_range("key", etag, 8, 5) == b"89"
    objects.put("key", OTHER)
    with pytest.raises(ConflictError):
        objects.get_range("key", etag, 2, 3)
    objects.delete(["key"])
    with pytest.raises(ConflictError):
        objects.get_range("key", etag, 2, 3)


def test_conditional_puts(objects: S3Store) -> None:
    etag = objects.put("key", BODY, IfAbsent())
    with pytest.raises(ConflictError):
        objects.put("key", OTHER, IfAbsent())
    with pytest.raises(ConflictError):
        objects.put("key", OTHER, IfMatch('"0123456789abcdef0123456789abcdef"'))
    unchanged = objects.get("key")
    assert unchanged is not None
    assert unchanged.data == b"one"
    objects.put("key", OTHER, IfMatch(etag))
    changed = objects.get("key")
    assert changed is not None
    assert changed.data == b"other"


def test_list_returns_only_keys_below_the_folder(objects: S3Store) -> None:
    for key in ("main/a", "main/b/c", "main2/d", "other"):
        objects.put(key, BODY)
    assert sorted(entry.key for entry in objects.list("main")) == ["main/a", "main/b/c"]
    assert len(list(objects.list(""))) == 4
    assert objects.folders("main") == {"b"}
    assert objects.folders("") == {"main", "main2"}
    assert objects.folders("nothing") == set()
    objects.delete(["main/a", "other"])
    assert sorted(entry.key for entry in objects.list("")) == ["main/b/c", "main2/d"]


@pytest.mark.parametrize(
    "name", ["libstdc++-1.0-h0_0.conda", "x-1!2.0-0.conda", "a_b~c-1.0+local-0.tar.bz2", "with space%20.conda"]
)
def test_keys_are_the_same_for_boto3(server: Server, objects: S3Store, name: str) -> None:
    key = f"main/noarch/{name}"
    objects.put(key, BODY)
    bucket = objects.location.bucket
    assert list(channels.etags(server, bucket)) == [key]
    server.client().put_object(Bucket=bucket, Key=key, Body=b"by boto3")
    stored = objects.get(key)
    assert stored is not None
    assert stored.data == b"by boto3"
    assert [entry.key for entry in objects.list("main")] == [key]
    objects.delete([key])
    assert channels.etags(server, bucket) == {}


WRONG = ("stranger", "unknown key", "wrong secret", "no bucket")


# Where nobody answers, it is all the same which server does not.
@pytest.mark.parametrize(
    ("server", "wrong"),
    [*product(("minio", "versitygw"), WRONG), ("versitygw", "no answer")],
    indirect=["server"],
)
def test_each_error_has_its_class_for_every_request(server: Server, bucket_name: str, wrong: str) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    store(server, bucket_name).put("there", BODY)
    broken: S3Store
    expected: type[ChaninfraError]
    if wrong == "stranger":
        broken, expected = store(server, bucket_name, server.stranger()), DeniedError
    elif wrong == "unknown key":
        keys = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "wrong"}
        broken, expected = store(server, bucket_name, keys), CredentialsError
    elif wrong == "wrong secret":
        keys = {**server.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}
        broken, expected = store(server, bucket_name, keys), CredentialsError
    elif wrong == "no bucket":
        broken, expected = store(server, f"{bucket_name}-not"), BucketMissingError
    else:
        nowhere = f"http://127.0.0.1:{free_port()}"
        broken, expected = store(server, bucket_name, endpoint=nowhere), UnreachableError
    for key in ("there", "nothing"):
        for request in (broken.get, broken.head):
            with pytest.raises(expected) as caught:
                request(key)
            assert type(caught.value) is expected
    with pytest.raises(expected):
        list(broken.list(""))
    with pytest.raises(expected):
        broken.folders("")
    for condition in (None, IfAbsent()):
        with pytest.raises(expected):
            broken.put("nothing", BODY, condition)
    with pytest.raises(expected):
        broken.delete(["there"])
    assert list(channels.etags(server, bucket_name)) == ["there"]


def test_the_timeout_allows_a_large_body_on_a_slow_line() -> None:
    assert IN_ONE_PUT / TIMEOUT.total_seconds() < 20_000


@pytest.mark.parametrize("kind", ["get", "put"])
def test_a_missing_answer_is_reported(
    monkeypatch: pytest.MonkeyPatch, versitygw: Server, bucket_name: str, kind: str
) -> None:
    """On one server, which no request reaches."""
    monkeypatch.setattr("chaninfra.channel.s3.http_options.TIMEOUT", timedelta(seconds=0.5))
    with proxy(versitygw) as between:
        impatient = store(between.server, bucket_name)
        between.rule = lambda _: Hold("before", lambda: None)
        with pytest.raises(UnreachableError, match="it took too long"):
            impatient.get("key") if kind == "get" else impatient.put("key", BODY)


@pytest.mark.parametrize("key", ["main/noarch//x.conda", "main/x//", "main/./x", "main//x"])
def test_a_key_that_obstore_cannot_represent_is_listed(aws: Server, bucket_name: str, key: str) -> None:
    aws.client().create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for each in ("main/a", key, "main/z"):
        aws.client().put_object(Bucket=bucket_name, Key=each, Body=b"x")
    objects = store(aws, bucket_name)
    assert [entry.key for entry in objects.list("main")] == sorted(["main/a", key, "main/z"])
    assert objects.folders("main") == {key.split("/")[1]}
