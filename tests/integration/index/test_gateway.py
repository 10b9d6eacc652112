"""py-rattler's Gateway reads equal records from the shards, the zst and repodata.json, after each command."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channel_reader import SUBDIRS, WAYS
from support.channels.channels import put
from support.channels.packages import make_package
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

NAMES = ("hello", "more", "other", "tool")
# One process for all readings, since it starts slowly. Each reading has an empty cache.
_READ = """
    import asyncio, json, os, sys, tempfile
    from rattler import Client, Gateway, SourceConfig
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    async def main(channel, ways, subdirs, names, options):
        bucket = channel.removeprefix("s3://").partition("/")[0]
        config = S3Config(**options, addressing_style="path")
        client = Client([AuthenticationMiddleware(), S3Middleware({bucket: config})])
        for _ in sys.stdin:
            seen = {}
            for way, sources in ways.items():
                with tempfile.TemporaryDirectory() as folder:
                    gateway = Gateway(cache_dir=folder, default_config=SourceConfig(**sources), client=client)
                    found = await gateway.query([channel], subdirs, names, recursive=False)
                seen[way] = sorted(
                    (f"{each.subdir}/{each.file_name}", each.sha256.hex(), each.size, each.to_json())
                    for records in found
                    for each in records
                )
            print(json.dumps(seen), flush=True)

    asyncio.run(main(*json.loads(sys.argv[1])))
    os._exit(0)
"""


@contextmanager
def reading(place: Place, folder: Path) -> Iterator[Any]:
    """A function that reads the channel: way → (file, sha256, size, record as JSON) of each package."""
    server = place.server
    keys = {"access_key_id": server.access_key_id, "secret_access_key": server.secret_access_key}
    logins = folder / "credentials.json"
    logins.write_text(json.dumps({place.url: {"S3Credentials": keys}}))
    options = {"endpoint_url": server.endpoint_url, "region": server.region}
    given = json.dumps([place.url, WAYS, SUBDIRS, NAMES, options])
    child = subprocess.Popen(
        [sys.executable, "-c", dedent(_READ), given],
        env={**os.environ, "RATTLER_AUTH_FILE": str(logins)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def read() -> dict[str, list[list[Any]]]:
        assert child.stdin
        assert child.stdout
        child.stdin.write("\n")
        child.stdin.flush()
        found: dict[str, list[list[Any]]] = json.loads(child.stdout.readline())
        return found

    with child:
        try:
            yield read
        finally:
            child.kill()


def test_all_formats_read_equal_after_each_step(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    place = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    folder = f"{PREFIX}/noarch"
    one, two = (make_package(tmp_path, "hello", version) for version in ("1.0", "2.0"))
    (tmp_path / "again").mkdir()
    again = make_package(tmp_path / "again", "hello", "2.0", payload=b"other bytes")
    tool = make_package(tmp_path, "tool", "1.0", subdir="linux-64")
    more, other = make_package(tmp_path, "more", "1.0"), make_package(tmp_path, "other", "1.0")

    def delete(path: Path) -> None:
        minio.client().delete_object(Bucket=bucket_name, Key=f"{folder}/{path.name}")

    steps: list[tuple[str, Any, set[str]]] = [
        ("init", lambda: place.done("init", "--subdir", "linux-64"), set()),
        ("publish", lambda: place.done("publish", one, two, tool), {"hello-1.0", "hello-2.0", "tool-1.0"}),
        ("publish --force", lambda: place.done("publish", "--force", again), {"hello-1.0", "hello-2.0", "tool-1.0"}),
        ("put", lambda: put(minio, bucket_name, folder, more), {"hello-1.0", "hello-2.0", "tool-1.0"}),
        ("reindex", lambda: place.done("reindex"), {"hello-1.0", "hello-2.0", "tool-1.0", "more-1.0"}),
        ("yank", lambda: place.done("yank", "hello==1.0", "tool"), {"hello-2.0", "more-1.0"}),
        ("unyank", lambda: place.done("unyank", "tool"), {"hello-2.0", "tool-1.0", "more-1.0"}),
        ("gc", lambda: place.done("gc"), {"hello-2.0", "tool-1.0", "more-1.0"}),
        ("delete, reindex", lambda: (delete(more), place.done("reindex")), {"hello-2.0", "tool-1.0"}),
        (
            "the reference",
            lambda: conda_client.index(minio, bucket_name, PREFIX),
            {"hello-1.0", "hello-2.0", "tool-1.0"},
        ),
        ("publish after it", lambda: place.done("publish", other), {"hello-2.0", "tool-1.0", "other-1.0"}),
        ("reindex --force", lambda: place.done("reindex", "--force"), {"hello-2.0", "tool-1.0", "other-1.0"}),
    ]
    with reading(place, tmp_path) as read:
        for name, step, expected in steps:
            step()
            found = read()
            assert found["shards"] == found["zst"] == found["json"], name
            files = [file.rpartition("/")[2].removesuffix("-0.conda") for file, *_ in found["shards"]]
            assert len(files) == len(set(files)), name
            assert set(files) == expected, name
            for file, sha256, size, _ in found["shards"]:
                data = minio.client().get_object(Bucket=bucket_name, Key=f"{PREFIX}/{file}")["Body"].read()
                assert (hashlib.sha256(data).hexdigest(), len(data)) == (sha256, size), f"{name}: {file}"
