"""The deployments in examples/follow: their commands are understood, and they agree on port, user and secret."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML

from chaninfra.cli.app import app
from chaninfra.follow.secret import VARIABLE
from support.paths import ROOT

FOLDER = ROOT / "examples/follow"


def documents(name: str) -> list[Any]:
    """The documents of a YAML file."""
    return [*YAML(typ="safe").load_all((FOLDER / name).read_text())]


def unit() -> ConfigParser:
    """The systemd unit."""
    parsed = ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read(FOLDER / "chaninfra-follow.service")
    return parsed


def container() -> dict[str, Any]:
    """The container of the Kubernetes deployment."""
    (found,) = documents("kubernetes.yaml")[0]["spec"]["template"]["spec"]["containers"]
    return found  # type: ignore[no-any-return]


def commands() -> dict[str, list[str]]:
    """File → the arguments of `chaninfra follow` there."""
    program, command, *args = shlex.split(unit()["Service"]["ExecStart"])
    assert (program.rpartition("/")[2], command) == ("chaninfra", "follow")
    return {
        "chaninfra-follow.service": args,
        "compose.yaml": documents("compose.yaml")[0]["services"]["follow"]["command"],
        "kubernetes.yaml": container()["args"],
    }


@pytest.mark.parametrize("name", ["chaninfra-follow.service", "compose.yaml", "kubernetes.yaml"])
def test_the_command_is_understood(name: str) -> None:
    group = typer.main.get_command(app)
    follow = group.commands["follow"]  # type: ignore[attr-defined]
    with follow.make_context("follow", [*commands()[name]]) as context:
        assert context.params["channel"] == "s3://my-bucket/my-channel"
        assert context.params["listen"].endswith(":8765")


def test_they_agree_on_port_user_and_secret() -> None:
    docker = (FOLDER / "Dockerfile").read_text()
    compose = documents("compose.yaml")[0]["services"]
    assert "EXPOSE 8765" in docker
    assert 'ENTRYPOINT ["chaninfra", "follow"]' in docker
    uid = documents("kubernetes.yaml")[0]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"USER {uid}:{uid}" in docker
    assert compose["minio"]["environment"]["MINIO_NOTIFY_WEBHOOK_ENDPOINT_chaninfra"] == "http://follow:8765/"
    secret = compose["follow"]["environment"][VARIABLE]
    assert compose["minio"]["environment"]["MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_chaninfra"] == secret
    assert VARIABLE in {each["name"] for each in container()["env"]}
    assert documents("kubernetes.yaml")[1]["spec"]["ports"][0]["port"] == 8765


def test_no_secret_is_written_in_them() -> None:
    values = documents("compose.yaml")[0]["services"]["follow"]["environment"].values()
    assert all(value.startswith("${") for value in values)
    assert all("valueFrom" in each for each in container()["env"])
    assert "Environment" not in unit()["Service"]
