"""versitygw as it is run for the tests of stores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from support.servers import s3_servers
from support.servers.s3_servers import Server
from support.stores.model import Store


def limited(server: Server, bucket: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A user whom the policy of the bucket names: versitygw has no policies of users."""
    keys = server.stranger()
    named = [{**each, "Principal": {"AWS": keys["AWS_ACCESS_KEY_ID"]}} for each in document["Statement"]]
    server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps({**document, "Statement": named}))
    return keys


VERSITYGW = Store(
    name="versitygw",
    provider="versitygw",
    start=s3_servers.versitygw,
    limited=limited,
    any_region=False,
    elsewhere=lambda folder: s3_servers.versitygw(folder, region="eu-central-1"),
)
