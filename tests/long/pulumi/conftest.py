"""A stack on AWS, as the stand-in for pulumi-resource-aws and moto have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.standin import install
from s3_servers import Server
from stacks import Stack


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
