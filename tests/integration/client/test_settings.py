"""py-rattler installs from a channel on a real server with the settings that `manifest` prints, for each --auth."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server


@pytest.fixture
def place(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with the package `hello`."""
    minio.client().create_bucket(Bucket=bucket_name)
    found = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(minio, found.url, "linux-64")
    found.done("publish", make_package(tmp_path, "hello", "1.0"))
    return found


def workspace(place: Place, *args: str) -> dict[str, Any]:
    """The workspace of the pixi.toml that is printed."""
    found: dict[str, Any] = tomllib.loads(place.done("manifest", *args))["workspace"]
    return found


def test_install_with_pixis_credential_store(place: Place, tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    place.done("manifest", "--format", "auth-file", "--into", auth)
    assert auth.stat().st_mode & 0o777 == 0o600
    environment = {"RATTLER_AUTH_FILE": str(auth)}
    found = workspace(place, "--auth", "pixi")
    installed = conda_client.install_by(found, ["hello"], tmp_path / "client", environment)
    assert "share/hello.txt" in installed


def other_key(bucket: str) -> str:
    """The content of a store of pixi's in which an older `pixi auth login s3://BUCKET` left a key that is none."""
    entry = {"access_key_id": "OLDEXAMPLE", "secret_access_key": "an-old-secret", "session_token": None}
    return json.dumps({bucket: {"S3Credentials": entry}})


def test_the_auth_file_comes_before_an_older_login(place: Place, tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    place.done("manifest", "--format", "auth-file", "--into", auth)
    (tmp_path / ".rattler").mkdir()
    (tmp_path / ".rattler/credentials.json").write_text(other_key(place.bucket))
    environment = {"HOME": str(tmp_path), "RATTLER_AUTH_FILE": str(auth)}
    found = workspace(place, "--auth", "pixi")
    assert "share/hello.txt" in conda_client.install_by(found, ["hello"], tmp_path / "client", environment)


def test_the_auth_file_works_for_a_bucket_with_a_dot(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    bucket = f"{bucket_name}.example"
    minio.client().create_bucket(Bucket=bucket)
    place = Place(minio, bucket, f"s3://{bucket}/{PREFIX}")
    create_channel(minio, place.url, "linux-64")
    place.done("publish", make_package(tmp_path, "hello", "1.0"))
    # `pixi auth login` keeps the key of a bucket with one dot under a name that is never looked up.
    done = place.run("manifest", "--auth", "pixi", "--format", "login")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--format auth-file --into FILE" in done.stderr
    auth = tmp_path / "auth.json"
    place.done("manifest", "--format", "auth-file", "--into", auth)
    found = workspace(place, "--auth", "pixi")
    environment = {"RATTLER_AUTH_FILE": str(auth)}
    assert "share/hello.txt" in conda_client.install_by(found, ["hello"], tmp_path / "client", environment)


def test_install_with_the_credentials_of_the_aws_tools(place: Place, tmp_path: Path) -> None:
    found = workspace(place, "--auth", "aws")
    installed = conda_client.install_by(found, ["hello"], tmp_path / "client", place.server.environment())
    assert "share/hello.txt" in installed


def test_install_without_credentials_fails(place: Place, tmp_path: Path) -> None:
    nothing = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"}
    with pytest.raises(AssertionError):
        conda_client.install_by(workspace(place), ["hello"], tmp_path / "client", nothing)


def test_an_auth_file_keeps_other_entries_and_its_secrets_are_not_printed(place: Place, tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    auth.write_text('{"*.prefix.dev": {"BearerToken": "a-token"}}')
    auth.chmod(0o644)
    done = place.run("manifest", "--format", "auth-file", "--into", auth)
    assert done.returncode == 0, done.stderr
    assert f"note: To use it: export RATTLER_AUTH_FILE={auth}\n" in done.stderr
    assert auth.stat().st_mode & 0o777 == 0o600
    found = json.loads(auth.read_text())
    assert found["*.prefix.dev"] == {"BearerToken": "a-token"}
    keys = found[place.bucket]["S3Credentials"]
    assert keys["access_key_id"] == place.server.access_key_id
    for secret in (place.server.secret_access_key, "a-token"):
        assert secret not in done.stdout + done.stderr
    assert place.run("manifest", "--format", "auth-file", "--into", auth, "--check").returncode == 0
    auth.chmod(0o640)
    assert place.run("manifest", "--format", "auth-file", "--into", auth, "--check").returncode == 1


def test_our_own_commands_find_the_channel_by_the_env_format(place: Place) -> None:
    printed = place.done("manifest", "--format", "env", "--auth", "pixi")
    lines = [line.removeprefix("export ") for line in printed.splitlines() if line.startswith("export ")]
    variables = {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}
    done = chaninfra("ls", server=place.server, env=variables)
    assert done.returncode == 0, done.stderr
    assert "hello" in done.stdout
