"""The handlers adopt an existing channel on a real server, without the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.policy.bucket import s3_statements
from chaninfra.channel.spec.build import build_spec
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server

OTHERS = {"Sid": "Others", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def policy(server: Server, bucket: str) -> list[dict[str, Any]]:
    answer = server.client().get_bucket_policy(Bucket=bucket)
    statements: list[dict[str, Any]] = json.loads(answer["Policy"])["Statement"]
    return statements


def test_statements_of_a_stack_with_a_lost_state_are_replaced_and_removed(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    config = {"provider": server.name, "bucket": bucket_name, "endpoint-url": server.endpoint_url}
    config |= {"prefix": "main", "visibility": "public"}
    adopted = {**config, "adopt": True, "whole-bucket-listing": True}
    first, adopting = (
        store.props(statements=s3_statements(build_spec(keys, where="stack"))) for keys in (config, adopted)
    )
    others = {**OTHERS, "Resource": f"arn:aws:s3:::{bucket_name}/site/*"}
    server.client().put_bucket_policy(
        Bucket=bucket_name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [others]})
    )
    store.handler("policy").create(first)
    assert {one["Sid"] for one in policy(server, bucket_name)} == {
        "Others",
        "PublicReadGetObject",
        "PublicReadListBucket",
        *(["ChaninfraDenyOldVersions"] if server.name == "minio" else []),
    }

    # The state is lost, and another stack adopts the bucket.
    _, props = store.handler("policy").create(adopting)
    assert {one["Sid"] for one in policy(server, bucket_name)} == {
        "Others",
        "PublicReadGetObjectMain",
        "PublicReadListBucketMain",
        *(["ChaninfraDenyOldVersionsMain"] if server.name == "minio" else []),
    }
    assert store.handler("policy").read(props) == props
    store.handler("policy").delete(props)
    assert [one["Sid"] for one in policy(server, bucket_name)] == ["Others"]


def test_a_different_channel_json_is_overwritten_with_a_warning(
    minio: Server, bucket_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(minio, bucket_name)
    props = store.props(adopt=True)
    descriptor = store.handler("descriptor")
    store.handler("bucket").create(props)
    descriptor.create(props)
    # Again, as after a lost state: channel.json is equal, so there is no warning.
    descriptor.create(props)
    assert "overwritten" not in capsys.readouterr().err

    document = json.loads(props["document"])
    other = {**props, "document": json.dumps({**document, "name": "other", "subdirs": ["noarch"]})}
    descriptor.create(other)
    said = capsys.readouterr().err
    assert f"warning: s3://{bucket_name}/main/channel.json existed and is overwritten" in said
    assert "it differed in `name`, `subdirs`." in said
    # An update of our own channel.json gives no warning.
    descriptor.update(other, props)
    assert "overwritten" not in capsys.readouterr().err
    assert descriptor.read(props) is not None

    minio.client().put_object(Bucket=bucket_name, Key="main/channel.json", Body=b"not ours")
    descriptor.create(props)
    assert "overwritten" not in capsys.readouterr().err
