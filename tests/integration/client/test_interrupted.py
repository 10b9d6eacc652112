"""Ctrl-C and SIGTERM: the command says how far it is and what to type, and ends soon, whatever it waits for."""

from __future__ import annotations

import random
import re
import shlex
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from chaninfra.index.workers import MANY
from support.channels.archives import conda, index_json
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.channels.terminal import Terminal
from support.servers.s3_proxy import Proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Delay, Fault, Hold, Request

SHARDS = "/noarch/repodata_shards.msgpack.zst"
SOON = 20
"""A command that is stopped ends within some two seconds, on a machine that is busy with other things a bit later; one
that waited for its request would not end, since that is held for good."""


def at(running: Proxy, channel: str) -> list[str]:
    return ["-c", channel, "--endpoint-url", running.server.endpoint_url]


class Holding:
    """A rule that lets so many requests of a kind through, and then holds them."""

    def __init__(self, method: str, end: str, through: int = 0) -> None:
        self.method, self.end, self.left = method, end, through
        self.held = threading.Event()

    def __call__(self, request: Request) -> Fault | None:
        if request.method != self.method or not request.path.endswith(self.end):
            return None
        self.left -= 1
        return Hold("before", self.held.set) if self.left < 0 else None


def printed_command(terminal: Terminal) -> list[str]:
    """The words of the command to go on."""
    found = re.search(r"`chaninfra ([^`]+)`", terminal.said)
    assert found, terminal.text
    return shlex.split(found[1])


def test_a_publish_that_is_stopped_says_how_many_are_uploaded_and_goes_on(
    minio: Server, before: Proxy, channel: str, tmp_path: Path
) -> None:
    packages = [make_package(tmp_path, f"p{number}", "1.0") for number in range(18)]
    before.rule = rule = Holding("PUT", ".conda", through=7)
    names = [path.name for path in packages]
    terminal = Terminal("publish", *names, *at(before, channel), server=minio, columns=200, cwd=packages[0].parent)
    terminal.read_until(lambda: rule.held.is_set() and "uploading 7/18" in terminal.plain)
    terminal.press_ctrl_c()
    start = time.monotonic()
    assert terminal.wait() == 130
    assert time.monotonic() - start < SOON
    assert "error: stopped: 7 of 18 packages are uploaded, and none of them is in the index" in terminal.said
    assert terminal.text.rstrip().endswith("`"), "the cursor is shown again, and nothing is drawn any more"
    assert "\x1b[?25h" in terminal.text
    before.rule = None
    done = chaninfra(*printed_command(terminal), server=minio, cwd=packages[0].parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": uploaded") >= 11
    assert "noarch: 18 packages" in done.stdout


def test_a_publish_that_waits_for_its_index_is_stopped(
    minio: Server, before: Proxy, channel: str, tmp_path: Path
) -> None:
    packages = [make_package(tmp_path, name, "1.0") for name in "ab"]
    before.rule = rule = Holding("PUT", SHARDS)
    terminal = Terminal("publish", *packages, *at(before, channel), server=minio)
    terminal.read_until(rule.held.is_set)
    terminal.press_ctrl_c()
    start = time.monotonic()
    # A request in Rust code does not see the signal.
    assert terminal.wait() == 130
    assert time.monotonic() - start < SOON
    assert "stopped: 2 of 2 packages are uploaded; the index has them in 0 of 1 subdir" in terminal.said


@pytest.mark.parametrize("part", ["slow", "held"])
def test_a_large_package_that_is_stopped(
    part: str, minio: Server, before: Proxy, channel: str, bucket_name: str, tmp_path: Path
) -> None:
    large = make_package(tmp_path, "large", "1.0", payload=random.Random(1).randbytes(40 << 20))
    reached = threading.Event()

    def rule(request: Request) -> Fault | None:
        if request.method != "PUT" or "partNumber" not in request.target:
            return None
        if part == "held":
            return Hold("before", reached.set)
        reached.set()
        return Delay(1.0)

    before.rule = rule
    terminal = Terminal("publish", large, *at(before, channel), server=minio)
    terminal.read_until(reached.is_set)
    terminal.press_ctrl_c()
    start = time.monotonic()
    assert terminal.wait() == 130
    assert time.monotonic() - start < SOON
    assert "stopped: 0 of 1 package is uploaded" in terminal.said
    before.rule = None
    left = minio.client().list_multipart_uploads(Bucket=bucket_name, Prefix=f"c/noarch/{large.name}").get("Uploads", [])
    # `gc` finds the parts of one that had no time to be given up.
    assert len(left) == (1 if part == "held" else 0)


