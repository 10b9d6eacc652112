"""Fixtures: the engine, the stand-in for pulumi-resource-aws, and moto in this process as AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from chaninfra.engine import get
from support.pulumi.project import Project
from support.pulumi.standin import install
from support.pulumi.standin.aws import Aws
from support.servers import moto_more

KEYS = {"AWS_ACCESS_KEY_ID": "stand-in", "AWS_SECRET_ACCESS_KEY": "stand-in"}


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The URL of moto, an AWS in memory."""
    with moto_more.served() as url:
        yield url


def _hand(moto: str, service: str) -> Any:
    return boto3.client(
        service,
        region_name="eu-central-1",
        endpoint_url=moto,
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture
def s3(moto: str) -> Any:
    """boto3's client, for changes by hand."""
    return _hand(moto, "s3")


@pytest.fixture
def iam(moto: str) -> Any:
    return _hand(moto, "iam")


@pytest.fixture
def cloudfront(moto: str) -> Any:
    return _hand(moto, "cloudfront")


@pytest.fixture
def aws(moto: str) -> Aws:
    """The stand-in's account and clients, without the engine."""
    keys = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    endpoints = [
        dict.fromkeys(("s3", "iam", "sts", "cloudfront", "sqs", "lambda", "events", "logs", "cloudwatch"), moto)
    ]
    return Aws.configured({"region": "eu-central-1", "endpoints": endpoints, **keys})


@pytest.fixture
def pulumi_environment(moto: str, tmp_path: Path) -> dict[str, str]:
    """The engine's environment: the stand-in, a file backend for this test, moto as AWS."""
    state = tmp_path / "state"
    state.mkdir()
    return get(print).environment(
        {
            **install(tmp_path / "home"),
            **KEYS,
            "AWS_ENDPOINT_URL": moto,
            "AWS_REGION": "eu-central-1",
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "stand-in",
        }
    )


@pytest.fixture
def project(pulumi_environment: dict[str, str], tmp_path: Path) -> Project:
    """A stack of an empty program."""
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: stand-in\nruntime: python\n")
    made = Project(folder, pulumi_environment)
    made.pulumi("stack", "init", "test")
    return made
