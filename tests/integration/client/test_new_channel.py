"""What the helper creates is what `chaninfra init` creates."""

from __future__ import annotations

import json
from typing import Any

from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.new_channel import create_channel
from support.servers.s3_servers import Server


def test_a_channel_by_the_helper_is_as_one_by_init(server: Server, bucket_name: str) -> None:
    by_init, by_helper = (
        Place(server, bucket, f"s3://{bucket}/{PREFIX}") for bucket in (bucket_name, f"{bucket_name}-2")
    )
    for place in (by_init, by_helper):
        server.client().create_bucket(Bucket=place.bucket)
    words = ("init", "--subdir", "linux-64", "--provider", server.name)
    by_init.done(*words)
    create_channel(server, by_helper.url, "linux-64", provider=server.name)
    assert objects(by_helper) == objects(by_init)
    assert by_helper.done(*words).startswith("nothing to do")


def objects(place: Place) -> dict[str, tuple[str, str, Any]]:
    """Key → content type, cache control, and what is in channel.json; the index files are empty, with random ids."""
    found = {}
    for key in etags(place.server, place.bucket):
        got = place.server.client().get_object(Bucket=place.bucket, Key=key)
        data = got["Body"].read().replace(place.bucket.encode(), b"BUCKET")
        is_descriptor = key == f"{PREFIX}/channel.json"
        found[key] = (got["ContentType"], got["CacheControl"], json.loads(data) if is_descriptor else None)
    return found
