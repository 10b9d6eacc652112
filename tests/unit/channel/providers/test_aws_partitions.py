"""Partitions and DNS suffixes, compared with botocore's endpoint data for every region of S3."""

from __future__ import annotations

import pytest
from botocore.session import Session

from chaninfra.channel.providers.aws_partitions import dns_suffix, is_s3_of_aws, partition
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


def _hosts() -> list[str]:
    """Every host of S3 that botocore knows, in every partition, FIPS and dual-stack ones among them."""
    loader = Session().get_component("data_loader")
    suffixes = [part["outputs"]["dnsSuffix"] for part in loader.load_data("partitions")["partitions"]]
    hosts = [f"s3.{region}.{suffix}" for suffix in suffixes for region in ("us-iso-east-1", "eusc-de-east-1")]
    for part in loader.load_data("endpoints")["partitions"]:
        service = part["services"].get("s3", {})
        for region, known in service.get("endpoints", {}).items():
            variants = [one["hostname"] for one in known.get("variants", ()) if "hostname" in one]
            hosts += [known["hostname"]] if "hostname" in known else []
            hosts += [host for host in variants if "{" not in host]
            if not region.startswith(("aws-global", "fips-", "s3-")):
                hosts.append(f"s3.{region}.{part['dnsSuffix']}")
    return sorted(set(hosts))


@pytest.mark.parametrize("host", _hosts())
def test_the_hosts_of_s3_are_awss_own(host: str) -> None:
    assert is_s3_of_aws(f"https://{host}")
    assert is_s3_of_aws(f"https://{host}:443/")
    assert not is_s3_of_aws(f"http://{host}")


@pytest.mark.parametrize(
    "host",
    [
        "vpce-1a2b3c4d-5e6f7a8b.s3.us-east-1.vpce.amazonaws.com",
        "bucket.vpce-0123456789abcdef0-5e6f7a8b-us-east-1a.s3.us-east-1.vpce.amazonaws.com",
        "s3.amazonaws.com",
        "s3-eu-west-1.amazonaws.com",
    ],
)
def test_older_and_private_hosts_of_s3(host: str) -> None:
    assert is_s3_of_aws(f"https://{host}")


@pytest.mark.parametrize(
    "url",
    [
        "https://amazonaws.com",
        "https://s3.eu-central-1.amazonaws.com.example.com",
        "https://s3.eu-central-1.amazonaws.com\n",
        "https://s3.eu-central-1.amazonaws.com:8443",
        "https://s3.eu-central-1.amazonaws.com@example.com",
        "https://example.com/s3.eu-central-1.amazonaws.com",
        "https://example.com?.s3.eu-central-1.amazonaws.com",
        "https://example.com#.s3.eu-central-1.amazonaws.com",
        "https://example.com\\.s3.eu-central-1.amazonaws.com",
        "https://evils3.eu-central-1.amazonaws.com",
        "https://s3xeu-central-1.amazonaws.com",
        "https://s3.eu-central-1.amazonawsxcom",
        # What customers run there.
        "https://abcde12345.execute-api.eu-central-1.amazonaws.com",
        "https://ec2-192-0-2-1.eu-central-1.compute.amazonaws.com",
        "https://my-lb-1234.elb.eu-central-1.amazonaws.com",
        "https://s3-website.eu-central-1.amazonaws.com",
        "https://s3-object-lambda.eu-central-1.amazonaws.com",
        "https://vpce-1a2b3c4d-5e6f7a8b.vpce-svc-0123456789abcdef0.us-east-1.vpce.amazonaws.com",
        "https://my-bucket.s3.eu-central-1.amazonaws.com",
    ],
)
def test_no_other_host_is(url: str) -> None:
    assert not is_s3_of_aws(url)
