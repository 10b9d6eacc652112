"""Two channels in one bucket become public and private again in place, by the real engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from chaninfra.channel.page.files import is_ours
from support.channels import channels
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

OTHERS = {"Sid": "Others", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def test_two_channels_become_public_and_private_again(server: Server, bucket_name: str, tmp_path: Path) -> None:
    names: dict[str, Any] = {"stable": {}, "dev": {"prefix": "team/dev", "subdirs": ["win-64"]}}
    config = {"provider": "custom", "bucket": bucket_name, "endpoint_url": server.endpoint_url, "channels": names}
    stack = Stack(tmp_path / "stack", {**config, "subdirs": "linux-64,osx-64"}, server.environment())
    bucket = f"{server.endpoint_url}/{bucket_name}"
    repodata = [f"{bucket}/stable/linux-64/repodata.json", f"{bucket}/team/dev/win-64/repodata.json"]

    def anybody_gets() -> list[int]:
        return [channels.status(url) for url in repodata]

    ran = stack.up()
    assert ran.code == 0, ran
    assert anybody_gets() == [403, 403]
    skeleton = channels.etags(server, bucket_name)
    assert f"{bucket_name}-policy" not in stack.resources()
    assert "pages" not in stack.outputs()

    stack.config(visibility="public")
    ran = stack.up()
    # The policy, and two pages.
    assert ran.done == {"created": 3, "updated": 2}, ran
    assert anybody_gets() == [200, 200]
    pages = {"dev": f"{bucket}/team/dev/index.html", "stable": f"{bucket}/stable/index.html"}
    assert stack.outputs()["pages"] == pages
    for url in pages.values():
        with urlopen(url) as page:  # noqa: S310 (the server of the test)
            html = page.read()
            assert is_ours(html)
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"
            assert page.headers["Cache-Control"] == "max-age=300"
        loads = re.findall(r'(?:src|href)="(assets/[^"]+)"', html.decode())
        # The script, the style, and the licences that it links to.
        assert len(loads) == 3
        assert {channels.status(f"{url.removesuffix('index.html')}{name}") for name in loads} == {200}

    # Without a page, and with one again; a page that was deleted or damaged is put again.
    stack.config(page=False)
    assert stack.up().done == {"deleted": 2, "updated": 2}
    assert {channels.status(url) for url in pages.values()} == {404}
    assert not any("assets/" in key for key in channels.etags(server, bucket_name))
    assert "pages" not in stack.outputs()
    stack.config(page=None)
    assert stack.up().done == {"created": 2, "updated": 2}
    server.client().delete_object(Bucket=bucket_name, Key="stable/index.html")
    assert stack.refresh().done == {"updated": 1}
    assert stack.up().done == {"updated": 1}
    assert {channels.status(url) for url in pages.values()} == {200}
    # 404 for a missing file, not 403, at which pixi would stop.
    assert channels.status(f"{bucket}/stable/linux-64/no-such-file") == 404
    described = stack.outputs()["channels"]
    assert described["dev"]["public-url"] == f"{bucket}/team/dev"
    assert described["stable"]["auth"] == "public"

    # Changed by hand: our statement removed, another one added.
    client = server.client()
    policy = json.loads(client.get_bucket_policy(Bucket=bucket_name)["Policy"])
    statements = [one for one in policy["Statement"] if one["Sid"] != "PublicReadGetObject"]
    others = {**OTHERS, "Resource": f"arn:aws:s3:::{bucket_name}/other/*"}
    client.put_bucket_policy(Bucket=bucket_name, Policy=json.dumps({**policy, "Statement": [*statements, others]}))
    assert anybody_gets() == [403, 403]
    assert stack.refresh().done == {"updated": 1}
    ran = stack.up()
    assert ran.done == {"updated": 1}, ran
    assert anybody_gets() == [200, 200]

    # An empty channel may move; its old files are deleted.
    stack.config(visibility="private", channels={**names, "stable": {"prefix": "moved"}})
    ran = stack.up()
    assert ran.code == 0, ran
    assert anybody_gets() == [403, 403]
    left = json.loads(client.get_bucket_policy(Bucket=bucket_name)["Policy"])["Statement"]
    assert [one["Sid"] for one in left] == ["Others"]
    keys = channels.etags(server, bucket_name)
    assert {key.split("/")[0] for key in keys} == {"moved", "team"}
    assert sum("repodata" in key for key in keys) == sum("repodata" in key for key in skeleton)

    assert stack.destroy().code == 0
    assert bucket_name not in channels.buckets(server)
