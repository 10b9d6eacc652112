"""A new channel of a stack inside or around another channel of its bucket is refused, as by `chaninfra init`."""

from __future__ import annotations

from typing import Any

import pytest

from support.channels import channels
from support.pulumi.handlers import Store
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

SAYS = "choose a prefix that is neither inside nor around that of another channel"


@pytest.fixture(params=["minio", "versitygw", "aws"])
def store(request: pytest.FixtureRequest, bucket_name: str) -> Store:
    """A bucket with the channel `team/main` of another stack."""
    server: Server = request.getfixturevalue(request.param)
    store = Store(server, bucket_name)
    store.make()
    client = server.client()
    for key in channels.etags(server, bucket_name):
        client.copy_object(Bucket=bucket_name, Key=f"team/{key}", CopySource={"Bucket": bucket_name, "Key": key})
        client.delete_object(Bucket=bucket_name, Key=key)
    return store


def said(store: Store, *prefixes: str, before: tuple[str, ...] = ()) -> str:
    """What the preflight says of a stack with these channels; "" if it lets it go. `before`: those in its state."""
    olds: dict[str, Any] = store.props(adopt=True, prefixes=[*before]) if before else {}
    failure = store.handler("preflight").check(olds, store.props(adopt=True, prefixes=[*prefixes]))
    return failure[1] if failure else ""


def test_a_new_channel_inside_or_around_another_is_refused(store: Store) -> None:
    bucket = store.store["bucket"]
    inside = said(store, "team/main/prod")
    assert inside.startswith(f"s3://{bucket}/team/main/prod: would be inside the channel s3://{bucket}/team/main")
    assert SAYS in inside
    for prefix in ("team", ""):
        around = said(store, prefix)
        assert f"would be around the channel s3://{bucket}/team/main" in around
        assert SAYS in around
    # A channel more, beside the one that the stack has.
    assert "would be inside" in said(store, "dev", "team/main/prod", before=("dev",))
    # Another prefix, and the channel that is there is not the stack's own.
    assert "would be around" in said(store, "team", before=("dev",))


def test_a_channel_that_is_there_is_updated(store: Store) -> None:
    assert said(store, "team/main/prod", before=("team/main/prod",)) == ""
    assert said(store, "team", before=("team",)) == ""
    # Its state is lost: the channel is not new, and is its own again.
    assert said(store, "team/main") == ""
    # A channel that is given up for the new one does not count.
    assert said(store, "team/main/prod", before=("team/main",)) == ""
    assert said(store, "team", before=("team/main",)) == ""
    assert said(store, "team/dev", "main") == ""


def test_the_preview_says_it(minio: Server, bucket_name: str, tmp_path: Any) -> None:
    Store(minio, bucket_name).make()
    before = channels.etags(minio, bucket_name)
    config = {"provider": "minio", "bucket": bucket_name, "endpoint_url": minio.endpoint_url, "adopt": True}
    stack = Stack(tmp_path / "stack", {**config, "prefix": "main/prod"}, minio.environment())
    ran = stack.preview()
    assert ran.code != 0, ran
    assert f"would be inside the channel s3://{bucket_name}/main" in ran.output, ran
    assert SAYS in ran.output
    assert stack.up().code != 0
    assert channels.etags(minio, bucket_name) == before
