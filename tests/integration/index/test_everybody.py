"""Everybody at once on one channel, on a store with faults: publishers, of whom some are killed, a yanker, who rolls
back too, a re-indexer, a gc, a maker of snapshots, a patcher, somebody who publishes nightlies and prunes them, and the
reference indexer, which writes without asking. The yanker, the maker of snapshots, the patcher and the pruner are
killed too.

They begin new work for 20 seconds on each store; CHAOS_SECONDS sets another time. SEED decides which requests fail and
who is killed at which.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from bench.generator import Package
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channel_reader import SUBDIRS, Reader
from support.channels.channels import etags
from support.channels.cli_runner import PROGRAM
from support.channels.crowd_pruning import NAME, Nightlies, is_nightly
from support.channels.index_reader import Records, forms
from support.channels.snapshot_reader import said_by
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Answer, Delay, Fault, Hold, Request, Reset, Rule

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("CHAOS_SECONDS", "20"))
SEED = 20261126
PUBLISHERS = 16
FAULTY, DEADLY, DEADLY_FOR_FEW = 0.04, 0.004, 0.05
REFERENCE_SECONDS = 30
NAMES = [f"shared-{number:02}" for number in range(12)]
# What a command says that lost to the reference indexer: it is run again.
DISTURBED = ("written by another tool", "writes this index again and again")
# What a maker of snapshots says who goes on after a kill, if the reference indexer has replaced the state before it was
# kept.
NOT_KEPT = "is not in the history any more"
REMOVED_MEANWHILE = "is being removed, or its removal was stopped"


def package(name: str, publisher: int, serial: int) -> Package:
    """The package with this name of a publisher's turn."""
    subdir = SUBDIRS[NAMES.index(name) % len(SUBDIRS)]
    index = {"name": name, "version": f"{serial}.{publisher}", "build": "0", "build_number": 0, "depends": []}
    more = {"subdir": subdir, **({"noarch": "generic"} if subdir == "noarch" else {})}
    return Package({**index, **more}, f"{name} {publisher} {serial}\n".encode())


