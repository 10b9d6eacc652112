"""Endpoints and credentials as people mistype them: what the command says, and that what it says works."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.channels.channel_at import Place, new_place
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.pulumi.fake_engine import wait_for
from support.servers import s3_servers
from support.servers.fault_server import answers_signed, faulty
from support.servers.s3_servers import Server


@pytest.fixture(scope="module", params=["minio", "versitygw"])
def place(request: pytest.FixtureRequest) -> Place:
    """A channel on each of the two servers, which no test changes."""
    return new_place(request.getfixturevalue(request.param), f"test-{secrets.token_hex(6)}")


@pytest.mark.parametrize("command", ["ls", "doctor", "publish"])
@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ("https://{host}", 1, "it speaks http, not https"),
        ("{host}", 2, "it has no scheme"),
        ("http://{host}/{bucket}", 2, "it has a path"),
    ],
)
def test_a_wrong_endpoint_is_corrected(
    place: Place, tmp_path: Path, command: str, wrong: str, code: int, says: str
) -> None:
    right = place.server.endpoint_url
    given = wrong.format(host=right.removeprefix("http://"), bucket=place.bucket)
    where = ("-c", place.url, make_package(tmp_path, "a", "1.0")) if command == "publish" else (place.url,)
    done = chaninfra(command, *where, "--endpoint-url", given, server=place.server)
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert says in output
    assert re.search(rf"(use|write|--endpoint-url) {re.escape(right)}", output), output


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A MinIO with its console, and the URL of that."""
    port = s3_servers.free_port()
    with s3_servers.minio(tmp_path_factory.mktemp("console"), console=port) as server:
        wait_for(lambda: answers(port))
        yield server, f"http://127.0.0.1:{port}"


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    ("command", "signed"),
    [("ls", True), ("ls", False), ("init", True), ("manifest", True), ("manifest", False), ("doctor", True)],
)
def test_the_port_of_a_console_is_told_from_that_of_the_api(
    command: str, signed: bool, console: tuple[Server, str]
) -> None:
    server, url = console
    done = chaninfra(command, "s3://my-bucket/c", "--endpoint-url", url, server=server if signed else None)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "this is not the S3 API" in output
    assert "--endpoint-url http://127.0.0.1:9000" in output
    assert "[workspace]" not in output


def test_the_endpoint_of_a_stack_config_is_corrected_too(tmp_path: Path) -> None:
    config = tmp_path / "Pulumi.prod.yaml"
    config.write_text(
        "config:\n  c:provider: minio\n  c:bucket: my-bucket\n  c:endpoint-url: minio.example.com:9000/my-bucket\n"
    )
    done = chaninfra("policy", "--config", config, "--list")
    assert done.returncode == 2, done.stderr
    assert "write https://minio.example.com:9000" in done.stderr
    assert "'my-bucket' is not part of it" in done.stderr


@pytest.mark.parametrize("command", ["ls", "gc", "publish", "reindex"])
def test_without_credentials_nobody_is_said_to_lack_a_right(place: Place, tmp_path: Path, command: str) -> None:
    where = ("-c", place.url, make_package(tmp_path, "a", "1.0")) if command == "publish" else (place.url,)
    done = chaninfra(command, *where, "--endpoint-url", place.server.endpoint_url)
    assert done.returncode == 5, done.stderr
    assert "there are no credentials" in done.stderr
    assert "these credentials" not in done.stderr
    assert "AWS_ACCESS_KEY_ID" in done.stderr


@pytest.mark.parametrize("command", ["ls", "gc", "publish", "reindex", "doctor"])
@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"AWS_SESSION_TOKEN": "an-old-one"}, "the session token is not valid, or not for this access key"),
        ({"AWS_ACCESS_KEY_ID": "another"}, "it does not know this access key"),
        ({"AWS_SECRET_ACCESS_KEY": "another"}, "the secret access key is not the one of this access key"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "missing: AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_what_is_wrong_with_the_credentials_is_said(
    place: Place, tmp_path: Path, command: str, variables: dict[str, str], says: str
) -> None:
    done = place.run(command, *([make_package(tmp_path, "a", "1.0")] if command == "publish" else []), **variables)
    output = done.stdout + done.stderr
    assert done.returncode == (1 if command == "doctor" else 5), output
    assert says in output
    assert "may not" not in output


def test_an_expired_session_at_the_stand_in_for_what_aws_answers(place: Place) -> None:
    """The answer is planted, since a session of the test servers lasts a quarter of an hour."""
    with faulty(place.server, answers_signed(400, "ExpiredToken")) as server:
        done = Place(server, place.bucket, place.url).run("ls")
    assert done.returncode == 5, done.stderr
    assert "they have expired (ExpiredToken)" in done.stderr
    assert "log in again" in done.stderr
