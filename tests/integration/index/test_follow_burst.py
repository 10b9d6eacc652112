"""A burst of uploads by tools that do not index, overwritten and deleted at random, while followers are killed.

At the end the index is that of a full re-index. One follower takes the events of the server, and is killed and started
again; another one lists the channel beside it. No tool here uploads with rattler's code; obstore, with the Rust library
that it uses, stands for it. The latency is that of a follower alone, from the answer to an upload until py-rattler's
index file names the package.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.outputs.descriptor import dump, parse
from support.channels import conda_client
from support.channels.archives import conda, index_json
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.follower_process import FollowerProcess, somebody_listens, until
from support.servers import s3_servers
from support.servers.s3_servers import Server, Webhook, free_port, notify

pytestmark = pytest.mark.long

SEED = 20260301
PACKAGES = int(os.environ.get("FOLLOW_PACKAGES", "200"))
NAMES = [f"name-{number:02}" for number in range(40)]
P95_S = float(os.environ.get("FOLLOW_P95", "20"))
"""On a quiet machine it is below 3 s; this one may be at work."""


def package(number: int, payload: bytes = b"") -> tuple[str, bytes]:
    """(file name, bytes) of a package; several have one name."""
    name = NAMES[number % len(NAMES)]
    version = f"1.{number}"
    return f"{name}-{version}-0.conda", conda(index_json(name, version, noarch="generic"), payload=payload)


class Bucket:
    """What is uploaded and deleted in the channel, by two libraries in turn."""

    def __init__(self, place: Place) -> None:
        from obstore.store import S3Store

        server = place.server
        self.place = place
        self.there: dict[str, str] = {}
        """File name → sha256."""
        self._client = server.client()
        self._count = 0
        self._store = S3Store(
            place.bucket,
            config={
                "endpoint": server.endpoint_url,
                "region": server.region,
                "access_key_id": server.access_key_id,
                "secret_access_key": server.secret_access_key,
                "virtual_hosted_style_request": False,
            },
            client_options={"allow_http": True},
        )

    def put(self, file: str, data: bytes) -> None:
        """Upload, by boto3 or by obstore."""
        import obstore

        key = f"{PREFIX}/noarch/{file}"
        self._count += 1
        if self._count % 2:
            self._client.put_object(Bucket=self.place.bucket, Key=key, Body=data)
        else:
            obstore.put(self._store, key, data)
        self.there[file] = hashlib.sha256(data).hexdigest()

    def delete(self, file: str) -> None:
        """Delete by hand."""
        self.there.pop(file, None)
        self._client.delete_object(Bucket=self.place.bucket, Key=f"{PREFIX}/noarch/{file}")

    def number(self) -> int:
        """The number of the last commit."""
        key = f"{PREFIX}/noarch/{FILE_NAMES['shards']}"
        index = ShardIndex.parse(self._client.get_object(Bucket=self.place.bucket, Key=key)["Body"].read())
        assert index is not None
        assert index.stamp is not None
        return index.stamp.number

    def indexed(self) -> dict[str, str]:
        """File name → sha256, as the index says."""
        records: dict[str, Any] = self.place.repodata("noarch")["packages.conda"]
        return {file: record["sha256"] for file, record in records.items()}


class Sending:
    """A server that sends its events, and a channel there in which overwrites are indexed."""

    def __init__(self, name: str, folder: Path, bucket: str) -> None:
        self.hook = Webhook(free_port(), secrets.token_hex(16))
        self.folder = folder
        with somebody_listens(self.hook.port):
            self._starting = getattr(s3_servers, name)(folder / "server", webhook=self.hook)
            self.server: Server = self._starting.__enter__()
        self.place = new_place(self.server, bucket)
        notify(self.server, bucket)
        client, key = self.server.client(), f"{PREFIX}/{CHANNEL_JSON}"
        found = parse(client.get_object(Bucket=bucket, Key=key)["Body"].read(), where=key)
        index = structs.replace(found.index, follow=Follow(overwrites="index"), cache_control="no-cache")
        client.put_object(Bucket=bucket, Key=key, Body=dump(structs.replace(found, index=index)))
        self.bucket = Bucket(self.place)

    def follower(self, *args: str, hook: bool = True) -> FollowerProcess:
        """A follower of the channel."""
        log = self.folder / ("events.log" if hook else "listing.log")
        return FollowerProcess(self.server, self.place.url, log, *args, hook=self.hook if hook else None)

    def end(self) -> None:
        """Stop the server."""
        self._starting.__exit__(None, None, None)


@pytest.fixture(params=["minio", "versitygw"])
def place(request: pytest.FixtureRequest, tmp_path: Path, bucket_name: str) -> Iterator[Sending]:
    made = Sending(request.param, tmp_path, bucket_name)
    yield made
    made.end()


def test_a_burst_is_visible_soon_and_by_few_commits(place: Sending) -> None:
    bucket = place.bucket
    uploaded: dict[str, float] = {}
    visible: dict[str, float] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            for file in bucket.indexed().keys() - visible.keys():
                visible[file] = time.monotonic()
            time.sleep(0.05)

    def upload(number: int) -> None:
        file, data = package(number)
        bucket.put(file, data)
        uploaded[file] = time.monotonic()

    with place.follower() as follower:
        follower.until_compared()
        before = bucket.number()
        watcher = threading.Thread(target=watch)
        watcher.start()
        with ThreadPoolExecutor(8) as pool:
            for number in range(PACKAGES):
                pool.submit(upload, number)
        until(lambda: len(visible) == PACKAGES, follower.told, seconds=120)
        ended.set()
        watcher.join()
        commits = bucket.number() - before
        assert follower.terminate() == 0
    assert bucket.indexed() == bucket.there
    took = sorted(max(0.0, visible[file] - uploaded[file]) for file in uploaded)
    p50, p95 = statistics.median(took), took[int(len(took) * 0.95)]
    told = f"{PACKAGES} packages: p50 {p50:.2f} s, p95 {p95:.2f} s, {commits} commits"
    print(place.server.name, told)
    assert commits <= max(1, PACKAGES / 20), told
    assert p95 <= P95_S, told


def test_nothing_is_lost_while_followers_are_killed(place: Sending, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    bucket = place.bucket
    ended = threading.Event()
    followers = [place.follower()]
    kills: list[int] = []

    def kill() -> None:
        killer = random.Random(SEED + 1)
        while not ended.wait(killer.uniform(0.5, 2.5)):
            followers[0].kill()
            kills.append(1)
            time.sleep(killer.uniform(0, 0.5))
            followers[0] = place.follower()

    with place.follower("--every", "10s", hook=False) as other:
        other.until_compared()
        followers[0].until_compared()
        thread = threading.Thread(target=kill)
        thread.start()
        numbers = [*range(PACKAGES)]
        rng.shuffle(numbers)
        try:
            for number in numbers:
                bucket.put(*package(number))
                if rng.random() < 0.2:
                    bucket.put(*package(rng.choice(numbers), os.urandom(4)))
                if rng.random() < 0.2 and bucket.there:
                    bucket.delete(rng.choice(sorted(bucket.there)))
                time.sleep(rng.uniform(0, 0.1))
        finally:
            ended.set()
            thread.join()
        with followers[0] as last:
            last.until_compared()
            until(lambda: bucket.indexed() == bucket.there, last.told, seconds=120)
            assert last.terminate() == 0
        assert other.terminate() == 0
    assert len(kills) >= 3
    assert bucket.indexed() == bucket.there
    # The index is that of a full re-index, in all its files.
    checked = place.place.run("reindex", "--check")
    assert checked.returncode == 0, checked.stdout
    # What clients read, from the shards, the zst and repodata.json.
    found = conda_client.read(place.place.url, NAMES, tmp_path / "reader", place.server)
    for way, records in found.items():
        assert {file: sha256 for _, file, _, _, sha256, _ in records} == bucket.there, way
