"""The engine, the stand-in for pulumi-resource-aws, and an AWS for it: moto, in this process."""

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
    """The URL of an AWS in memory."""
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
    """The hand that makes drift."""
    return _hand(moto, "s3")


@pytest.fixture
def iam(moto: str) -> Any:
    return _hand(moto, "iam")


@pytest.fixture
def cloudfront(moto: str) -> Any:
    return _hand(moto, "cloudfront")


@pytest.fixture
def aws(moto: str) -> Aws:
    """The account as the stand-in sees it, without the engine."""
    keys = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    endpoints = [dict.fromkeys(("s3", "iam", "sts", "cloudfront"), moto)]
    return Aws.configured({"region": "eu-central-1", "endpoints": endpoints, **keys})


@pytest.fixture
def pulumi_environment(moto: str, tmp_path: Path) -> dict[str, str]:
    """What the engine runs in: the stand-in, a file backend of this test's own, moto for AWS."""
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
    """An empty program with a stack."""
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: stand-in\nruntime: python\n")
    made = Project(folder, pulumi_environment)
    made.pulumi("stack", "init", "test")
    return made
