"""A promoter with an access key: made by the real engine on real servers, and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.config.schema import ACCESS, validate
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


def test_one_key_reads_the_source_and_publishes_and_patches(server: Server, bucket_name: str, tmp_path: Path) -> None:
    """Of another bucket on MinIO; on versitygw, where the bucket policy names keys, of the same one."""
    root = server.client()
    # Short: versitygw keeps the policy as an attribute of a folder, of less than 4 KiB on ext4.
    bucket = bucket_name[-8:]
    staging = f"{bucket}-s" if server.name == "minio" else bucket
    if staging != bucket:
        root.create_bucket(Bucket=staging)
    promoters = {"release": {"key": {}, "from": [f"s3://{staging}/dev"]}}
    config: dict[str, Any] = {"provider": server.name, "bucket": bucket, "endpoint_url": server.endpoint_url}
    config |= {"channels": {"stable": {"promoters": promoters}, "dev": {}}, "subdirs": ["noarch"]}
    stack = Stack(tmp_path / "stack", config, server.environment())
    ran = stack.up()
    assert ran.code == 0, ran
    assert stack.up().done == {}

    access = stack.outputs()["access"]
    validate(access, ACCESS, where="the stack output access")
    key = stack.outputs(show_secrets=True)["keys"]["stable"]["promoters"]["release"]
    assert access["stable"]["promoters"]["release"] == {
        "kind": "key",
        "from": [f"s3://{staging}/dev"],
        "access-key-id": key["access-key-id"],
    }
    assert "promoters" not in access["dev"]

    client = server.client(aws_access_key_id=key["access-key-id"], aws_secret_access_key=key["secret-access-key"])
    package = {"Bucket": staging, "Key": "dev/noarch/a-1-0.conda"}
    root.put_object(**package, Body=b"bytes")
    assert client.get_object(**package)["Body"].read() == b"bytes"
    # The store copies it itself.
    copied = {"Bucket": bucket, "Key": "stable/noarch/a-1-0.conda"}
    client.copy_object(**copied, CopySource=package)
    assert root.get_object(**copied)["Body"].read() == b"bytes"
    client.put_object(Bucket=bucket, Key="stable/.chaninfra/patches/noarch.json", Body=b"{}")
    for denied in (
        lambda: client.put_object(**package, Body=b"other bytes"),
        lambda: client.delete_object(**copied),
        lambda: client.put_object(Bucket=bucket, Key="stable/yanked.json", Body=b"{}"),
        lambda: client.put_object(Bucket=bucket, Key="stable/.chaninfra/cache", Body=b"{}"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            denied()

    stack.config(channels={"stable": {}, "dev": {}}, force_destroy=True)
    assert stack.up().code == 0
    assert "promoters" not in stack.outputs()["access"]["stable"]
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        client.get_object(**package)
    assert stack.destroy().code == 0
