"""The handlers on channels of other versions of chaninfra, and on one without monolithic files, without the engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from support.channels import channels
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server


def make(store: Store) -> None:
    for noun in ("bucket", "skeleton", "descriptor"):
        store.handler(noun).create(store.props())


@pytest.mark.parametrize("doing", ["create", "update"])
def test_the_descriptor_of_a_later_version_is_not_overwritten(minio: Server, bucket_name: str, doing: str) -> None:
    store = Store(minio, bucket_name)
    make(store)
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
    make(store)
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
    make(store)
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
