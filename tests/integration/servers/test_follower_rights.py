"""What follows a channel on AWS works with its own permissions, on MinIO: nothing that it must do is denied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import DeniedError
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.policy.follower import channel_statements
from chaninfra.channel.policy.statements import VERSION
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.spec.build import build_spec
from chaninfra.index.channel import Channel
from chaninfra.index.follow.compare import compare
from chaninfra.index.follow.follow import follow
from chaninfra.index.package.sidecars import immutable_name, sidecar_name
from chaninfra.index.snapshots.automatic import tend
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.remove import list_snapshots, remove
from support.cases.access_sessions import new_user_on_minio
from support.channels.bundles import bundle, digest, sidecar
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server


def test_what_follows_a_channel_may_do_all_that_it_must(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    root, client = new_place(minio, bucket_name), minio.client()
    root.set_page()
    client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/current_repodata.json", Body=b"{}")
    root.done("publish", make_package(tmp_path, "old", "1.0"), make_package(tmp_path, "gone", "1.0"))
    root.done("yank", "old-1.0-0.conda")
    client.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/yanked.json")
    own = {
        "provider": "aws",
        "region": "us-east-1",
        "bucket": bucket_name,
        "prefix": PREFIX,
        "subdirs": ["noarch"],
        "page": True,
    }
    following = build_spec({**own, "index": {"follow": {}}}, where="test").following
    policy = {"Version": VERSION, "Statement": channel_statements(bucket_name, following)}
    access_key_id, secret = new_user_on_minio(minio, policy)
    place = Place(replace(minio, access_key_id=access_key_id, secret_access_key=secret), bucket_name, root.url)

    def there(name: str) -> bool:
        found = client.list_objects_v2(Bucket=bucket_name, Prefix=f"{PREFIX}/{name}")
        return any(each["Key"] == f"{PREFIX}/{name}" for each in found.get("Contents", ()))

    # What others uploaded and deleted: a package with its attestations, one that is none, one that is gone.
    new = make_package(tmp_path, "new", "1.0")
    files = {new.name: new.read_bytes(), "broken-1.0-0.conda": b"no package"}
    attested = sidecar(bundle(new.name, files[new.name]))
    files[sidecar_name(new.name)] = attested
    for name, data in files.items():
        client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{name}", Body=data)
    client.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/gone-1.0-0.conda")
    text = client.get_object(Bucket=bucket_name, Key=f"{PREFIX}/channel.json")["Body"].read()
    channel = Channel(descriptor=parse(text, where="channel.json"), credentials=Credentials(access_key_id, secret))
    done = follow(channel, [f"{PREFIX}/noarch/{name}" for name in (*files, "gone-1.0-0.conda")], {})
    assert (done.added, done.dropped) == ([f"noarch/{new.name}"], ["noarch/gone-1.0-0.conda"])
    assert there(f"noarch/{immutable_name(new.name, digest(attested))}")
    assert there(".chaninfra/left-out.json")
    assert there("noarch/summaries/new.json")
    assert done.notes == []
    compare(channel, {})

    client.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/broken-1.0-0.conda")
    # The net: a full re-index, and the collection of garbage.
    place.done("reindex")
    assert there("yanked.json")
    changed = json.loads(text)
    changed["index"]["monolith"] = "never"
    client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/channel.json", Body=json.dumps(changed))
    swept = place.done("gc")
    assert f"{PREFIX}/noarch/repodata.json: not declared" in swept
    assert f"{PREFIX}/noarch/current_repodata.json: of an earlier indexer" in swept
    assert not there("noarch/repodata.json")
    assert there("noarch/repodata_shards.msgpack.zst")

    # It is no publisher.
    mine = make_package(tmp_path, "mine", "1.0")
    assert place.run("publish", mine).returncode == 5
    assert not there(f"noarch/{mine.name}")


def test_what_follows_a_channel_makes_and_removes_its_snapshots(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """Where the channel says how often; and no more than that."""
    root, client = new_place(minio, bucket_name), minio.client()
    root.done("publish", make_package(tmp_path, "one", "1.0"))
    own = {"provider": "aws", "region": "us-east-1", "bucket": bucket_name, "prefix": PREFIX, "subdirs": ["noarch"]}
    schedule = {"every": "1d", "keep": 1}
    text = client.get_object(Bucket=bucket_name, Key=f"{PREFIX}/channel.json")["Body"].read()
    described = parse(json.dumps({**json.loads(text), "snapshots": schedule}), where="channel.json")

    def channel_of(**declared: object) -> tuple[Channel, Any]:
        following = build_spec({**own, "index": {"follow": {}}, **declared}, where="test").following
        policy = {"Version": VERSION, "Statement": channel_statements(bucket_name, following)}
        keys = Credentials(*new_user_on_minio(minio, policy))
        theirs = replace(minio, access_key_id=keys.access_key_id, secret_access_key=keys.secret_access_key)
        return Channel(descriptor=described, credentials=keys), theirs.client()

    maker, of_maker = channel_of(snapshots=schedule)
    # Made by another one, and older.
    create(Channel(descriptor=described, credentials=root_keys(minio)), "auto-20200101T0000Z")
    tended = tend(maker)
    assert tended.made is not None
    assert tended.removed == ("auto-20200101T0000Z",)
    assert [*list_snapshots(maker).snapshots] == [tended.newest]
    denied = [
        lambda: of_maker.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/repodata_shards.msgpack.zst"),
        lambda: of_maker.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/snapshots/index.json"),
        lambda: of_maker.put_object(Bucket=bucket_name, Key=f"{PREFIX}/snapshots/x/noarch/a-1-0.conda", Body=b""),
    ]
    for call in denied:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
    with pytest.raises(DeniedError):
        remove(channel_of()[0], tended.newest)


def root_keys(server: Server) -> Credentials:
    return Credentials(server.access_key_id, server.secret_access_key)
