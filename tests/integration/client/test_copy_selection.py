"""What the command copies by a lock, and with dependencies: a client installs it from the target alone."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from support.channels import conda_client
from support.channels.channel_at import Place, new_place
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.copies.lock_client import install_locked, write_lock
from support.servers.s3_servers import Server


@pytest.fixture
def source(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with tool, which needs lib, which needs one of two versions of base."""
    made = new_place(minio, bucket_name, "noarch", "linux-64")
    made.done(
        "publish",
        make_package(tmp_path, "base", "1.0"),
        make_package(tmp_path, "lib", "1.0", depends=["base <2"]),
        make_package(tmp_path, "tool", "1.0", subdir="linux-64", depends=["lib"]),
        make_package(tmp_path, "gpu-tool", "1.0", subdir="linux-64", depends=["lib", "__cuda >=12"]),
        make_package(tmp_path, "unrelated", "1.0"),
    )
    return made


@pytest.fixture
def to(versitygw: Server, bucket_name: str) -> Place:
    """An empty channel on another server."""
    return new_place(versitygw, f"{bucket_name}-to", "noarch", "linux-64")


def copy(source: Place, to: Place, *args: str | Path) -> CompletedProcess[str]:
    """`chaninfra copy`, with the key of each side."""
    keys = {
        "FROM_S3_ACCESS_KEY_ID": source.server.access_key_id,
        "FROM_S3_SECRET_ACCESS_KEY": source.server.secret_access_key,
    }
    where = ["--from", source.url, "--from-endpoint-url", source.server.endpoint_url]
    where += ["--to", to.url, "--endpoint-url", to.server.endpoint_url]
    return chaninfra("copy", *args, *where, server=to.server, env=keys)


def copied(done: CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    return sorted(each["package"] for each in json.loads(done.stdout)["packages"])


def test_what_a_lock_names_is_copied_and_installs_from_the_target_alone(
    source: Place, to: Place, tmp_path: Path
) -> None:
    lock = tmp_path / "pixi.lock"
    write_lock(source.url, ["tool"], lock, tmp_path / "locking", source.server)
    # The source has newer ones by now, and has yanked one that the lock needs.
    source.done("publish", make_package(tmp_path, "lib", "1.1"), make_package(tmp_path, "base", "1.5"))
    source.done("yank", "base==1.0", "--reason", "broken")
    names = ["linux-64/tool-1.0-0.conda", "noarch/base-1.0-0.conda", "noarch/lib-1.0-0.conda"]
    # Noarch belongs to the lock, whatever the subdirs are.
    assert copied(copy(source, to, "--lock", lock, "--subdir", "linux-64", "--json")) == names
    # Offline: nothing of the source is left.
    client = source.server.client()
    for each in client.list_objects_v2(Bucket=source.bucket)["Contents"]:
        client.delete_object(Bucket=source.bucket, Key=each["Key"])
    installed = install_locked(lock, source.url, to.url, tmp_path / "client", to.server)
    assert installed == ["base-1.0-0.json", "lib-1.0-0.json", "tool-1.0-0.json"]


def test_a_lock_that_the_source_cannot_fulfil_is_told(source: Place, to: Place, tmp_path: Path) -> None:
    lock = tmp_path / "pixi.lock"
    write_lock(source.url, ["tool"], lock, tmp_path / "locking", source.server)
    other = make_package(tmp_path / "again", "lib", "1.0", payload=b"other\n")
    source.done("publish", other, "--force")
    source.done("delete", "noarch/base-1.0-0.conda", "--reason", "secret", "--yes")
    done = copy(source, to, "--lock", lock)
    assert done.returncode == 3, done.stderr
    assert f"noarch/lib-1.0-0.conda: {lock} needs it: the source has other bytes under this name" in done.stderr
    assert f"noarch/base-1.0-0.conda: {lock} needs it: the source does not have it" in done.stderr
    assert "1 package" in done.stdout


def test_what_a_package_needs_is_copied_with_it_and_installs_from_the_target_alone(
    source: Place, to: Place, tmp_path: Path
) -> None:
    source.done("publish", make_package(tmp_path, "base", "2.0"))
    done = copy(source, to, "tool", "gpu-tool", "--with-dependencies", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    names = ["linux-64/tool-1.0-0.conda", "noarch/base-1.0-0.conda", "noarch/lib-1.0-0.conda"]
    assert sorted(each["package"] for each in said["packages"]) == names
    assert "__cuda >=12" in said["selection"]["unmet"]["gpu-tool"]
    assert "--virtual-package __cuda=VERSION" in done.stderr
    found = conda_client.install(to.url, ["tool"], tmp_path / "client", to.server)
    assert {"conda-meta/base-1.0-0.json", "conda-meta/lib-1.0-0.json"} <= {*found}
    more = copy(source, to, "gpu-tool", "--with-dependencies", "--virtual-package", "__cuda=12.4", "--json")
    assert copied(more) == ["linux-64/gpu-tool-1.0-0.conda"]