@pytest.mark.parametrize("stop", ["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize(
    ("command", "method", "wanted"),
    [
        (["reindex"], "PUT", "the index of 0 of 2 subdirs is up to date; 1 package of noarch was read"),
        (["reindex", "--check"], "GET", "nothing was changed"),
        (["yank", "there"], "GET", "nothing was changed"),
        (["yank", "there"], "PUT", "some of the packages may be yanked, and others not"),
        (["patch", "add", "there", "--license", "X"], "GET", "nothing was changed"),
        (["patch", "add", "there", "--license", "X"], "PUT", "some of the packages may be done, and others not"),
        (["delete", "there", "--reason", "leaked", "--yes"], "GET", "nothing was changed"),
        (["delete", "there", "--reason", "leaked", "--yes"], "PUT", "the packages may be deleted in part"),
        (["gc"], "GET", "the garbage of 0 of 2 subdirs is deleted"),
        (["ls"], "GET", "stopped"),
    ],
)
def test_every_command_says_how_far_it_was(
    command: list[str], method: str, wanted: str, stop: str, minio: Server, before: Proxy, channel: str, tmp_path: Path
) -> None:
    known = make_package(tmp_path, "there", "1.0")
    assert chaninfra("publish", known, *at(before, channel), server=minio).returncode == 0
    bucket = channel.removeprefix("s3://").split("/")[0]
    new = make_package(tmp_path, "new", "1.0")
    minio.client().put_object(Bucket=bucket, Key=f"c/noarch/{new.name}", Body=new.read_bytes())
    before.rule = rule = Holding(method, SHARDS)
    terminal = Terminal(*command, *at(before, channel), server=minio, columns=200)
    terminal.read_until(rule.held.is_set)
    terminal.press_ctrl_c() if stop == "Ctrl-C" else terminal.terminate()
    start = time.monotonic()
    assert terminal.wait() == (130 if stop == "Ctrl-C" else 143)
    assert time.monotonic() - start < SOON
    assert wanted in terminal.said, terminal.text
    assert "Traceback" not in terminal.text
    if command[0] != "ls":
        assert printed_command(terminal)[: len(command)] == [command[0], *command[1:]] or command[0] in terminal.said
        before.rule = None
        done = chaninfra(*printed_command(terminal), server=minio)
        assert done.returncode == (1 if "--check" in command else 0), done.stderr


@pytest.mark.parametrize(
    ("method", "wanted"),
    [("GET", "nothing was changed"), ("PUT", "some subdirs may be rolled back, and others not")],
)
def test_a_rollback_that_is_stopped_goes_on_with_the_command_that_it_prints(
    method: str, wanted: str, minio: Server, before: Proxy, channel: str, tmp_path: Path
) -> None:
    where = at(before, channel)
    assert chaninfra("snapshot", "create", "v1", *where, server=minio).returncode == 0
    assert chaninfra("publish", make_package(tmp_path, "there", "1.0"), *where, server=minio).returncode == 0
    before.rule = rule = Holding(method, SHARDS)
    terminal = Terminal("rollback", "--to", "v1", "--yes", *where, server=minio, columns=200)
    terminal.read_until(rule.held.is_set)
    terminal.press_ctrl_c()
    assert terminal.wait() == 130
    assert f"stopped: {wanted}" in terminal.said, terminal.text
    before.rule = None
    done = chaninfra(*printed_command(terminal), server=minio)
    assert done.returncode == 0, done.stderr
    assert "there-1.0-0.conda  yanked, since it was not there then" in done.stdout


def test_worker_processes_end_with_the_command_that_is_stopped(
    minio: Server, before: Proxy, channel: str, bucket_name: str
) -> None:
    client = minio.client()

    def put(number: int) -> None:
        body = conda(index_json(f"p{number}", noarch="generic"))
        client.put_object(Bucket=bucket_name, Key=f"c/noarch/p{number}-1-0.conda", Body=body)

    with ThreadPoolExecutor(16) as pool:
        assert len([*pool.map(put, range(MANY + 300))]) == MANY + 300
    before.rule = rule = Holding("GET", ".conda", through=MANY + 100)
    terminal = Terminal("reindex", *at(before, channel), server=minio)
    terminal.read_until(rule.held.is_set)
    family = psutil.Process(terminal.pid).children(recursive=True)
    terminal.press_ctrl_c()
    start = time.monotonic()
    assert terminal.wait() == 130
    assert time.monotonic() - start < SOON
    assert "packages of noarch were read" in terminal.said
    assert "Traceback" not in terminal.text
    assert psutil.wait_procs(family, timeout=30)[1] == []


def test_other_commands_that_are_stopped_say_so(minio: Server, before: Proxy, channel: str) -> None:
    for command in (["doctor"], ["manifest"], ["init"]):
        before.rule = rule = Holding("GET", "/channel.json")
        terminal = Terminal(*command, *at(before, channel), server=minio)
        terminal.read_until(rule.held.is_set)
        terminal.press_ctrl_c()
        assert terminal.wait(20) == 130
        assert "error: stopped" in terminal.said
