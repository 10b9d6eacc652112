"""What follows a channel on AWS works with its own permissions, on MinIO: nothing that it must do is denied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.policy.follower import channel_statements
from chaninfra.channel.policy.statements import VERSION
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.spec.build import build_spec
from chaninfra.index.channel import Channel
from chaninfra.index.follow.compare import compare
from chaninfra.index.follow.follow import follow
from chaninfra.index.package.sidecars import immutable_name, sidecar_name
from support.cases.access_sessions import new_user_on_minio
from support.channels.bundles import bundle, digest, sidecar
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server


def test_what_follows_a_channel_may_do_all_that_it_must(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    root, client = new_place(minio, bucket_name), minio.client()
    client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/current_repodata.json", Body=b"{}")
    root.done("publish", make_package(tmp_path, "old", "1.0"), make_package(tmp_path, "gone", "1.0"))
    root.done("yank", "old-1.0-0.conda")
    client.delete_object(Bucket=bucket_name, Key=f"{PREFIX}/yanked.json")
    own = {"provider": "aws", "region": "us-east-1", "bucket": bucket_name, "prefix": PREFIX, "subdirs": ["noarch"]}
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
