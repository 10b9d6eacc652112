"""py-rattler reads a channel without packages by shards, by zst and by json, without a warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.skeleton import write_missing
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.channels import conda_client
from support.channels.packages import make_package
from support.servers.s3_servers import Server

# Each way is the only one left when the other files are not there.
WAYS = {
    "shards": {"sharded_enabled": True, "zstd_enabled": False, "bz2_enabled": False},
    "zst": {"sharded_enabled": False, "zstd_enabled": True, "bz2_enabled": False},
    "json": {"sharded_enabled": False, "zstd_enabled": False, "bz2_enabled": False},
}
_READ = """
    import asyncio, json, os, sys, warnings
    import rattler

    async def main(channel, options, folder):
        source = rattler.SourceConfig(**options)
        gateway = rattler.Gateway(cache_dir=folder, default_config=source)
        found = await gateway.query([channel], ["noarch", "linux-64"], ["hello", "tool"], recursive=False)
        return [sorted(record.file_name for record in records) for records in found]

    warnings.simplefilter("error")
    channel, options, folder = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(main(channel, options, folder))))
    sys.stdout.flush()
    os._exit(0)
"""


def read(channel: str, way: str, folder: Path) -> tuple[list[list[str]], str]:
    """The file names that a client finds in each subdir, and what it wrote to stderr, logs of every level included."""
    ran = subprocess.run(
        [sys.executable, "-c", dedent(_READ), json.dumps([channel, WAYS[way], str(folder)])],
        env={**os.environ, "RUST_LOG": "warn"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), ran.stderr


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_channel_is_read(minio: Server, bucket_name: str, tmp_path: Path, way: str) -> None:
    url = _public_channel(minio, bucket_name, only=way)
    found, said = read(url, way, tmp_path)
    assert [names for names in found if names] == []
    assert said == ""


def test_each_file_is_served_with_its_type_and_its_time_to_live(server: Server, bucket_name: str) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket_name)
    _ensure(server, bucket_name, IndexSettings(cache_control="max-age=60"))
    served = {}
    for entry in client.list_objects_v2(Bucket=bucket_name, Prefix="main/linux-64/")["Contents"]:
        head = client.head_object(Bucket=bucket_name, Key=entry["Key"])
        served[entry["Key"].rsplit("/", 1)[1]] = (head["ContentType"], head["CacheControl"])
    assert served == {
        "repodata.json": ("application/json", "max-age=60"),
        "repodata.json.zst": ("application/zstd", "max-age=60"),
        "repodata_shards.msgpack.zst": ("application/x-msgpack", "max-age=60"),
    }


@pytest.mark.parametrize("way", ["shards", "zst"])
def test_packages_are_seen_by_a_format_that_was_derived(
    minio: Server, bucket_name: str, tmp_path: Path, way: str
) -> None:
    url = _public_channel(minio, bucket_name, only="json")
    client = minio.client()
    package = make_package(tmp_path, "hello", "1.0")
    client.put_object(Bucket=bucket_name, Key=f"main/noarch/{package.name}", Body=package.read_bytes())
    conda_client.index(minio, bucket_name, "main")
    # As a tool leaves it that writes repodata.json alone.
    for entry in client.list_objects_v2(Bucket=bucket_name, Prefix="main/noarch/")["Contents"]:
        if "shards" in entry["Key"] or entry["Key"].endswith(".zst"):
            client.delete_object(Bucket=bucket_name, Key=entry["Key"])
    _ensure(minio, bucket_name, IndexSettings())
    found, said = read(url, way, tmp_path / "cache")
    assert [names for names in found if names] == [[package.name]]
    assert said == ""


def _public_channel(server: Server, bucket: str, only: str) -> str:
    """A public channel that has the files of one format and repodata.json no longer than that needs."""
    client = server.client()
    client.create_bucket(Bucket=bucket)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    _ensure(server, bucket, IndexSettings())
    name = {"shards": "repodata_shards.msgpack.zst", "zst": "repodata.json.zst", "json": "repodata.json"}[only]
    for entry in client.list_objects_v2(Bucket=bucket)["Contents"]:
        if not entry["Key"].endswith(f"/{name}"):
            client.delete_object(Bucket=bucket, Key=entry["Key"])
    return f"{server.endpoint_url}/{bucket}/main"


def _ensure(server: Server, bucket: str, settings: IndexSettings) -> None:
    location = Location(bucket=bucket, endpoint_url=server.endpoint_url, region=server.region, force_path_style=True)
    store = S3Store(location, Credentials(server.access_key_id, server.secret_access_key))
    write_missing(store, ChannelLayout("main", ("noarch", "linux-64"), settings))
