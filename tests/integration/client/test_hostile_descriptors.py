"""A descriptor that names a foreign endpoint: no command sends it credentials, by whatever document it came."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from chaninfra.channel.outputs.descriptor import Descriptor, dump
from support.channels.channels import descriptor
from support.channels.cli_runner import PROGRAM, chaninfra
from support.channels.packages import make_package
from support.servers.recorder import Recorder, recording
from support.servers.s3_servers import Server

KEYS = {
    "AWS_ACCESS_KEY_ID": "the-key-id",
    "AWS_SECRET_ACCESS_KEY": "the-secret",
    "AWS_SESSION_TOKEN": "the-session-token",
}
COMMANDS = {
    "publish": ["publish", "PACKAGE", "-c", "CHANNEL"],
    "yank": ["yank", "hello", "-c", "CHANNEL"],
    "unyank": ["unyank", "hello", "-c", "CHANNEL"],
    "delete": ["delete", "hello", "--reason", "leaked", "--yes", "-c", "CHANNEL"],
    "reindex": ["reindex", "CHANNEL"],
    "reindex-check": ["reindex", "CHANNEL", "--check"],
    "gc": ["gc", "CHANNEL"],
    "gc-dry": ["gc", "CHANNEL", "--dry-run"],
    "ls": ["ls", "CHANNEL"],
    "doctor": ["doctor", "CHANNEL"],
    "probe": ["doctor", "CHANNEL", "--probe"],
    "login": ["manifest", "CHANNEL", "--format", "login", "--auth", "pixi"],
    "auth-file": ["manifest", "CHANNEL", "--format", "auth-file", "--auth", "pixi", "--into", "auth.json"],
    "env": ["manifest", "CHANNEL", "--format", "env", "--auth", "aws"],
    "aws-config": ["manifest", "CHANNEL", "--format", "aws-config", "--auth", "aws"],
    "condarc": ["manifest", "CHANNEL", "--format", "condarc", "--auth", "aws"],
}


@pytest.fixture(scope="module")
def foreign() -> Iterator[Recorder]:
    """The host that the document names."""
    with recording() as recorder:
        yield recorder


@pytest.fixture
def hostile(foreign: Recorder) -> Descriptor:
    foreign.requests.clear()
    foreign.files.clear()
    return descriptor("one", endpoint_url=foreign.url)


def run(command: str, channel: str, folder: Path, *flags: str, **env: str) -> CompletedProcess[str]:
    given = {"CHANNEL": channel, "PACKAGE": str(make_package(folder, "hello", "1.0"))}
    words = [given.get(word, word) for word in COMMANDS[command]]
    return chaninfra(*words, *flags, env={**KEYS, **env}, cwd=folder)


def check_refused(done: CompletedProcess[str], foreign: Recorder) -> None:
    assert done.returncode == 2, done
    assert foreign.url in done.stderr, done
    assert f"--endpoint-url {foreign.url}" in done.stderr, done
    assert not [request for request in foreign.requests if request.has_credentials or request.size]


@pytest.mark.parametrize("command", [*COMMANDS, "init"])
def test_no_command_sends_credentials_where_a_file_says(
    command: str, hostile: Descriptor, foreign: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "init", ["init", "CHANNEL"])
    file = tmp_path / "channel.json"
    file.write_bytes(dump(hostile))
    check_refused(run(command, str(file), tmp_path), foreign)
    assert not (tmp_path / "auth.json").exists()


@pytest.mark.parametrize("changed", [{}, {"visibility": "public", "auth": "public"}], ids=["private", "public"])
def test_nor_where_a_url_or_stdin_says(
    changed: dict[str, Any], hostile: Descriptor, foreign: Recorder, tmp_path: Path
) -> None:
    document = dump(descriptor("one", endpoint_url=foreign.url, public_url=f"{foreign.url}/my-bucket/one", **changed))
    with recording() as web:
        web.files["/channel.json"] = document
        check_refused(run("publish", f"{web.url}/channel.json", tmp_path), foreign)
    package = str(make_package(tmp_path, "hello", "1.0"))
    env = {"PATH": os.environ["PATH"], "HOME": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", **KEYS}
    done = subprocess.run(
        [PROGRAM, "publish", package, "-c", "-"],
        env=env,
        input=document.decode(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check_refused(done, foreign)


def test_a_public_channel_is_read_without_credentials_and_without_a_flag(
    foreign: Recorder, hostile: Descriptor, tmp_path: Path
) -> None:
    file = tmp_path / "channel.json"
    file.write_bytes(
        dump(descriptor("one", endpoint_url=foreign.url, visibility="public", auth="aws", subdirs=("noarch",)))
    )
    foreign.files["/my-bucket/one/noarch/repodata.json"] = json.dumps({"packages": {}, "packages.conda": {}}).encode()
    done = run("ls", str(file), tmp_path)
    assert done.returncode == 0, done
    assert "0 packages" in done.stdout
    # The doctor runs pixi's own client too, and the document says that this one uses the keys of the AWS tools.
    done = run("doctor", str(file), tmp_path, "--check", "reading")
    assert "Traceback" not in done.stderr, done
    run("doctor", str(file), tmp_path)
    assert foreign.requests
    assert not [request for request in foreign.requests if request.has_credentials]


def test_a_channel_json_in_the_bucket_that_names_another_endpoint(
    foreign: Recorder, hostile: Descriptor, minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    client = minio.client()
    client.create_bucket(Bucket=bucket_name)
    stored = dump(descriptor("one", bucket=bucket_name, url=f"s3://{bucket_name}/one", endpoint_url=foreign.url))
    client.put_object(Bucket=bucket_name, Key="one/channel.json", Body=stored)
    for variable in ("S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"):
        env = {**minio.environment(), "AWS_SESSION_TOKEN": "", variable: minio.endpoint_url}
        for command in ("publish", "ls", "doctor"):
            done = run(command, f"s3://{bucket_name}/one", tmp_path, **env)
            assert done.returncode in (1, 2), done
            told = done.stdout + done.stderr
            assert foreign.url in told, done
            assert minio.endpoint_url in told, done
            assert variable in told, done
    assert not foreign.requests
    # The flag says which of the two is meant.
    env = {**minio.environment(), "AWS_SESSION_TOKEN": "", "S3_ENDPOINT_URL": minio.endpoint_url}
    done = run("publish", f"s3://{bucket_name}/one", tmp_path, "--endpoint-url", minio.endpoint_url, **env)
    assert done.returncode == 0, done
    assert not foreign.requests


@pytest.mark.parametrize(
    "by", ["--endpoint-url", "S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "profile"]
)
def test_what_the_user_says_too_is_used(by: str, minio: Server, bucket_name: str, tmp_path: Path) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    file = tmp_path / "channel.json"
    file.write_bytes(
        dump(descriptor("one", bucket=bucket_name, url=f"s3://{bucket_name}/one", endpoint_url=minio.endpoint_url))
    )
    flags = ["--endpoint-url", minio.endpoint_url] if by == "--endpoint-url" else []
    env = {by: minio.endpoint_url} if by.isupper() else {}
    if by == "profile":
        config = tmp_path / "aws-config"
        config.write_text(
            "[profile store]\nregion = us-east-1\nservices = store\n"
            f"[services store]\ns3 =\n    endpoint_url = {minio.endpoint_url}\n"
        )
        keys = tmp_path / "aws-keys"
        keys.write_text(
            f"[store]\naws_access_key_id = {minio.access_key_id}\naws_secret_access_key = {minio.secret_access_key}\n"
        )
        env = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_PROFILE": "store"}
    env = {**minio.environment(), "AWS_SESSION_TOKEN": "", **env}
    done = run("publish", str(file), tmp_path, *flags, **env)
    assert done.returncode == 0, done
    if by == "profile":
        # Where no channel names an endpoint, the profile's counts, as for the AWS tools.
        done = run("ls", f"s3://{bucket_name}/one", tmp_path, **env)
        assert "hello" in done.stdout, done
        told = run("ls", str(file), tmp_path, **{**env, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
        assert (told.returncode, "AWS_ENDPOINT_URL" in told.stderr) == (2, True), told
