"""Partitions and DNS suffixes, compared with botocore's endpoint data for every region of S3."""

from __future__ import annotations

import pytest
from botocore.session import Session

from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.channel.spec.build import build_spec

OURS = ("aws", "aws-cn", "aws-us-gov")
RESOLVER = Session().get_component("endpoint_resolver")
REGIONS = [
    (name, region)
    for name in OURS
    for region in Session().get_available_regions("s3", partition_name=name, allow_non_regional=False)
]


def test_botocore_has_regions_of_each_partition() -> None:
    assert {name for name, _ in REGIONS} == set(OURS)


@pytest.mark.parametrize(("name", "region"), REGIONS)
def test_partition_and_host_of_a_region_are_those_of_botocore(name: str, region: str) -> None:
    assert partition(region) == name
    host = RESOLVER.construct_endpoint("s3", region)["hostname"]
    # For us-east-1 botocore's data have the older, global host name.
    assert host.replace("s3.amazonaws.com", "s3.us-east-1.amazonaws.com") == f"s3.{region}.{dns_suffix(region)}"


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-central-1", "https://my-bucket.s3.eu-central-1.amazonaws.com/c"),
        ("us-east-1", "https://my-bucket.s3.us-east-1.amazonaws.com/c"),
        ("cn-north-1", "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/c"),
        ("us-gov-west-1", "https://my-bucket.s3.us-gov-west-1.amazonaws.com/c"),
    ],
)
def test_the_url_of_a_public_channel(region: str, url: str) -> None:
    spec = build_spec({"bucket": "my-bucket", "region": region, "prefix": "c", "visibility": "public"}, where="test")
    assert spec.channels[0].public_url == url
