"""`--dry-run` of publish, yank and unyank: it says what a real run then does, and writes nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_proxy import Proxy, proxy
from support.servers.s3_servers import Server


@pytest.fixture
def before(server: Server) -> Iterator[Proxy]:
    with proxy(server) as running:
        yield running


@pytest.fixture
def place(before: Proxy, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0 and 2.0, and tool 1.0."""
    before.server.client().create_bucket(Bucket=bucket_name)
    made = Place(before.server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(made.server, made.url, "linux-64", provider="minio")
    made.done(
        "publish",
        make_package(tmp_path, "hello", "1.0"),
        make_package(tmp_path, "hello", "2.0"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64"),
    )
    return made


def tried(place: Place, before: Proxy, command: str, *args: str | Path) -> CompletedProcess[str]:
    """A dry run, which must write nothing; then the real one, which must end with the same code. The dry one."""
    there = etags(place.server, place.bucket)
    before.take()
    dry = place.run(command, *args, "--dry-run")
    writes = [each for each in before.take().log if each.method not in ("GET", "HEAD")]
    assert not writes, writes
    assert etags(place.server, place.bucket) == there
    real = place.run(command, *args)
    assert dry.returncode == real.returncode, (dry.stderr, real.stderr)
    return dry


def in_json(place: Place, command: str, *args: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(place.done(command, *args, "--json"))
    return found


def test_a_publish_is_tried_before_it_is_done(place: Place, before: Proxy, tmp_path: Path) -> None:
    large = make_package(tmp_path, "large", "1.0", payload=random.Random(3).randbytes(20 << 20))
    new = make_package(tmp_path, "new", "1.0", subdir="linux-64")
    known = make_package(tmp_path, "hello", "1.0")
    dry = tried(place, before, "publish", large, new, known)
    assert dry.stdout.splitlines() == [
        "noarch/large-1.0-0.conda: would be uploaded",
        "noarch/hello-1.0-0.conda: already there",
        "linux-64/new-1.0-0.conda: would be uploaded",
        "noarch: 3 packages (+1)",
        "linux-64: 2 packages (+1)",
        "Nothing was written: this is what a run without --dry-run does.",
    ]


def test_the_json_is_that_of_the_real_run(place: Place, tmp_path: Path) -> None:
    new = make_package(tmp_path, "new", "1.0")
    place.done("yank", "tool")
    tool = make_package(tmp_path, "tool", "1.0", subdir="linux-64")
    for command, *args in (("publish", new, tool), ("yank", "hello >=2"), ("unyank", "tool")):
        dry = in_json(place, command, *args, "--dry-run")
        real = in_json(place, command, *args)
        assert (dry.pop("dry-run"), real.pop("dry-run")) == (True, False)
        assert dry == real


def test_what_is_refused_is_refused_by_a_dry_run_too(place: Place, before: Proxy, tmp_path: Path) -> None:
    other = make_package(tmp_path / "other", "hello", "1.0", payload=b"other bytes")
    windows = make_package(tmp_path, "hello", "1.0", subdir="win-64")
    assert tried(place, before, "publish", other).returncode == 4
    assert tried(place, before, "publish", windows).returncode == 2
    assert tried(place, before, "publish", tmp_path / "none-1-0.conda").returncode == 2
    assert tried(place, before, "yank", "there-is-no-such-package").returncode == 1
    forced = tried(place, before, "publish", "--force", other)
    assert "dry run: publishing noarch/hello-1.0-0.conda\n" in forced.stderr
    assert (forced.returncode, forced.stdout.splitlines()[0]) == (0, "noarch/hello-1.0-0.conda: would be replaced")


def test_a_yank_and_an_unyank_are_tried_before_they_are_done(place: Place, before: Proxy) -> None:
    dry = tried(place, before, "yank", "hello >=2", "tool", "--reason", "broken")
    assert dry.stdout.splitlines() == [
        "linux-64/tool-1.0-0.conda: would be yanked",
        "noarch/hello-2.0-0.conda: would be yanked",
        "noarch: 1 package (-1)",
        "  yanked: hello-2.0-0.conda",
        "linux-64: 0 packages (-1)",
        "  yanked: tool-1.0-0.conda",
        "Nothing was written: this is what a run without --dry-run does.",
    ]
    assert "noarch/hello-2.0-0.conda: already yanked" in tried(place, before, "yank", "hello").stdout
    dry = tried(place, before, "unyank", "tool")
    assert dry.stdout.splitlines()[0] == "linux-64/tool-1.0-0.conda: would be back in the index"


def test_an_index_of_another_tool_is_not_taken_over_by_a_dry_run(place: Place, before: Proxy, tmp_path: Path) -> None:
    conda_client.index(place.server, place.bucket, PREFIX)
    dry = tried(place, before, "publish", make_package(tmp_path, "new", "1.0"))
    assert dry.returncode == 0
    assert "noarch: 3 packages (+1)" in dry.stdout
    assert len(place.repodata("noarch")["packages.conda"]) == 3
