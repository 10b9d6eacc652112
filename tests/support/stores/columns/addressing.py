"""Experiments on where a store answers: region, addresses, and where a new bucket is made."""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from botocore.exceptions import ClientError

from support.servers.s3_servers import Server
from support.stores.columns.asking import BODY, KEY, bucket_with_file, code_of
from support.stores.model import Running


def region(running: Running) -> str:
    """The region of the row if requests that are signed with it are answered, else the one that the store names."""
    bucket = bucket_with_file(running)
    given = str(running.store.row.region.value)
    try:
        running.server.client(region_name=given).head_object(Bucket=bucket, Key=KEY)
        running.server.client(region_name=given).list_objects_v2(Bucket=bucket)
    except ClientError as error:
        return str(error.response["Error"].get("Region", error.response["Error"]["Code"]))
    return given


def addressing(running: Running) -> str:
    """`path` if the URL with the bucket in its path has the object."""
    bucket = bucket_with_file(running)
    client = running.server.client()
    if code_of(lambda: client.head_object(Bucket=bucket, Key=KEY)) is not None:
        return "virtual-host"
    assert client.get_object(Bucket=bucket, Key=KEY)["Body"].read() == BODY
    return "path"


def location_constraint(running: Running) -> str:
    """`region` if a server in another region than us-east-1 makes a bucket only where its region is named; `omitted` if
    that is not necessary."""
    if running.store.elsewhere is None:
        return _constraint(running.server)
    with TemporaryDirectory() as folder, running.store.elsewhere(Path(folder)) as server:
        return _constraint(server)


def _constraint(server: Server) -> str:
    name, client = f"facts-{secrets.token_hex(6)}", server.client()
    code = code_of(lambda: client.create_bucket(Bucket=name))
    if code is None:
        return "omitted"
    where = {"LocationConstraint": server.region}
    assert code_of(lambda: client.create_bucket(Bucket=name, CreateBucketConfiguration=where)) is None, code
    return "region"
