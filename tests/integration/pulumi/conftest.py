"""Fixtures of the tests with Pulumi: an event loop for its mocks, and a stack on moto by the AWS stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pulumi import mocks
from support.pulumi.stacks import Stack
from support.pulumi.standin import install
from support.servers.s3_servers import Server


@pytest.fixture
def event_loop_for_mocks() -> Iterator[None]:
    """An event loop for tests with Pulumi's mocks."""
    with mocks.event_loop():
        yield


@pytest.fixture
def stack(aws: Server, bucket_name: str, tmp_path: Path) -> Stack:
    """A stack of one private channel, not deployed yet."""
    environment = {**aws.environment(), **install(tmp_path / "home"), "AWS_ENDPOINT_URL": aws.endpoint_url}
    config = {
        "provider": "aws",
        "bucket": bucket_name,
        "region": aws.region,
        "endpoint_url": aws.endpoint_url,
        "force_path_style": True,
        "prefix": "main",
        "subdirs": "linux-64",
    }
    return Stack(tmp_path / "stack", config, environment)


@pytest.fixture
def iam(aws: Server) -> Any:
    """boto3's client for IAM."""
    return aws.service("iam")


@pytest.fixture
def cloudfront(aws: Server) -> Any:
    """boto3's client for CloudFront."""
    return aws.service("cloudfront")
