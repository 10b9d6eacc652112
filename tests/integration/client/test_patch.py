"""Patches as a user makes them, and as a conda client solves with them, on real stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server


@pytest.fixture
def place(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, hello 2.0, and tool 1.0, which depends on hello."""
    made = new_place(minio, bucket_name, "noarch", "linux-64")
    made.done(
        "publish",
        make_package(tmp_path, "hello", "1.0"),
        make_package(tmp_path, "hello", "2.0"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["hello"]),
    )
    return made


def installed(place: Place, folder: Path, *, sharded: bool = True) -> list[str]:
    """The packages that a solve of tool installs."""
    found = conda_client.install(place.url, ["tool"], folder, place.server, sharded=sharded)
    return sorted(path.removeprefix("conda-meta/") for path in found if path.startswith("conda-meta/hello"))


def depends(place: Place, folder: Path) -> list[list[str]]:
    """The dependencies of tool, as each form of the index says."""
    found = conda_client.read(place.url, ["tool"], folder, place.server)
    return [record[-1] for records in found.values() for record in records]


def listed(place: Place) -> dict[str, str]:
    """Package → whether its patch applies."""
    return {each["package"]: each["applies"] for each in json.loads(place.done("patch ls", "--json"))}


def test_a_solve_changes_by_a_patch_and_no_indexer_undoes_it(place: Place, tmp_path: Path) -> None:
    before: dict[str, Any] = place.repodata("linux-64")
    assert installed(place, tmp_path / "before") == ["hello-2.0-0.json"]
    said = place.done("patch add", "tool", "--depends", "hello <2", "--reason", "2.0 is broken")
    assert said.splitlines()[:2] == [
        "linux-64/tool-1.0-0.conda: patched",
        '  depends: ["hello"] \u2192 ["hello <2"]',
    ]
    for sharded in (True, False):
        assert installed(place, tmp_path / f"patched-{sharded}", sharded=sharded) == ["hello-1.0-0.json"]
    # rattler's indexer makes its own records of all packages, then ours comes.
    for key in ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"):
        place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/linux-64/{key}")
    conda_client.index(place.server, place.bucket, PREFIX)
    assert depends(place, tmp_path / "other") == [["hello"]] * 3
    assert listed(place) == {"linux-64/tool-1.0-0.conda": "missing"}
    place.done("reindex")
    assert depends(place, tmp_path / "reindexed") == [["hello <2"]] * 3
    place.done("reindex", "--force")
    assert depends(place, tmp_path / "forced") == [["hello <2"]] * 3
    assert listed(place) == {"linux-64/tool-1.0-0.conda": "applied"}
    place.done("patch rm", "tool")
    assert depends(place, tmp_path / "unpatched") == [["hello"]] * 3
    assert place.repodata("linux-64")["packages.conda"] == before["packages.conda"]
    assert listed(place) == {}


@pytest.mark.long
def test_a_revoked_package_is_not_chosen(place: Place, tmp_path: Path) -> None:
    place.done("patch add", "hello >=2", "--revoke")
    assert installed(place, tmp_path / "revoked") == ["hello-1.0-0.json"]


@pytest.mark.long
def test_what_is_exported_patches_another_channel(
    place: Place, minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    place.done("patch add", "hello", "--constrains", "tool >=1", "--license", "MIT")
    place.done("yank", "hello==1.0")
    file = tmp_path / "patch_instructions.json"
    file.write_text(place.done("patch export", "--subdir", "noarch"))
    other = new_place(minio, f"{bucket_name}-2", "noarch")
    other.done("publish", *sorted(tmp_path.rglob("hello-*.conda")))
    said = other.done("patch import", str(file), "--subdir", "noarch")
    assert "noarch/hello-1.0-0.conda: yanked" in said
    without = {"indexed_timestamp"}
    one, same = (
        {
            name: {key: value for key, value in record.items() if key not in without}
            for name, record in each.repodata("noarch")["packages.conda"].items()
        }
        for each in (place, other)
    )
    assert one == same
    assert one["hello-2.0-0.conda"]["license"] == "MIT"


def test_wrong_input_says_what_is_wrong_and_changes_nothing(place: Place, tmp_path: Path) -> None:
    before = place.repodata("noarch")
    file = tmp_path / "f.json"
    file.write_text('{"patch_instructions_version": 2}')
    for command, args, code, text in (
        ("patch add", ["hello"], 2, "give --depends, --constrains, --license or --revoke"),
        ("patch add", ["hello", "--license", " "], 2, "--license: is empty"),
        ("patch add", ["hello", "--depends", "a", "--depends", ""], 2, "--depends: is empty"),
        ("patch add", ["hello", "--depends", "python >=<3"], 2, "which is not a match spec"),
        ("patch add", ["helo", "--revoke"], 1, "did you mean 'hello'?"),
        ("patch add", ["osx-64/x-1-0.conda", "--revoke"], 2, "the channel has no subdir osx-64"),
        ("patch rm", ["hello"], 1, "there is no patch of hello"),
        ("patch import", [str(file), "--subdir", "noarch"], 2, "has the `patch_instructions_version` 2"),
        ("patch import", ["https://example.com/f.json", "--subdir", "noarch"], 2, "download it first"),
        ("patch export", ["--subdir", "win-64"], 2, "give one of noarch, linux-64"),
    ):
        done = place.run(command, *args)
        assert (done.returncode, text in done.stderr) == (code, True), (command, args, done)
    assert place.repodata("noarch") == before
