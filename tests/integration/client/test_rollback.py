"""A rollback as a user does it, and as a conda client sees it, on a real store."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags
from support.channels.moved_on import NAMES, filled, hello, move_on
from support.channels.packages import make_package
from support.channels.terminal import Terminal
from support.servers.s3_servers import Server


@pytest.fixture
def on_minio(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    return filled(minio, bucket_name, tmp_path)


def now() -> str:
    """A second that no commit before or after it shares."""
    time.sleep(1.1)
    found = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    time.sleep(1.1)
    return found


def test_clients_solve_and_install_what_the_channel_said_then(on_minio: Place, tmp_path: Path) -> None:
    place, server = on_minio, on_minio.server
    before = conda_client.read(place.url, NAMES, tmp_path / "before", server)
    then = now()
    move_on(place, tmp_path)
    later = conda_client.read(place.url, NAMES, tmp_path / "later", server)
    assert later["json"] != before["json"]
    moment = now()
    said = place.done("rollback", "--to", then, "--yes")
    assert said.splitlines() == [
        "linux-64/tool-2.0-0.conda  yanked, since it was not there then",
        "noarch/hello-1.0-0.conda   back in the index",
        "noarch/hello-2.0-0.conda   yanked, since it was not there then",
        "noarch: 1 package (+1, -1)",
        "  new: hello-1.0-0.conda",
        "  yanked: hello-2.0-0.conda",
        "linux-64: 1 package (-1)",
        "  yanked: tool-2.0-0.conda",
    ]
    for each in ("after", "after-a-reindex"):
        found = conda_client.read(place.url, NAMES, tmp_path / each, server)
        assert found == before
        assert found["shards"] == found["zst"] == found["json"]
        place.done("reindex")
    for sharded in (True, False):
        folder = tmp_path / f"installed-{sharded}"
        conda_client.install(place.url, ["tool"], folder, server, sharded=sharded)
        assert hello(folder) == b"the first\n"
    place.done("doctor")
    # It is rolled back itself, by a time before it.
    place.done("rollback", "--to", moment, "--yes")
    assert conda_client.read(place.url, NAMES, tmp_path / "back", server) == later
    conda_client.install(place.url, ["tool"], tmp_path / "installed-back", server)
    assert hello(tmp_path / "installed-back") == b"the second\n"


@pytest.mark.long
def test_a_dry_run_prints_the_same_and_writes_nothing(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("snapshot create", "v1")
    move_on(on_minio, tmp_path)
    before = etags(on_minio.server, on_minio.bucket)
    dry: dict[str, Any] = json.loads(on_minio.done("rollback", "--to", "v1", "--dry-run", "--json"))
    text = on_minio.done("rollback", "--to", "v1", "--dry-run")
    assert etags(on_minio.server, on_minio.bucket) == before
    real = json.loads(on_minio.done("rollback", "--to", "v1", "--yes", "--json"))
    assert dry == {**real, "dry-run": True}
    assert real["back"] == ["noarch/hello-1.0-0.conda"]
    assert real["yanked"] == ["linux-64/tool-2.0-0.conda", "noarch/hello-2.0-0.conda"]
    assert real["to"]["snapshot"] == "v1"
    assert "noarch/hello-1.0-0.conda   would be back in the index" in text.splitlines()
    assert text.endswith("Nothing was written: this is what a run without --dry-run does.\n")
    before = etags(on_minio.server, on_minio.bucket)
    assert "says already what it said then: the snapshot v1, of " in on_minio.done("rollback", "--to", "v1", "--yes")
    assert etags(on_minio.server, on_minio.bucket) == before
    (yanked,) = [each for each in json.loads(on_minio.done("ls", "--json")) if each["file"] == "hello-2.0-0.conda"]
    assert yanked["yanked"] == f"rolled back to the snapshot v1, of {real['to']['at']}"


def test_what_was_deleted_is_named(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("snapshot create", "v1")
    move_on(on_minio, tmp_path)
    on_minio.server.client().delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/noarch/hello-1.0-0.conda")
    for _ in range(2):
        done = on_minio.run("rollback", "--to", "v1", "--yes")
        assert done.returncode == 3, done.stderr
        assert "noarch/hello-1.0-0.conda stays as it is: was deleted" in " ".join(done.stdout.split())
        assert "1 package skipped:\n  noarch/hello-1.0-0.conda: was deleted" in done.stderr
    # Published again, it comes back.
    on_minio.done("publish", make_package(tmp_path, "hello", "1.0", payload=b"the first\n"))
    assert "back in the index" in on_minio.done("rollback", "--to", "v1", "--yes")


@pytest.mark.long
def test_patches_are_those_of_then(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("patch add", "tool==1.0", "--license", "MIT", "--depends", "hello <2")
    before = conda_client.read(on_minio.url, NAMES, tmp_path / "before", on_minio.server)
    on_minio.done("snapshot create", "v1")
    on_minio.done("patch rm", "tool==1.0")
    on_minio.done("patch add", "hello==1.0", "--depends", "not-there")
    assert conda_client.read(on_minio.url, NAMES, tmp_path / "later", on_minio.server) != before
    said = on_minio.done("rollback", "--to", "v1", "--yes").splitlines()
    assert said[:2] == [
        "linux-64/tool-1.0-0.conda  listed with its record of then, by a patch",
        "noarch/hello-1.0-0.conda   listed with its record of then, without its patch",
    ]
    for number in range(3):
        found = conda_client.read(on_minio.url, NAMES, tmp_path / f"after-{number}", on_minio.server)
        assert found == before
        on_minio.done("reindex", *(["--force"] if number else []))
    conda_client.install(on_minio.url, ["tool"], tmp_path / "installed", on_minio.server)
    assert hello(tmp_path / "installed") == b"the first\n"
    (patch,) = json.loads(on_minio.done("patch ls", "--json"))
    assert (patch["package"], patch["changes"]) == (
        "linux-64/tool-1.0-0.conda",
        {"license": "MIT", "depends": ["hello <2"]},
    )


@pytest.mark.long
def test_it_asks_on_a_terminal(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("snapshot create", "v1")
    move_on(on_minio, tmp_path)
    before = etags(on_minio.server, on_minio.bucket)
    nobody = on_minio.run("rollback", "--to", "v1")
    assert nobody.returncode == 2
    assert "this command asks before it writes, and there is no terminal" in nobody.stderr
    assert f"`chaninfra rollback {on_minio.url} --to v1" in nobody.stderr
    assert "--yes`" in nobody.stderr
    question = "goes back to the snapshot v1, of "
    for answer, code in (("\r", 1), ("\x04", 130), ("\x03", 130), ("yes\r", 0)):
        assert etags(on_minio.server, on_minio.bucket) == before
        terminal = Terminal(
            *("rollback", on_minio.url, "--to", "v1", "--endpoint-url", on_minio.server.endpoint_url),
            server=on_minio.server,
            columns=200,
        )
        terminal.read_until(lambda terminal=terminal: "[y/N]" in terminal.plain)
        assert "hello-1.0-0.conda would be back in the index" in terminal.said
        assert question in terminal.said
        assert "1 package comes back, 2 packages are yanked. Do it? [y/N]" in terminal.said
        terminal.type(answer)
        assert terminal.wait() == code, terminal.plain
        if code:
            assert "nothing was changed" in terminal.said
    assert etags(on_minio.server, on_minio.bucket) != before


def test_what_cannot_be(on_minio: Place, tmp_path: Path) -> None:
    for to, message in (
        (
            "v1",
            "--to: 'v1' is neither a time nor a snapshot of the channel\n  give a time (2026-11-01T12:00Z",
        ),
        ("2020-01-01", "2020-01-01T00:00:00Z is before the oldest state of the channel that is kept, of 20"),
        ("2999-01-01", "2999-01-01T00:00:00Z is in the future"),
    ):
        done = on_minio.run("rollback", "--to", to, "--yes")
        assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    on_minio.done("snapshot create", "release-4")
    assert "did you mean 'release-4'?" in on_minio.run("rollback", "--to", "release4", "--yes").stderr


def test_a_publisher_rolls_nothing_back_and_is_told_why(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("snapshot create", "v1")
    move_on(on_minio, tmp_path)
    keys = allowed(
        on_minio.server,
        on_minio.bucket,
        *("s3:GetObject", "s3:ListBucket"),
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/linux-64/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    before = etags(on_minio.server, on_minio.bucket)
    done = on_minio.run("rollback", "--to", "v1", "--yes", **keys)
    assert done.returncode == 5, done.stderr
    assert "only maintainers may yank" in done.stderr
    assert etags(on_minio.server, on_minio.bucket) == before
