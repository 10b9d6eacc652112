"""Features of the test servers that other tests rely on."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from support.servers.s3_servers import Server


def test_a_stranger_may_not_list_a_bucket(server: Server, bucket_name: str) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    keys = server.stranger()
    client = server.client(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        client.list_objects_v2(Bucket=bucket_name)


def test_a_bucket_can_keep_old_versions(server: Server, bucket_name: str) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket_name)
    client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(Bucket=bucket_name, Key="key", Body=b"old")
    client.put_object(Bucket=bucket_name, Key="key", Body=b"new")
    assert len(client.list_object_versions(Bucket=bucket_name)["Versions"]) == 2
