"""Copies by the command, between real stores: what the target says then, and what a client installs from it alone."""

from __future__ import annotations

import json
import re
import shlex
import threading
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.bundles import bundle, sidecar
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.cli_runner import chaninfra
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.channels.terminal import Terminal
from support.servers.s3_proxy import Proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Fault, Hold, Request

OPTIONAL = ("indexed_timestamp",)


@pytest.fixture
def source(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, which is patched and signed, hello 2.0, which is yanked, and tool, which needs one."""
    made = new_place(minio, bucket_name, "noarch", "linux-64")
    signed = make_package(tmp_path, "hello", "1.0")
    signed.with_name(f"{signed.name}.sigs").write_bytes(sidecar(bundle(signed.name, signed.read_bytes())))
    made.done(
        "publish",
        signed,
        make_package(tmp_path, "hello", "2.0"),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["hello"]),
    )
    made.done("patch add", "hello==1.0", "--license", "MIT", "--reason", "wrong")
    made.done("yank", "hello==2.0", "--reason", "broken")
    return made


@pytest.fixture(params=["minio", "versitygw"])
def to(request: pytest.FixtureRequest, bucket_name: str) -> Place:
    """An empty channel on the same server, and on another one."""
    return new_place(request.getfixturevalue(request.param), f"{bucket_name}-to", "noarch", "linux-64")


def copy(source: Place, to: Place, *args: str | Path, **key: str) -> CompletedProcess[str]:
    """`chaninfra copy`, with the key of each side; `key`: the variables of another one for the target."""
    keys = {
        "FROM_S3_ACCESS_KEY_ID": source.server.access_key_id,
        "FROM_S3_SECRET_ACCESS_KEY": source.server.secret_access_key,
    }
    where = ["--from", source.url, "--from-endpoint-url", source.server.endpoint_url]
    where += ["--to", to.url, "--endpoint-url", to.server.endpoint_url]
    return chaninfra("copy", *args, *where, server=to.server, env=keys | key)


def records(place: Place) -> dict[str, dict[str, Any]]:
    """`<subdir>/<file>` → record without times, after checking that all forms of the index agree."""
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, ["noarch", "linux-64"]).values()
    assert json_ == zst == shards
    return {path: {key: each[key] for key in each if key not in OPTIONAL} for path, each in json_.items()}


def objects(place: Place) -> dict[str, bytes]:
    listed = place.server.client().list_objects_v2(Bucket=place.bucket, Prefix=f"{PREFIX}/")["Contents"]
    keys = [each["Key"] for each in listed if ".conda" in each["Key"]]
    return {
        key.removeprefix(f"{PREFIX}/"): place.server.client().get_object(Bucket=place.bucket, Key=key)["Body"].read()
        for key in keys
    }


def test_a_copy_says_what_the_source_says_and_a_client_installs_from_it_alone(
    source: Place, to: Place, tmp_path: Path
) -> None:
    planned = copy(source, to, "--all", "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    assert {each["package"]: each["doing"] for each in json.loads(planned.stdout)["packages"]} == {
        "noarch/hello-1.0-0.conda": "new",
        "noarch/hello-2.0-0.conda": "new",
        "linux-64/tool-1.0-0.conda": "new",
    }
    assert records(to) == {}
    done = copy(source, to, "--all", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    way = "copied" if to.server == source.server else "streamed"
    assert {each["way"] for each in said["packages"]} == {way}
    assert {each["package"] for each in said["packages"] if each["yanked"]} == {"noarch/hello-2.0-0.conda"}
    assert {each["package"] for each in said["packages"] if each["patch"]} == {"noarch/hello-1.0-0.conda"}
    assert records(to) == records(source)
    assert records(to)["noarch/hello-1.0-0.conda"]["license"] == "MIT"
    assert objects(to) == objects(source)
    found = conda_client.install(to.url, ["tool"], tmp_path / "client", to.server)
    assert {path for path in found if path.startswith("conda-meta/hello")} == {"conda-meta/hello-1.0-0.json"}
    again = copy(source, to, "--all")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0] == "nothing to copy; 3 are there already"
    # Nothing undoes it.
    assert "as before" in to.done("reindex", "--force")
    assert records(to) == records(source)
    # What is deleted here comes back where somebody names the file.
    tool = "linux-64/tool-1.0-0.conda"
    to.done("delete", tool, "--reason", "leaks", "--yes")
    again = copy(source, to, "--all")
    assert again.returncode == 0, again.stderr
    assert f"deleted here for good (withdrawn.json): {tool}\n" in again.stderr
    assert tool not in records(to)
    named = copy(source, to, tool)
    assert named.returncode == 0, named.stderr
    assert records(to) == records(source)


def test_what_is_refused_says_what_to_type(source: Place, minio: Server, bucket_name: str, tmp_path: Path) -> None:
    to = new_place(minio, f"{bucket_name}-to", "noarch")
    nothing = copy(source, to)
    assert nothing.returncode == 2
    assert "--all" in nothing.stderr
    unknown = copy(source, to, "hell")
    assert unknown.returncode == 2
    assert f"did you mean 'hello'? Else leave out hell; `chaninfra ls {source.url}` lists" in unknown.stderr
    for words, said in (
        (("tool", "--subdir", "linux-64"), "linux-64 is asked for, and the channel has only noarch"),
        (("hello", "--virtual-package", "__glibc=2.28"), "--virtual-package: has no effect here"),
    ):
        refused = copy(source, to, *words)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
    itself = copy(source, source, "--all")
    assert (itself.returncode, "is the channel that is copied to" in itself.stderr) == (2, True), itself.stderr
    told = copy(source, to, "--all", "--exclude", "zzz", "--dry-run")
    assert told.returncode == 0, told.stderr
    assert "the subdir of these packages: linux-64 (1 name)" in told.stderr
    assert "--exclude names no package that would be copied: zzz" in told.stderr
    to.done("publish", make_package(tmp_path / "other", "hello", "1.0", payload=b"other\n"))
    before = objects(to)
    other = copy(source, to, "hello")
    assert other.returncode == 4
    assert "other bytes under the same name: noarch/hello-1.0-0.conda" in other.stderr
    assert objects(to) == before
    source.server.client().delete_object(Bucket=source.bucket, Key=f"{PREFIX}/noarch/hello-2.0-0.conda")
    gone = copy(source, to, "hello", "--exclude", "hello==1.0")
    assert gone.returncode == 3
    assert "noarch/hello-2.0-0.conda" in gone.stderr


def test_a_key_that_may_only_read_is_told_so_by_the_first_package(
    source: Place, minio: Server, bucket_name: str
) -> None:
    to = new_place(minio, f"{bucket_name}-to", "noarch", "linux-64")
    source.done("patch rm", "hello==1.0")
    denied = copy(source, to, "hello==1.0", "tool", **allowed(minio, to.bucket, "s3:GetObject", "s3:ListBucket"))
    assert denied.returncode == 5, denied.stderr
    assert denied.stderr.count("failed:") == 1
    assert "so the copy ended early; 1 not copied" in denied.stderr


def test_a_copy_that_is_stopped_says_how_far_it_is_and_goes_on(
    minio: Server, before: Proxy, bucket_name: str, tmp_path: Path
) -> None:
    source = new_place(minio, bucket_name, "noarch")
    to = new_place(minio, f"{bucket_name}-to", "noarch")
    source.done("publish", *(make_package(tmp_path, f"p{number}", "1.0") for number in range(8)))
    keys = {
        "FROM_S3_ACCESS_KEY_ID": minio.access_key_id,
        "FROM_S3_SECRET_ACCESS_KEY": minio.secret_access_key,
    }
    where = ["--from", source.url, "--from-endpoint-url", minio.endpoint_url, "--at-once", "1"]
    where += ["--to", to.url, "--endpoint-url", before.server.endpoint_url]
    held = threading.Event()
    left = iter(range(4))

    def hold(request: Request) -> Fault | None:
        if request.method != "PUT" or not request.path.endswith(".conda") or next(left, None) is not None:
            return None
        return Hold("before", held.set)

    before.rule = hold
    terminal = Terminal("copy", "--all", *where, server=minio, columns=200, env=keys)
    terminal.read_until(lambda: held.is_set() and "copying 4/8" in terminal.plain)
    terminal.press_ctrl_c()
    assert terminal.wait() == 130
    assert "error: stopped: 4 of 8 packages copied, and 0 of them in the index" in terminal.said
    before.rule = None
    printed = re.search(r"`chaninfra ([^`]+)`", terminal.said)
    assert printed, terminal.text
    done = chaninfra(*shlex.split(printed[1]), server=minio, env=keys)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith("copied: 4 through this machine, 4 lay there")
    assert objects(to) == objects(source)