class Crowd:
    """The processes that run, by the name of who runs them; what was published, yanked and patched, and what went
    wrong.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.until = time.monotonic() + SECONDS
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.published: set[str] = set()
        self.yanked: dict[str, bool | None] = {}
        """What the yanker was told of a package; None: it was told nothing."""
        self.patched: set[str] = set()
        self.failed: list[str] = []
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether nobody should begin anything."""
        return time.monotonic() > self.until

    def run(self, name: str, server: Server, command: str, *words: str) -> str | None:
        """Run a command until it ends by itself; None: it was killed or disturbed, and is to be run again."""
        with_option = command in ("publish", "yank", "unyank", "snapshot create", "patch add")
        where = ["-c", self.url] if with_option else [self.url]
        child = subprocess.Popen(
            [PROGRAM, *command.split(), *where, *words, "--endpoint-url", server.endpoint_url],
            env={"PATH": os.environ["PATH"], "HOME": os.devnull, "NO_PROXY": "127.0.0.1", **server.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running[name] = child
        told, noted = child.communicate(timeout=300)
        with self._lock:
            if child.returncode == 0:
                self.counts[command] += 1
                return told
            if child.returncode == -signal.SIGKILL:
                self.counts["killed"] += 1
            elif any(said in noted for said in DISTURBED):
                self.counts["disturbed"] += 1
            elif command == "snapshot create" and NOT_KEPT in noted:
                self.counts["not kept"] += 1
            elif command == "patch add" and REMOVED_MEANWHILE in noted:
                # A rollback takes away what an earlier attempt has written.
                self.counts["removed meanwhile"] += 1
                return noted
            else:
                self.failed.append(f"{name}: {command} {words} ended with {child.returncode}: {noted}")
        return None

    def add(self, told: str) -> None:
        """Note what a publish says that it has published."""
        with self._lock:
            self.published |= {each["url"].removeprefix(f"{self.url}/") for each in json.loads(told)["packages"]}


def trouble(crowd: Crowd) -> Rule:
    """The rule of the proxy: faults, but never for a request and its repetition; and publishers are killed."""
    rng = random.Random(SEED)
    broken: set[tuple[str, str, str]] = set()

    def rule(request: Request) -> Fault | None:
        if request.client == "reference":
            return None
        key = (request.client, request.method, request.target)
        if key in broken:
            broken.discard(key)
            return None
        if request.client.startswith("publisher") and request.method == "PUT" and rng.random() < DEADLY:
            return Hold(rng.choice(["before", "after"]), crowd.running[request.client].kill)
        if (
            request.client in ("snapshots", "yanker", "patcher", "pruner")
            and request.method == "PUT"
            and rng.random() < DEADLY_FOR_FEW
        ):
            return Hold(rng.choice(["before", "after"]), crowd.running[request.client].kill)
        if rng.random() >= FAULTY:
            return None
        broken.add(key)
        crowd.counts["faults"] += 1
        # A connection that hangs for a while stands for the one that times out.
        faults = [Answer(500, "InternalError"), Answer(503, "SlowDown"), Reset("before"), Reset("after"), Delay(2)]
        return rng.choice(faults)

    return rule


def publishes(crowd: Crowd, name: str, server: Server, folder: Path) -> None:
    """Publish until time is over, one to three packages a turn; a turn that was killed is done again."""
    number, serial = int(name[-2:]), 0
    rng = random.Random(f"{SEED} {name}")
    folder.mkdir()
    while not crowd.over:
        serial += 1
        files = []
        for chosen in rng.sample(NAMES, rng.randint(1, 3)):
            made = package(chosen, number, serial)
            files.append(folder / made.file)
            files[-1].write_bytes(made.data)
        while (told := crowd.run(name, server, "publish", *map(str, files), "--json")) is None:
            if crowd.failed:
                return
        crowd.add(told)


def yanks(crowd: Crowd, server: Server, place: Place) -> None:
    """Yank a package that was published, and bring back every second one; roll back in some turns, and at the end."""
    rng = random.Random(f"{SEED} yanker")
    while not crowd.over:
        # What prune yanks is not brought back by hand.
        published = [file for file in sorted(crowd.published) if not is_nightly(file)]
        if not published:
            time.sleep(0.5)
            continue
        chosen = rng.choice(published)
        back, told = rng.random() < 0.5, crowd.run("yanker", server, "yank", chosen)
        crowd.yanked[chosen] = None if told is None else True
        # Who was killed does not know whether it is yanked, and what is not yanked cannot be brought back.
        if back and told is not None:
            crowd.yanked[chosen] = None if crowd.run("yanker", server, "unyank", chosen) is None else False
        if rng.random() < 0.3:
            rolls_back(crowd, server, place)
    while not crowd.failed and not crowd.counts["rollback"]:
        rolls_back(crowd, server, place)
        time.sleep(0.5)


def rolls_back(crowd: Crowd, server: Server, place: Place) -> None:
    """Roll back to the last snapshot, if there is one. Who is killed does it again."""
    ready = [name for name, stage in stages(place).items() if stage == "ready"]
    while ready and not crowd.failed:
        # Until it says so, nobody knows what is yanked.
        crowd.yanked = dict.fromkeys(crowd.yanked)
        told = crowd.run("yanker", server, "rollback", "--to", ready[-1], "--yes", "--json")
        if told is not None:
            found = json.loads(told)
            crowd.yanked |= {**dict.fromkeys(found["yanked"], True), **dict.fromkeys(found["back"], False)}
            return
        if crowd.over:
            # What the reference indexer wrote last must be indexed first, and nobody else does it any more.
            place.done("reindex")


def patches(crowd: Crowd, server: Server) -> None:
    """Patch a package that was published; whoever is killed goes on, also when time is over."""
    rng = random.Random(f"{SEED} patcher")
    while not crowd.over and not crowd.failed:
        left = sorted(crowd.published - crowd.patched)
        if not left:
            time.sleep(0.5)
            continue
        chosen = rng.choice(left)
        while crowd.run("patcher", server, "patch add", chosen, "--license", "patched") is None and not crowd.failed:
            pass
        crowd.patched.add(chosen)


def repeats(crowd: Crowd, name: str, server: Server, command: str, pause: float) -> None:
    """Run a command again and again."""
    while not crowd.over:
        crowd.run(name, server, command)
        time.sleep(pause)


def snapshots(crowd: Crowd, server: Server, place: Place) -> dict[str, Records]:
    """Make one snapshot after the other; whoever is killed goes on. Name → what it says when it is made."""
    made: dict[str, Records] = {}
    # On a slow machine time is over before the first one is made.
    while not crowd.failed and not (crowd.over and made):
        name = f"s{len(made)}"
        not_kept = crowd.counts["not kept"]
        told = crowd.run("snapshots", server, "snapshot create", name)
        if crowd.counts["not kept"] > not_kept:
            # As the error says.
            place.done("snapshot rm", name)
            continue
        # Who is killed at the last request has made it, and the channel goes on.
        if told is not None or stages(place).get(name) == "ready":
            made[name] = said_by(place, name)
            time.sleep(0.5)
    return made


def stages(place: Place) -> dict[str, str]:
    """Name → stage of each snapshot that is listed."""
    return {each["name"]: each["stage"] for each in json.loads(place.done("snapshot ls", "--json"))}


def disturbs(crowd: Crowd, server: Server, bucket: str) -> None:
    """Index by the reference indexer, again and again. It begins anew when a publisher was faster, so some runs never
    end beside sixteen: these are killed, wherever they are.
    """
    given = {
        "endpoint_url": server.endpoint_url,
        "region": server.region,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
        "addressing_style": "path",
    }
    line = [sys.executable, "-c", dedent(conda_client.INDEX), json.dumps([f"s3://{bucket}/{PREFIX}", given])]
    while not crowd.over:
        try:
            done = subprocess.run(line, capture_output=True, timeout=REFERENCE_SECONDS, check=False)
            crowd.counts["reference" if done.returncode == 0 else "reference gave up"] += 1
        except subprocess.TimeoutExpired:
            crowd.counts["reference killed"] += 1
        time.sleep(3)


def test_everybody_at_once(server: Server, bucket_name: str, tmp_path: Path) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    place.done("init", "--subdir", "linux-64")
    writers = [f"publisher-{number:02}" for number in range(PUBLISHERS)]
    names = [*writers, "yanker", "patcher", "reindexer", "collector", "snapshots", "pruner", "reference"]
    nightlies = Nightlies(place, tmp_path / "pruner")
    with proxy(server, names) as between, Reader(server, place.url, [*NAMES, NAME], tmp_path / "reader", 3) as reader:
        crowd = Crowd(place.url)
        # Of a channel whose index was never committed to, the reference indexer may replace what nobody has kept.
        first = [tmp_path / made.file for made in (package(name, PUBLISHERS, 0) for name in NAMES[:2])]
        for file, name in zip(first, NAMES, strict=False):
            file.write_bytes(package(name, PUBLISHERS, 0).data)
        crowd.add(place.done("publish", *first, "--json"))
        crowd.until = time.monotonic() + SECONDS
        between.rule = trouble(crowd)
        with ThreadPoolExecutor(len(names)) as pool:
            at = between.servers
            all_ = [pool.submit(publishes, crowd, name, at[name], tmp_path / name) for name in writers]
            all_.append(pool.submit(yanks, crowd, at["yanker"], place))
            all_.append(pool.submit(patches, crowd, at["patcher"]))
            all_.append(pool.submit(repeats, crowd, "reindexer", at["reindexer"], "reindex", 0.5))
            all_.append(pool.submit(repeats, crowd, "collector", at["collector"], "gc", 5))
            all_.append(pool.submit(nightlies.go_on, crowd, at["pruner"]))
            snapshotted = pool.submit(snapshots, crowd, at["snapshots"], place)
            all_.append(pool.submit(disturbs, crowd, at["reference"], bucket_name))
            for each in all_:
                each.result()
        between.rule = None
        # What the reference indexer wrote last.
        place.done("reindex")
        seen = reader.stop()
    print(f"{server.name}: {len(crowd.published)} packages; {dict(crowd.counts)}; {seen.polls} readings")
    assert not crowd.failed, "\n".join(crowd.failed)
    assert not seen.broken
    document = json.loads(server.client().get_object(Bucket=bucket_name, Key=f"{PREFIX}/yanked.json")["Body"].read())
    told = {file: yanked for file, yanked in crowd.yanked.items() if yanked is not None and not is_nightly(file)}
    assert {file: file in document["packages"] for file in told} == told
    expected = crowd.published - document["packages"].keys()
    # A rollback takes away what was patched since.
    listed_patches = json.loads(place.done("patch ls", "--json"))
    applied = {each["package"] for each in listed_patches if each["applies"] == "applied"}
    assert {each["package"] for each in listed_patches} & expected == applied <= crowd.patched
    for form, found in forms(server, bucket_name, PREFIX, SUBDIRS).items():
        assert found.keys() == expected, form
        assert {file for file, record in found.items() if record.get("license") == "patched"} == applied, form
    assert all(files == sorted(expected) for files in seen.last.values())
    place.done("reindex", "--check")
    made = snapshotted.result()
    assert made
    assert {name: said_by(place, name) for name in made} == made
    listed = stages(place)
    # Time may have been over before the last one was made again.
    assert {name for name, stage in listed.items() if stage == "ready"} >= made.keys()
    assert {*listed} - made.keys() <= {f"s{len(made)}"}
    # What they list is there, also when all is deleted that the rule of retention takes.
    for name in listed.keys() - made.keys():
        place.done("snapshot rm", name)
    needed = {file for records in made.values() for file in records}
    print(nightlies.check(needed))
    assert {name: said_by(place, name) for name in made} == made
    assert {f"{PREFIX}/{file}" for file in needed} <= etags(server, bucket_name).keys()
