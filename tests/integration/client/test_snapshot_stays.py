"""A snapshot says the same after 200 more commits, after prune, and after gc has deleted all that only their states
named: to a client by s3 and by http, with shards and without.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaninfra.channel.policy.statements import document, public_read
from chaninfra.index.gc import collect
from chaninfra.index.yank import unyank, yank
from support.channels import conda_client
from support.channels.channel_at import PREFIX, new_place
from support.channels.channels import etags
from support.channels.moved_on import hello
from support.channels.packages import make_package
from support.channels.retention import declare, opened_later, pruned_later
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

NAMES = ["hello", "tool", "over", "old"]


def test_it_says_the_same(server: Server, bucket_name: str, tmp_path: Path) -> None:
    place = new_place(server, bucket_name, "noarch", "linux-64")
    place.done(
        "publish",
        make_package(tmp_path, "hello", "1.0", payload=b"the first\n"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["hello"]),
        make_package(tmp_path, "over", "1.0"),
        make_package(tmp_path, "old", "1.0"),
    )
    declare(place, newest={"match": "old", "keep-newest": 1})
    place.done("snapshot create", "v1")
    url = f"{place.url}/snapshots/v1"
    before = conda_client.read(url, NAMES, tmp_path / "before", server)
    files = etags(server, bucket_name, f"{PREFIX}/snapshots/")
    shards = etags(server, bucket_name, f"{PREFIX}/noarch/shards/")
    channel = opened_later(place, 0)
    for _ in range(100):
        yank(channel, ["hello==1.0"], "broken")
        unyank(channel, ["hello==1.0"])
    place.done("patch add", "tool==1.0", "--depends", "not-there")
    place.done("yank", "hello==1.0", "tool==1.0")
    place.done("publish", make_package(tmp_path, "hello", "2.0"))
    place.done("publish", "--force", make_package(tmp_path / "other", "over", "1.0", payload=b"other bytes"))
    place.done("publish", make_package(tmp_path, "old", "2.0"))
    for days in (1, 40, 48, 56):
        pruned = pruned_later(place, days)
        yanked = [each.package.path_in_channel for each in pruned.yanked]
        assert yanked == (["noarch/old-1.0-0.conda"] if days == 1 else [])
        assert pruned.deleted == ()
        collected = collect(opened_later(place, days), ["noarch", "linux-64"], "write")
        assert collected.unknown == ()
    left = etags(server, bucket_name, f"{PREFIX}/noarch/shards/")
    # Of hello, over and old: those of the snapshot, and those of the index now.
    assert len(left) == 6
    assert shards.items() <= left.items()
    assert etags(server, bucket_name, f"{PREFIX}/snapshots/") == files
    assert conda_client.read(url, NAMES, tmp_path / "after", server) == before
    policy = document(public_read(bucket_name, [PREFIX]))
    server.client().put_bucket_policy(Bucket=bucket_name, Policy=json.dumps(policy))
    by_http = f"{server.endpoint_url}/{bucket_name}/{PREFIX}/snapshots/v1"
    for number, (where, keys, sharded) in enumerate(
        (where, keys, sharded) for where, keys in ((url, server), (by_http, None)) for sharded in (True, False)
    ):
        folder = tmp_path / f"installed-{number}"
        conda_client.install(where, ["tool", "old==1.0"], folder, keys, sharded=sharded)
        assert hello(folder) == b"the first\n"
        # Its record is that of the bytes that are gone, so no client takes the others for them.
        with pytest.raises(AssertionError, match="hash mismatch when extracting"):
            conda_client.install(where, ["over"], tmp_path / f"over-{number}", keys, sharded=sharded)
