"""Damaged and hostile objects on a real store: the error of each command, its memory, and the repair."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.objects import TooLargeError, exists
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.cases.hostile_objects import DEEP, REPODATA, SEEN, SHARDS, YANKED, ZST, bomb
from support.channels.channel_at import PREFIX, Place
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

_MOST_KB = 300 << 10


@pytest.fixture
def place(versitygw: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with the package hello."""
    versitygw.client().create_bucket(Bucket=bucket_name)
    found = Place(versitygw, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(versitygw, found.url, "linux-64", provider="custom")
    found.done("publish", make_package(tmp_path, "hello", "1.0"))
    return found


def _changed(change: Callable[[dict[str, dict[str, object]]], object]) -> Callable[[bytes], bytes]:
    def make(sound: bytes) -> bytes:
        document = json.loads(sound)
        change(document)
        return json.dumps(document).encode()

    return make


_CASES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a record that is a path": (
        REPODATA,
        _changed(lambda document: document["packages.conda"].update({"../../x": {"name": "x"}})),
    ),
    "nested": (REPODATA, lambda _: b'{"a":' + b"[" * DEEP + b"]" * DEEP + b"}"),
    "a shard index that is a bomb": (SHARDS, lambda _: bomb(3 << 30)),
    "a zst that is a bomb": (ZST, lambda _: bomb(3 << 30)),
    "a cache that is a bomb": (SEEN, lambda _: bomb(3 << 30)),
    "a nested list of yanks": (YANKED, lambda _: b'{"packages":' + b"[" * DEEP + b"]" * DEEP + b"}"),
}


@pytest.mark.parametrize("name", _CASES)
def test_what_a_hostile_object_does(name: str, place: Place, tmp_path: Path) -> None:
    key, make = _CASES[name]
    sound = _objects(place)
    full = f"{PREFIX}/{key}"
    hostile = {**sound, full: {**sound.get(full, {}), "Body": make(sound[full]["Body"] if full in sound else b"")}}
    for command in (
        ("publish", make_package(tmp_path, "other", "1.0")),
        ("reindex",),
        ("yank", "hello"),
        ("ls",),
        ("gc",),
        ("doctor",),
        ("delete", "hello", "--reason", "leaked", "--yes"),
    ):
        _lay(place, hostile)
        code, output, peak = _measured(place, *command)
        assert "unexpected" not in output, output
        assert "Traceback" not in output, output
        # 3: what can be done is done.
        assert code in (0, 1, 3), output
        if code:
            assert key.removeprefix("noarch/") in output, output
        assert peak < _MOST_KB, (command, peak)
    _lay(place, hostile)
    if key == YANKED:
        # Its remedy: nothing but the people who wrote it know what was in it.
        place.server.client().delete_object(Bucket=place.bucket, Key=full)
    place.done("reindex", "--force")
    told = place.run("doctor")
    assert told.returncode == 0, told.stdout
    assert [*place.repodata("noarch")["packages.conda"]] == ["hello-1.0-0.conda"]


def _objects(place: Place) -> dict[str, dict[str, Any]]:
    """What to put for each object of the bucket."""
    client = place.server.client()
    found = {}
    for entry in client.list_objects_v2(Bucket=place.bucket)["Contents"]:
        got = client.get_object(Bucket=place.bucket, Key=entry["Key"])
        headers = {name: got[name] for name in ("ContentType", "CacheControl", "Metadata") if got.get(name)}
        found[entry["Key"]] = {"Body": got["Body"].read(), **headers}
    return found


def _lay(place: Place, objects: dict[str, dict[str, Any]]) -> None:
    """Make these the objects of the bucket, and no others."""
    client = place.server.client()
    for entry in client.list_objects_v2(Bucket=place.bucket)["Contents"]:
        if entry["Key"] not in objects:
            client.delete_object(Bucket=place.bucket, Key=entry["Key"])
    for key, put in objects.items():
        client.put_object(Bucket=place.bucket, Key=key, **put)


_MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss, file=sys.stderr)
os._exit(os.waitstatus_to_exitcode(status))
"""


def _measured(place: Place, command: str, *args: str | Path) -> tuple[int, str, int]:
    """The exit code, the output and the peak memory in KiB of a command, in a process of its own."""
    where = ("-c", place.url) if command in ("publish", "yank", "unyank", "delete") else (place.url,)
    program = str(Path(sys.executable).with_name("chaninfra"))
    words = [program, command, *where, *map(str, args), "--endpoint-url", place.server.endpoint_url]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, *words],
        env={**os.environ, **place.server.environment()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    *lines, peak = done.stderr.splitlines()
    return done.returncode, "\n".join([done.stdout, *lines]), int(peak)


def test_an_object_that_is_too_large_is_not_read(server: Server, bucket_name: str) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket_name)
    client.put_object(Bucket=bucket_name, Key="a/large", Body=b"x" * 100)
    location = Location(
        bucket=bucket_name, endpoint_url=server.endpoint_url, region=server.region, force_path_style=True
    )
    keys = Credentials(access_key_id=server.access_key_id, secret_access_key=server.secret_access_key)
    store = S3Store(location, keys)
    with pytest.raises(TooLargeError) as caught:
        store.get("a/large", 99)
    assert (caught.value.entry.key, caught.value.entry.size) == ("a/large", 100)
    stored = store.get("a/large", 100)
    assert stored is not None
    assert stored.entry == caught.value.entry
    assert exists(store, "a/large")
    assert not exists(store, "a/missing")
    assert store.head("a/missing") is None


@pytest.mark.parametrize("body", [b"x" * (17 << 20), b"[" * DEEP + b"]" * DEEP], ids=["large", "nested"])
def test_a_hostile_descriptor_is_named(place: Place, body: bytes) -> None:
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json", Body=body)
    for command in ("ls", "doctor", "gc"):
        code, output, peak = _measured(place, command)
        assert code in (1, 2), output
        assert "channel.json" in output, output
        assert "unexpected" not in output, output
        assert peak < _MOST_KB
