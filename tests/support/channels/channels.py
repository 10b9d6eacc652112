"""Channels with packages in them, for tests, and what lies in a bucket."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from chaninfra.channel.location import join
from chaninfra.channel.outputs.descriptor import Descriptor
from support.channels import conda_client
from support.channels.packages import make_package
from support.servers.s3_servers import Server


def descriptor(name: str = "my-channel", **changed: Any) -> Descriptor:
    """The descriptor of a private channel on MinIO; `changed` are the fields that differ."""
    given = {
        "name": name,
        "provider": "minio",
        "bucket": "my-bucket",
        "prefix": changed.get("prefix", name),
        "endpoint_url": "https://minio.example.com",
        "region": "us-east-1",
        "force_path_style": True,
        "visibility": "private",
        "auth": "pixi",
        "subdirs": ("noarch", "linux-64", "osx-arm64"),
        **changed,
    }
    return Descriptor(**{"url": f"s3://{join(given['bucket'], given['prefix'])}", **given})


def fill(server: Server, bucket: str, prefix: str, folder: Path) -> list[str]:
    """Puts `hello` (noarch) and `tool` (linux-64, needs it) into a channel and indexes them; their keys."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = [
        put(server, bucket, f"{prefix}/noarch", make_package(folder, "hello", "1.0")),
        put(
            server,
            bucket,
            f"{prefix}/linux-64",
            make_package(folder, "tool", "1.0", subdir="linux-64", depends=["hello"]),
        ),
    ]
    conda_client.index(server, bucket, prefix)
    return keys


def put(server: Server, bucket: str, place: str, file: Path) -> str:
    """Puts a file below `place`; its key."""
    key = f"{place}/{file.name}"
    server.client().put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return key


def etags(server: Server, bucket: str, prefix: str = "") -> dict[str, str]:
    """The ETag of each object below `prefix`, by key."""
    return {key: entry["ETag"] for key, entry in listed(server, bucket, prefix).items()}


def listed(server: Server, bucket: str, prefix: str = "") -> dict[str, dict[str, Any]]:
    """What a listing says of each object below `prefix`, by key."""
    pages = server.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry for page in pages for entry in page.get("Contents", ())}


def buckets(server: Server) -> set[str]:
    """The names of all buckets there."""
    return {bucket["Name"] for bucket in server.client().list_buckets()["Buckets"]}


def status(url: str) -> int:
    """The http status that anybody gets."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - a test server's http URL
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
