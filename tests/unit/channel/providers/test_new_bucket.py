"""The command that makes a bucket, at each store."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.new_bucket import new_bucket

OWN = Location(bucket="my-bucket", endpoint_url="https://s3.example.com", region="eu-1", force_path_style=True)


def test_at_a_store_of_ones_own() -> None:
    line = "aws s3api create-bucket --bucket my-bucket --region eu-1 --endpoint-url https://s3.example.com"
    assert [*new_bucket(OWN, PROVIDERS["minio"])] == [line]
    assert [*new_bucket(OWN, None)] == [line]


@pytest.mark.parametrize(("region", "constraint"), [("eu-central-1", True), ("us-east-1", False)])
def test_on_aws(region: str, constraint: bool) -> None:
    location = replace(OWN, endpoint_url=f"https://s3.{region}.amazonaws.com", region=region)
    (line,) = new_bucket(location, PROVIDERS["aws"])
    more = f" --create-bucket-configuration LocationConstraint={region}" if constraint else ""
    assert line == f"aws s3api create-bucket --bucket my-bucket --region {region}{more}"


@pytest.mark.parametrize("name", PROVIDERS)
def test_what_else_a_store_wants_follows(name: str) -> None:
    first, *rest = new_bucket(OWN, PROVIDERS[name])
    assert shlex.split(first)[:5] == ["aws", "s3api", "create-bucket", "--bucket", "my-bucket"]
    assert len(rest) == len(PROVIDERS[name].by_hand.bucket)
    assert "{" not in " ".join(rest)


def test_values_are_quoted() -> None:
    odd = replace(OWN, endpoint_url="https://s3.example.com/a;b", region="eu 1")
    (line,) = new_bucket(odd, None)
    assert shlex.split(line)[-3:] == ["eu 1", "--endpoint-url", "https://s3.example.com/a;b"]
