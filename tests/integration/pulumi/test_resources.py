"""The handlers on real stores, without the engine: how they treat errors, and existing objects."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    RefusedError,
    UnreachableError,
)
from chaninfra.channel.policy.statements import public_read
from chaninfra.pulumi.handlers.deletion import purge
from support.channels import channels, conda_client
from support.pulumi.handlers import INDEX, Store
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
    with pytest.raises(RefusedError, match=f"s3://{bucket_name}/main has 1 package"):
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


@pytest.mark.parametrize("repodata", ["records", "a base_url", "nonsense", "nothing"])
def test_an_adopted_channel_keeps_an_index_with_content(server: Server, bucket_name: str, repodata: str) -> None:
    """The packages may be elsewhere, as `info.base_url` says (CEP 15)."""
    store = Store(server, bucket_name)
    server.client().create_bucket(Bucket=bucket_name)
    key = "main/osx-64/repodata.json"
    body = {
        "records": b'{"info": {"subdir": "osx-64"}, "packages.conda": {"a-1-0.conda": {"name": "a"}}}',
        "a base_url": b'{"info": {"subdir": "osx-64", "base_url": "https://example.com/"}, "packages": {}}',
        "nonsense": b"<html>",
        "nothing": b'{"info": {"subdir": "osx-64"}, "packages": {}, "packages.conda": {}}',
    }[repodata]
    server.client().put_object(Bucket=bucket_name, Key=key, Body=body)
    store.make(adopt=True)
    before = channels.etags(server, bucket_name)
    assert len(before) == 8
    for noun in ("guard", "descriptor", "skeleton", "bucket"):
        store.handler(noun).delete(store.props(adopt=True))
    assert channels.etags(server, bucket_name) == ({} if repodata == "nothing" else before)


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


def test_the_skeleton_does_not_delete_channel_json(server: Server, bucket_name: str) -> None:
    """Pulumi deletes skeleton and descriptor concurrently; only one of them may delete the versions of an object."""
    store = Store(server, bucket_name)
    store.make()
    store.handler("skeleton").delete(store.props(**{"force-destroy": True}))
    assert list(channels.etags(server, bucket_name)) == ["main/channel.json"]
    store.handler("descriptor").delete(store.props())
    assert channels.etags(server, bucket_name) == {}


def test_a_forced_deletion_leaves_a_channel_below_the_prefix(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.make()
    store.make(prefix="main/new", key="main/new/channel.json", adopt=True)
    for key in ("main/noarch/old-1.0-0.conda", "main/new/noarch/new-1.0-0.conda"):
        server.client().put_object(Bucket=bucket_name, Key=key, Body=b"a package")
    store.handler("skeleton").delete(store.props(**{"force-destroy": True}))
    store.handler("descriptor").delete(store.props(**{"force-destroy": True}))
    left = channels.etags(server, bucket_name)
    assert {key.split("/")[1] for key in left} == {"new"}
    assert len(left) == 8


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


def test_index_files_that_are_not_written_any_more_stay_and_a_warning_says_who_deletes_them(
    server: Server, bucket_name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(server, bucket_name)
    store.make()
    channels.fill(server, bucket_name, "main", tmp_path)
    before = channels.etags(server, bucket_name, "main")
    olds = store.props()
    news = store.props(index={**INDEX, "formats": ["shards"]})
    assert store.handler("skeleton").diff(olds, news).changes
    capsys.readouterr()
    outputs = store.handler("skeleton").update(olds, news)
    assert outputs["files"] == [f"main/{subdir}/repodata_shards.msgpack.zst" for subdir in ("linux-64", "noarch")]
    assert channels.etags(server, bucket_name, "main") == before
    said = capsys.readouterr().err
    assert "nothing updates repodata.json and repodata.json.zst any more" in said
    assert f"`chaninfra gc s3://{bucket_name}/main`" in said
    store.handler("skeleton").update(news, news)
    assert capsys.readouterr().err == ""
    store.handler("skeleton").update(news, olds)
    assert "share/hello.txt" in conda_client.install(f"s3://{bucket_name}/main", ["tool"], tmp_path / "c", server)


@pytest.mark.parametrize("doing", ["create", "update"])
def test_the_descriptor_of_a_later_version_is_not_overwritten(minio: Server, bucket_name: str, doing: str) -> None:
    store = Store(minio, bucket_name)
    store.make()
    later = json.dumps({**json.loads(store.props()["document"]), "version": 3}).encode()
    minio.client().put_object(Bucket=bucket_name, Key="main/channel.json", Body=later)
    handler, props = store.handler("descriptor"), store.props()
    with pytest.raises(ConfigurationError, match="version 3 of the descriptor is newer"):
        handler.create(props) if doing == "create" else handler.update(props, props)
    assert minio.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read() == later


def test_a_descriptor_of_version_1_becomes_one_of_version_2_and_keeps_the_probe(
    minio: Server, bucket_name: str
) -> None:
    store = Store(minio, bucket_name)
    store.make()
    at = {"Bucket": bucket_name, "Key": "main/channel.json"}
    new = json.loads(minio.client().get_object(**at)["Body"].read())
    index = {key: value for key, value in new["index"].items() if key not in ("monolith", "history-days")}
    probed = {"create": True, "replace": True, "multipart": False}
    old = {**new, "version": 1, "index": {**index, "formats": ["json", "zst"], "conditional-writes": probed}}
    minio.client().put_object(**at, Body=json.dumps(old).encode())
    store.handler("descriptor").update(store.props(document=json.dumps(old)), store.props())
    assert json.loads(minio.client().get_object(**at)["Body"].read()) == {
        **new,
        "index": {**new["index"], "conditional-writes": probed},
    }


def test_an_adopted_channel_with_nothing_but_a_shard_index_is_kept(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """Its packages can be elsewhere, and without monolithic files it has no repodata.json."""
    store = Store(minio, bucket_name)
    store.make()
    channels.fill(minio, bucket_name, "main", tmp_path)
    client = minio.client()
    for key in channels.etags(minio, bucket_name, "main"):
        if not key.endswith("noarch/repodata_shards.msgpack.zst"):
            client.delete_object(Bucket=bucket_name, Key=key)
    kept = channels.etags(minio, bucket_name, "main")
    assert kept
    for noun in ("skeleton", "descriptor"):
        store.handler(noun).delete(store.props(adopt=True))
    assert channels.etags(minio, bucket_name, "main") == kept


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
