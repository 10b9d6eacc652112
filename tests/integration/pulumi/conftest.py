"""Fixtures of the tests with Pulumi: an event loop for its mocks, and a stack on the AWS stand-in over moto."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pulumi.stacks import Stack
from support.pulumi.standin import install
from support.servers.s3_servers import Server


@pytest.fixture
def event_loop_for_mocks() -> Iterator[None]:
    """A loop that is there: Pulumi's mocks want one, and other tests end theirs."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def stack(aws: Server, bucket_name: str, tmp_path: Path) -> Stack:
    """A stack of one private channel; nothing was made yet."""
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
    """boto3's client of IAM."""
    return aws.service("iam")


@pytest.fixture
def cloudfront(aws: Server) -> Any:
    """boto3's client of CloudFront."""
    return aws.service("cloudfront")
