"""What a command says of packages that it found when it indexed again what another tool had written."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.packages import make_package
from support.channels.retention import declare
from support.servers.s3_servers import Server

BAD = "bad-1-0.conda"


@pytest.fixture
def place(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0 and 2.0, of which a rule takes the first, and tool; and a file that is no package."""
    made = new_place(minio, bucket_name)
    packages = (make_package(tmp_path, *each) for each in (("hello", "1.0"), ("hello", "2.0"), ("tool", "1.0")))
    made.done("publish", *packages)
    declare(made, newest={"match": "hello", "keep-newest": 1})
    made.server.client().put_object(Bucket=made.bucket, Key=f"{PREFIX}/noarch/{BAD}", Body=b"none")
    return made


def after_another_tool(place: Place, command: str, *args: str | Path) -> CompletedProcess[str]:
    """The command, after a stand-in for another tool has written repodata.json, and no other index file."""
    client, folder = place.server.client(), f"{PREFIX}/noarch"
    document = place.repodata("noarch")
    for name in ("repodata.json.zst", "repodata_shards.msgpack.zst"):
        client.delete_object(Bucket=place.bucket, Key=f"{folder}/{name}")
    client.put_object(Bucket=place.bucket, Key=f"{folder}/repodata.json", Body=json.dumps(document).encode())
    return place.run(command, *args)


def test_packages_that_were_left_out_are_named_and_the_exit_code_is_3(place: Place, tmp_path: Path) -> None:
    instructions = tmp_path / "patch_instructions.json"
    instructions.write_text(
        '{"packages.conda": {"tool-1.0-0.conda": {"license": "BSD-3-Clause"}}, "remove": ["hello-2.0-0.conda"]}'
    )
    for command, *args in (
        ("patch add", "tool", "--license", "MIT"),
        ("patch import", instructions, "--subdir", "noarch"),
        ("unyank", "hello"),
        ("prune", "--yes"),
        ("delete", "tool", "--reason", "leaked", "--yes"),
    ):
        done = after_another_tool(place, str(command), *args)
        assert done.returncode == 3, (command, done.stdout, done.stderr)
        assert f"1 package skipped:\n  noarch/{BAD}: " in done.stderr, command
        assert f"publish -c {place.url}" in done.stderr, command
        # What was asked for is done, and the next run finds nothing of another tool.
        assert place.run("reindex", "--check").returncode == 3, command
    assert {each["file"] for each in json.loads(place.done("ls", "--json"))} == {
        "hello-1.0-0.conda",
        "hello-2.0-0.conda",
    }
