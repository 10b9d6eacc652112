"""Packages are deleted for good while others publish, make snapshots, re-index and collect garbage, and who deletes is
killed at any moment. CHAOS_SECONDS sets for how long, SEED who is killed when.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.index.commit.replaced import Replaced
from chaninfra.index.snapshots.document import Snapshots
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.cli_runner import PROGRAM
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
SEED = 20261127
NAMES = ("leaky", "other", "lonely")


@pytest.fixture
def place(minio: Server, bucket_name: str) -> Place:
    """A new channel on MinIO."""
    return new_place(minio, bucket_name)


class Crowd:
    """The commands that run on a channel at the same time."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self._folder = place, folder
        self.until = 0.0
        """When nobody begins anything any more."""
        self.published: dict[str, str] = {}
        """File → sha256, of all that was published by a command that ended well."""
        self.doomed: set[str] = set()
        self.failed: list[str] = []
        self.kills = 0
        self._lock = threading.Lock()

    def run(self, command: str, *words: str | Path, fatal: float | None = None, may: tuple[int, ...] = ()) -> bool:
        """Run a command; False: it was killed after `fatal` seconds, or ended with one of the codes that it `may`."""
        where = ["-c", self.place.url] if command in ("publish", "delete", "snapshot create") else [self.place.url]
        child = subprocess.Popen(
            [PROGRAM, *command.split(), *where, *map(str, words), "--endpoint-url", self.place.server.endpoint_url],
            env={**os.environ, **self.place.server.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output, _ = child.communicate(timeout=fatal)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            with self._lock:
                self.kills += 1
            return False
        if child.returncode not in (0, *may):
            with self._lock:
                self.failed.append(f"{command} {words}: {child.returncode}\n{output}")
        return child.returncode == 0

    def publishers(self, number: int) -> None:
        serial = 0
        while time.monotonic() < self.until:
            name = NAMES[(number + serial) % len(NAMES)]
            package = make_package(self._folder / f"{number}", name, f"{serial}.{number}", payload=os.urandom(50))
            serial += 1
            if self.run("publish", package):
                with self._lock:
                    self.published[package.name] = hashlib.sha256(package.read_bytes()).hexdigest()

    def deleters(self, number: int) -> None:
        chance = random.Random(SEED + number)
        while time.monotonic() < self.until:
            with self._lock:
                left = sorted(self.published.keys() - self.doomed)
                file = chance.choice(left) if left else None
                if file:
                    self.doomed.add(file)
            if file is None:
                time.sleep(0.2)
                continue
            # It is killed at some moment, and goes on.
            while not self.run(
                "delete", f"noarch/{file}", "--reason", "leaked", "--yes", fatal=chance.uniform(1, 8), may=(4,)
            ):
                pass

    def makers(self) -> None:
        number = 0
        while time.monotonic() < self.until:
            number += 1
            chance = random.Random(SEED * number)
            # One that was killed may be finished by the next, of the same name.
            self.run("snapshot create", f"s{number // 2}", fatal=chance.uniform(0.8, 6), may=(4,))

    def keepers(self) -> None:
        while time.monotonic() < self.until:
            self.run("gc")
            self.run("reindex", may=(4,))


def test_nothing_is_left_of_what_was_deleted_and_nothing_else_is_lost(place: Place, tmp_path: Path) -> None:
    crowd = Crowd(place, tmp_path)
    first = make_package(tmp_path, NAMES[0], "0")
    assert crowd.run("publish", first)
    assert crowd.run("snapshot create", "first")
    crowd.published[first.name] = hashlib.sha256(first.read_bytes()).hexdigest()
    crowd.until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(8) as pool:
        everybody = [pool.submit(crowd.publishers, number) for number in range(3)]
        everybody += [pool.submit(crowd.deleters, number) for number in range(2)]
        everybody += [pool.submit(crowd.makers), pool.submit(crowd.keepers)]
        for each in everybody:
            each.result()
    assert not crowd.failed, "\n".join(crowd.failed)
    assert crowd.doomed
    assert crowd.kills
    # What others had in hand when a deletion ended: the same command once more, and a re-index before.
    place.done("reindex")
    place.done("delete", *(f"noarch/{file}" for file in sorted(crowd.doomed)), "--reason", "again", "--yes")
    objects = contents(place.server, place.bucket)
    marks = {file: (file.encode(), bytes.fromhex(crowd.published[file])) for file in crowd.doomed}
    for key, data in objects.items():
        texts = (data, bytes(decompress(data, 1 << 30) or b""))
        named = {file for file, them in marks.items() if any(mark in text for mark in them for text in texts)}
        assert not named or key == f"{PREFIX}/withdrawn.json", (key, named)
        assert not any(file in key for file in crowd.doomed), key
    kept = crowd.published.keys() - crowd.doomed
    for form in forms(place.server, place.bucket, PREFIX, ["noarch"]).values():
        assert {path.rpartition("/")[2] for path in form} == kept
    check_states(objects)


def contents(server: Server, bucket: str) -> dict[str, bytes]:
    """All objects of a bucket."""
    client = server.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [entry["Key"] for page in pages for entry in page["Contents"]]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def check_states(objects: dict[str, bytes]) -> None:
    """Each state of the history, and each snapshot that is ready, has its shards."""
    document = objects.get(f"{PREFIX}/.chaninfra/replaced/noarch.json", b'{"version": 1}')
    replaced = msgspec.json.decode(document, type=Replaced)
    listed = msgspec.json.decode(objects[f"{PREFIX}/snapshots/index.json"], type=Snapshots)
    ready = {name for name, each in listed.snapshots.items() if each.stage == "ready"}
    assert ready
    for key, data in objects.items():
        is_state = key.startswith(f"{PREFIX}/.chaninfra/history/noarch/")
        of_snapshot = key.startswith(f"{PREFIX}/snapshots/") and key.split("/")[3] in ready and "shards" in key
        if not is_state and not of_snapshot:
            continue
        index = ShardIndex.parse(data)
        assert index is not None, key
        index = replaced.applied(index) if is_state else index
        missing = [
            name for name, digest in index.hashes.items() if f"{PREFIX}/noarch/{shard_key(digest)}" not in objects
        ]
        assert not missing, (key, missing)
        if of_snapshot:
            json = msgspec.json.decode(objects[key.replace("repodata_shards.msgpack.zst", "repodata.json")])
            subdir = listed.snapshots[key.split("/")[3]].subdirs["noarch"]
            assert len(json["packages.conda"]) == subdir.packages, key
