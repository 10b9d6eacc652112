"""Sixteen concurrent publishers at a store with faults; some of them are killed in the middle of a request.

No package that a publish reported as published is lost; a reader never sees a broken index; and when the killed
publishers run again, all packages are in the index. SEED decides which requests fail and who is killed at which
request.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from bench.generator import Package
from support.channels.channel_at import PREFIX
from support.channels.channel_reader import SUBDIRS, Reader
from support.channels.cli_runner import PROGRAM
from support.channels.index_reader import forms
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import Proxy, proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Answer, Delay, Fault, Hold, Request, Reset

pytestmark = pytest.mark.long

SEED = 20260201
PUBLISHERS = 16
PACKAGES = 20
FAULTY = 0.06
POLLS = 200
NAMES = [f"shared-{number:02}" for number in range(PACKAGES)]
# The publisher that sends the first such request is killed during it, before or after the server executes it.
KILLS: list[tuple[Callable[[Request], bool], Literal["before", "after"]]] = [
    (lambda request: _puts(request, "/repodata.json"), "before"),
    (lambda request: _puts(request, "/repodata.json"), "after"),
    (lambda request: _puts(request, "/repodata.json.zst"), "after"),
    (lambda request: _puts(request, "/repodata_shards.msgpack.zst"), "before"),
    (lambda request: _puts(request, "/repodata_shards.msgpack.zst"), "after"),
    (lambda request: request.method == "PUT" and "/history/" in request.path, "before"),
    (lambda request: request.method == "PUT" and "/shards/" in request.path, "after"),
    (lambda request: _puts(request, ".conda"), "after"),
]


def _puts(request: Request, end: str) -> bool:
    return request.method == "PUT" and request.path.endswith(end)


def package(name: str, publisher: int) -> Package:
    """A package of this name, with one version per publisher, so that all publishers change the same shards."""
    subdir = SUBDIRS[NAMES.index(name) % len(SUBDIRS)]
    index = {
        "name": name,
        "version": f"1.{publisher}",
        "build": "0",
        "build_number": 0,
        "depends": [],
        "subdir": subdir,
    }
    return Package({**index, "noarch": "generic"} if subdir == "noarch" else index, f"{name} {publisher}\n".encode())


class Publisher:
    """Publishes its packages in lots, each by a process of its own, and collects their results."""

    def __init__(self, number: int, server: Server, url: str, folder: Path) -> None:
        self.name = f"publisher-{number:02}"
        self.done: set[str] = set()
        self.killed: list[list[Path]] = []
        self.failed: list[str] = []
        self.pid: int | None = None
        self._url = url
        self._store = ["-c", url, "--endpoint-url", server.endpoint_url]
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "NO_PROXY": "127.0.0.1",
            **server.environment(),
        }
        folder.mkdir()
        files = []
        for name in NAMES:
            made = package(name, number)
            files.append(folder / made.file)
            files[-1].write_bytes(made.data)
        rng = random.Random(f"{SEED} {self.name}")
        rng.shuffle(files)
        self.lots: list[list[Path]] = []
        while files:
            size = rng.randint(1, 8)
            self.lots.append(files[:size])
            files = files[size:]

    def run(self) -> None:
        """Publish all lots. A lot whose process is killed is kept for `again`."""
        for lot in self.lots:
            self.publish(lot)

    def again(self) -> None:
        """Publish the lots whose process was killed."""
        lots, self.killed = self.killed, []
        for lot in lots:
            self.publish(lot)

    def publish(self, lot: list[Path]) -> None:
        """Publish one lot, in one process."""
        child = subprocess.Popen(
            [PROGRAM, "publish", *map(str, lot), "--json", *self._store],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pid = child.pid
        told, noted = child.communicate(timeout=150)
        self.pid = None
        if child.returncode == 0:
            self.done |= {each["url"].removeprefix(f"{self._url}/") for each in json.loads(told)["packages"]}
        elif child.returncode == -signal.SIGKILL:
            self.killed.append(lot)
        else:
            self.failed.append(f"{self.name} ended with {child.returncode}: {noted}")

    def kill(self) -> None:
        """Kill the process that is running."""
        assert self.pid
        os.kill(self.pid, signal.SIGKILL)


class Trouble:
    """The rule of the proxy: seeded faults, but never for a request and its repetition; and the kills."""

    def __init__(self, publishers: list[Publisher]) -> None:
        self.faults: Counter[str] = Counter()
        self._publishers = {each.name: each for each in publishers}
        self._random = {each.name: random.Random(f"{SEED} faults {each.name}") for each in publishers}
        self._broken: set[tuple[str, str, str]] = set()
        self._to_kill = list(KILLS)
        self._killed: set[str] = set()

    def __call__(self, request: Request) -> Fault | None:
        for kill in self._to_kill:
            if request.client not in self._killed and kill[0](request):
                self._to_kill.remove(kill)
                self._killed.add(request.client)
                return Hold(kill[1], self._publishers[request.client].kill)
        rng = self._random[request.client]
        key = (request.client, request.method, request.target)
        if key in self._broken:
            self._broken.discard(key)
            return None
        if rng.random() >= FAULTY:
            return None
        fault = rng.choice(
            [
                Answer(500, "InternalError"),
                Answer(503, "SlowDown"),
                Reset("before"),
                Reset("after"),
                Delay(rng.uniform(0.05, 0.5)),
            ]
        )
        if not isinstance(fault, Delay):
            self._broken.add(key)
        self.faults[str(fault) if not isinstance(fault, Delay) else "delay"] += 1
        return fault


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> str:
    """The URL of an empty channel."""
    minio.client().create_bucket(Bucket=bucket_name)
    url = f"s3://{bucket_name}/{PREFIX}"
    create_channel(minio, url, "linux-64")
    return url


def test_no_published_package_is_lost(minio: Server, bucket_name: str, channel: str, tmp_path: Path) -> None:
    names = [f"publisher-{number:02}" for number in range(PUBLISHERS)]
    with proxy(minio, names) as between, Reader(minio, channel, NAMES, tmp_path / "reader", POLLS) as reader:
        publishers = [
            Publisher(number, between.servers[name], channel, tmp_path / name) for number, name in enumerate(names)
        ]
        trouble = Trouble(publishers)
        between.rule = trouble
        everyone(publishers, Publisher.run)
        killed = [each.name for each in publishers for _ in each.killed]
        done = {path for each in publishers for path in each.done}
        assert not [said for each in publishers for said in each.failed]
        assert len(killed) == len(KILLS), "each was killed once, in the middle of a request"
        assert len(trouble.faults) == 5, trouble.faults
        for form, found in forms(minio, bucket_name, PREFIX, SUBDIRS).items():
            assert done <= set(found), f"{form} has lost packages"

        everyone(publishers, Publisher.again)
        between.rule = None
        assert not [said for each in publishers for said in (*each.failed, *each.killed)]
        expected = {
            f"{made.index['subdir']}/{made.file}": hashlib.sha256(made.data).hexdigest()
            for number in range(PUBLISHERS)
            for made in (package(name, number) for name in NAMES)
        }
        assert len(expected) == PUBLISHERS * PACKAGES
        for form, found in forms(minio, bucket_name, PREFIX, SUBDIRS).items():
            assert {path: record["sha256"] for path, record in found.items()} == expected, form
        seen = reader.stop()
        print(summary(between, trouble, seen.polls))
    assert seen.polls >= POLLS
    assert not seen.broken
    assert all(files == sorted(expected) for files in seen.last.values())


def everyone(publishers: list[Publisher], what: Callable[[Publisher], None]) -> None:
    """Run this for all publishers at once."""
    start = threading.Barrier(len(publishers))

    def one(publisher: Publisher) -> None:
        start.wait()
        what(publisher)

    with ThreadPoolExecutor(len(publishers)) as pool:
        list(pool.map(one, publishers))


def summary(between: Proxy, trouble: Trouble, polls: int) -> str:
    """Numbers of requests, faults and polls."""
    log = between.take().log
    answers = Counter(request.status for request in log)
    return f"{len(log)} requests, answered {dict(answers)}; faults {dict(trouble.faults)}; {polls} readings"
