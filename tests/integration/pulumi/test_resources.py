"""The handlers on real stores, without the engine: how they treat errors, buckets, and the objects in them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    CredentialsError,
    DeniedError,
    RefusedError,
    UnreachableError,
)
from chaninfra.channel.policy.statements import public_read
from chaninfra.pulumi.handlers.deletion import purge
from support.channels import channels
from support.pulumi.handlers import Store
from support.servers import fault_server
from support.servers.s3_servers import Server, free_port

READS = ("bucket", "policy", "skeleton", "descriptor")


# Where nobody answers, it is all the same which server does not.
@pytest.mark.parametrize(
    ("server", "wrong"),
    [*product(("minio", "versitygw"), ("stranger", "unknown key", "wrong secret")), ("versitygw", "no answer")],
    indirect=["server"],
)
def test_an_error_does_not_count_as_missing(server: Server, bucket_name: str, wrong: str) -> None:
    Store(server, bucket_name).make()
    before = channels.etags(server, bucket_name)
    keys = {
        "stranger": server.stranger(),
        "unknown key": {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "wrong"},
        "wrong secret": {**server.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"},
        "no answer": server.environment(),
    }[wrong]
    expected: dict[str, type[ChaninfraError]] = {"stranger": DeniedError, "no answer": UnreachableError}
    store = Store(server, bucket_name, keys)
    if wrong == "no answer":
        store.store["endpoint-url"] = f"http://127.0.0.1:{free_port()}"
    messages = set()
    for noun in READS:
        with pytest.raises(expected.get(wrong, CredentialsError)) as caught:
            store.handler(noun).read(store.props())
        messages.add(type(caught.value))
    assert len(messages) == 1
    for noun in ("bucket", "skeleton", "descriptor"):
        with pytest.raises(expected.get(wrong, CredentialsError)):
            store.handler(noun).create(store.props())
    for noun in ("guard", "skeleton", "descriptor", "bucket"):
        with pytest.raises(expected.get(wrong, CredentialsError)):
            store.handler(noun).delete(store.props())
    failure = store.handler("preflight").check({}, store.props())
    assert failure is not None
    assert "adopt" not in failure[1]
    assert channels.etags(server, bucket_name) == before


def test_the_preflight_names_what_is_missing(
    minio: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = Store(minio, bucket_name)
    assert store.handler("preflight").check({}, store.props()) is None
    missing = store.handler("preflight").check({}, store.props(adopt=True))
    assert missing is not None
    assert f"there is no bucket {bucket_name!r} to adopt" in missing[1]
    made_by_us = store.handler("preflight").check(store.props(), store.props(adopt=True))
    assert made_by_us is not None
    assert "set `adopt` back to false" in made_by_us[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    nobody = Store(minio, bucket_name, {})
    failure = nobody.handler("preflight").check({}, nobody.props())
    assert failure is not None
    assert "there are no credentials" in failure[1]
    assert "set AWS_ACCESS_KEY_ID" in failure[1]
    assert bucket_name not in channels.buckets(minio)


def test_a_bucket_deleted_by_hand_counts_as_missing_and_can_be_created_again(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    for noun in ("bucket", "skeleton", "descriptor"):
        assert store.handler(noun).read(store.props()) is None
        store.handler(noun).delete(store.props())
    store.handler("guard").delete(store.props())
    with pytest.raises(BucketMissingError):
        store.handler("skeleton").create(store.props())
    assert bucket_name not in channels.buckets(server)
    store.make()
    read = store.handler("skeleton").read(store.props())
    assert read is not None
    assert len(read["files"]) == 6


def test_objects_of_others_are_not_deleted(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.make()
    server.client().put_object(Bucket=bucket_name, Key="main/notes.txt", Body=b"of somebody")
    with pytest.raises(RefusedError, match=r"1 object that chaninfra did not make, for example 'main/notes\.txt'"):
        store.handler("guard").delete(store.props())
    store.handler("skeleton").delete(store.props())
    store.handler("descriptor").delete(store.props())
    assert list(channels.etags(server, bucket_name)) == ["main/notes.txt"]


def test_old_versions_count_as_packages(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.make()
    client = server.client()
    client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    key = "main/noarch/hello-1.0-0.conda"
    client.put_object(Bucket=bucket_name, Key=key, Body=b"a package")
    client.delete_object(Bucket=bucket_name, Key=key)
    with pytest.raises(RefusedError, match="the bucket has 1 package"):
        store.handler("guard").delete(store.props())
    # They are not left behind either, nor deleted with a channel that is no longer declared.
    for changed in (Store(server, f"{bucket_name}-new"), store):
        refused = changed.handler("preflight").check(store.props(), changed.props(prefixes=["other"]))
        assert refused is not None
        assert f"1 package in s3://{bucket_name}/main would be left behind" in refused[1]
    with pytest.raises(RefusedError, match=f"s3://{bucket_name}/main: the channel has 1 package"):
        store.handler("skeleton").delete(store.props())
    forced = store.props(**{"force-destroy": True})
    for noun in ("guard", "descriptor", "skeleton", "bucket"):
        store.handler(noun).delete(forced)
    assert bucket_name not in channels.buckets(server)


def test_an_empty_channel_in_a_bucket_with_versions_is_deleted_without_force(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    versioned = {"Status": "Enabled"}
    server.client().put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration=versioned)
    for _ in range(2):
        store.handler("skeleton").create(store.props())
        store.handler("descriptor").create(store.props())
    server.client().delete_object(Bucket=bucket_name, Key="main/noarch/repodata.json")
    for noun in ("guard", "descriptor", "skeleton", "bucket"):
        store.handler(noun).delete(store.props())
    assert bucket_name not in channels.buckets(server)


def test_another_bucket_is_refused_if_the_guard_of_the_old_one_would_refuse(server: Server, bucket_name: str) -> None:
    store, elsewhere = Store(server, bucket_name), Store(server, f"{bucket_name}-new")
    store.make()

    def refusal(**olds: Any) -> tuple[str, str] | None:
        return elsewhere.handler("preflight").check(store.props(**olds), elsewhere.props())

    assert refusal() is None
    for key, said in (("main/notes.txt", "has 1 object that"), ("other/noarch/a-1-0.conda", "has 1 package")):
        server.client().put_object(Bucket=bucket_name, Key=key, Body=b"of somebody")
        refused = refusal()
        assert refused is not None
        assert said in refused[1]
        assert "undo the change" in refused[1]
        assert store.handler("preflight").check(store.props(), store.props(prefixes=["new"])) is None
    assert refusal(**{"force-destroy": True}) is None


def test_the_bucket_at_another_endpoint_must_be_the_same(minio: Server, versitygw: Server, bucket_name: str) -> None:
    here, elsewhere = Store(minio, bucket_name), Store(versitygw, bucket_name)
    document = (
        '{"version": 1, "name": "main", "provider": "custom", "bucket": "' + bucket_name + '", "prefix": "main", '
        '"url": "s3://' + bucket_name + '/main", "endpoint-url": "' + minio.endpoint_url + '", "region": "us-east-1", '
        '"force-path-style": true, "visibility": "private", "auth": "pixi", "subdirs": ["noarch"]}'
    )
    here.make(document=document)
    refused = elsewhere.handler("preflight").check(here.props(), elsewhere.props())
    assert refused is not None
    assert "is not this stack's bucket at" in refused[1]
    elsewhere.make()
    assert elsewhere.handler("preflight").check(here.props(), elsewhere.props()) == refused
    # The same store under another host name.
    other_name = Store(minio, bucket_name)
    other_name.store["endpoint-url"] = minio.endpoint_url.replace("127.0.0.1", "localhost")
    assert other_name.handler("preflight").check(here.props(), other_name.props()) is None


def test_statements_of_others_are_left_alone(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    ours = store.props(statements=public_read(bucket_name, ["main"]))
    store.handler("policy").create(ours)
    read = store.handler("policy").read(ours)
    assert read == ours
    assert not store.handler("policy").diff(ours, ours).changes
    store.handler("policy").delete(ours)
    assert store.handler("policy").read(ours) is None
    store.handler("policy").delete(ours)


def test_a_store_that_needs_a_location_constraint_gets_it(aws: Server, bucket_name: str) -> None:
    store = Store(aws, bucket_name)
    store.handler("bucket").create(store.props())
    location = aws.client().get_bucket_location(Bucket=bucket_name)
    assert location["LocationConstraint"] == aws.region


def test_purge_ignores_objects_that_were_deleted_meanwhile(minio: Server, bucket_name: str) -> None:
    client = minio.client()
    client.create_bucket(Bucket=bucket_name)
    for name in ("one", "two"):
        client.put_object(Bucket=bucket_name, Key=f"main/{name}", Body=b"")

    def choose(keys: list[str]) -> list[str]:
        client.delete_object(Bucket=bucket_name, Key="main/one")
        return keys

    with fault_server.faulty(minio, fault_server.knows_no_missing(minio)) as faulty:
        purge(Store(faulty, bucket_name).handler("bucket").session, "main", choose)
    assert channels.etags(minio, bucket_name) == {}
