"""What people see while a command runs: on a terminal of sixty columns, and in a log."""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from support.channels.cli_runner import PROGRAM, chaninfra
from support.channels.packages import make_package
from support.channels.terminal import Terminal
from support.servers.s3_proxy import Proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Answer, Delay, Fault, Request, Rule

COLUMNS = 60
SHARDS = "/noarch/repodata_shards.msgpack.zst"


@pytest.fixture
def packages(tmp_path: Path) -> list[Path]:
    return [make_package(tmp_path, f"a-package-with-a-rather-long-name-{number}", "1.0") for number in range(20)]


def at(running: Proxy, channel: str) -> list[str]:
    return ["-c", channel, "--endpoint-url", running.server.endpoint_url]


def slow(method: str, end: str, seconds: float) -> Rule:
    def rule(request: Request) -> Fault | None:
        return Delay(seconds) if request.method == method and request.path.endswith(end) else None

    return rule


def check_drawn(terminal: Terminal) -> None:
    """Assert that no line is wider than the terminal, and that nothing is drawn at the end."""
    assert terminal.frames, terminal.text
    assert max(map(len, terminal.frames)) < COLUMNS, max(terminal.frames, key=len)
    # What is slow on purpose takes three seconds.
    assert terminal.longest_silence < 2.8
    assert terminal.text.count("\x1b[?25l") > 0
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


def test_a_publish_shows_count_bytes_and_the_time_that_is_left(
    minio: Server, before: Proxy, channel: str, packages: list[Path]
) -> None:
    before.rule = slow("PUT", ".conda", 1.2)
    terminal = Terminal("publish", *packages, *at(before, channel), server=minio, columns=COLUMNS)
    assert terminal.wait() == 0
    check_drawn(terminal)
    shown = [frame for frame in terminal.frames if " uploading " in frame]
    counts = [int(found[1]) for frame in shown if (found := re.search(r"uploading (\d+)/20", frame))]
    assert counts == sorted(counts)
    assert {0, 8} <= {*counts}
    assert any(re.search(r"uploading \d+/20 0:0\d left .* kB/", frame) for frame in shown), shown
    assert "\x1b[1;31m" not in terminal.text, "nothing has failed"
    assert "noarch: 20 packages (+20)" in terminal.said


def test_a_slow_index_and_a_slow_listing_are_no_silence(
    minio: Server, before: Proxy, channel: str, packages: list[Path]
) -> None:
    for package in packages[:3]:
        minio.client().put_object(
            Bucket=channel.split("/")[2], Key=f"c/noarch/{package.name}", Body=package.read_bytes()
        )
    before.rule = slow("GET", ".conda", 3)
    terminal = Terminal("reindex", *at(before, channel), server=minio, columns=COLUMNS)
    assert terminal.wait() == 0
    check_drawn(terminal)
    assert any(re.search(r"reading noarch 0/3 .*B/", frame) for frame in terminal.frames), terminal.frames
    before.rule = slow("PUT", SHARDS, 3)
    terminal = Terminal("publish", *packages[3:5], *at(before, channel), server=minio, columns=COLUMNS)
    assert terminal.wait() == 0
    check_drawn(terminal)
    assert any(re.search(r"indexing 0/1 .*noarch", frame) for frame in terminal.frames), terminal.frames
    yank = ["yank", "a-package-with-a-rather-long-name-0"]
    for command in (["ls"], ["gc"], yank, ["reindex", "--check"], ["doctor"]):
        before.rule = slow("GET", SHARDS, 3)
        terminal = Terminal(*command, *at(before, channel), server=minio, columns=COLUMNS)
        assert terminal.wait() == 0, terminal.text
        check_drawn(terminal)


def test_a_file_that_is_read_slowly_is_shown_with_its_bytes(
    tmp_path: Path, minio: Server, before: Proxy, channel: str
) -> None:
    large = make_package(tmp_path, "large", "1.0", payload=random.Random(2).randbytes(30 << 20)).read_bytes()
    slow_file = tmp_path / "slow" / "large-1.0-0.conda"
    slow_file.parent.mkdir()
    os.mkfifo(slow_file)
    terminal = Terminal("publish", slow_file, *at(before, channel), "--dry-run", server=minio, columns=COLUMNS)
    with slow_file.open("wb", buffering=0) as file:
        file.write(large[: 20 << 20])
        terminal.read_until(lambda: any("reading and hashing 0/1" in each and "MB" in each for each in terminal.frames))
    # A zip cannot be read from a pipe, so what follows is an error.
    assert terminal.wait() == 2
    check_drawn(terminal)


@pytest.mark.parametrize("no_colour", [False, True])
def test_what_fails_stands_out_unless_no_color_is_set(
    no_colour: bool, minio: Server, before: Proxy, channel: str, packages: list[Path]
) -> None:
    def rule(request: Request) -> Fault | None:
        failing = request.method == "PUT" and request.path.endswith("-3-1.0-0.conda")
        return Answer(403, "AccessDenied") if failing else slow("PUT", ".conda", 0.7)(request)

    before.rule = rule
    env = {"NO_COLOR": "1"} if no_colour else {}
    terminal = Terminal("publish", *packages, *at(before, channel), server=minio, columns=COLUMNS, env=env)
    assert terminal.wait() == 5
    assert "failed: noarch/a-package-with-a-rather-long-name-3-1.0-0.conda" in terminal.said
    assert any(" 1 failed " in frame for frame in terminal.frames), terminal.frames
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.text)) is not no_colour
    assert ("\x1b[31m\x1b[1mfailed:" in terminal.text) is not no_colour


def test_a_terminal_that_cannot_draw_gets_lines(
    minio: Server, before: Proxy, channel: str, packages: list[Path]
) -> None:
    terminal = Terminal("publish", *packages, *at(before, channel), server=minio, columns=COLUMNS, env={"TERM": "dumb"})
    assert terminal.wait() == 0
    assert "\x1b" not in terminal.text
    assert terminal.text.count("uploading noarch/a-package") == 20


def test_the_lines_of_a_log_never_run_together(
    minio: Server, before: Proxy, channel: str, packages: list[Path]
) -> None:
    done = chaninfra("publish", *packages, *at(before, channel), server=minio)
    assert done.returncode == 0
    uploads = [f"uploading noarch/{path.name}" for path in packages]
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert sorted(lines) == sorted([*uploads, "indexing noarch"])


def test_a_log_tells_how_far_a_slow_upload_is(minio: Server, before: Proxy, channel: str, packages: list[Path]) -> None:
    before.rule = slow("PUT", ".conda", 3)
    done = chaninfra("publish", *packages, *at(before, channel), server=minio)
    assert done.returncode == 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith("uploading noarch/")]
    assert len(lines) < 10, "a log must not be flooded"
    told = r"uploading: 0 of 20 packages, 0 B of .* kB, 0:0[12] so far"
    assert any(re.fullmatch(told, line) for line in lines), lines


def test_a_log_tells_that_the_channel_does_not_answer(minio: Server, before: Proxy, channel: str) -> None:
    before.rule = slow("GET", "/channel.json", 3)
    done = chaninfra("ls", *at(before, channel), server=minio)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
    assert (done.returncode, lines) == (0, ["looking for the channel: 0:02"])


def test_stderr_that_is_closed_is_no_error(minio: Server, before: Proxy, channel: str, packages: list[Path]) -> None:
    script = 'exec "$@" 2>&-'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", PROGRAM, "publish", str(packages[0]), *at(before, channel)],
        env={"PATH": "/usr/bin:/bin", "HOME": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", **minio.environment()},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "indexing" not in done.stdout
