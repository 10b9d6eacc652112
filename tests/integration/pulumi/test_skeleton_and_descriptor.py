"""The handlers of index files and channel.json on real stores: what is there stays."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chaninfra.channel.errors import (
    ConfigurationError,
)
from support.channels import channels, conda_client
from support.pulumi.handlers import INDEX, Store
from support.servers.s3_servers import Server


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
    (command,) = re.findall(r"Run `(chaninfra gc [^`]+)`", said)
    assert command.startswith(f"chaninfra gc s3://{bucket_name}/main --endpoint-url {server.endpoint_url} ")
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
