"""What the block `aws.follow` and `index.follow` may say on AWS."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec

FOLLOW = {"follow": {}}
TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
VPC = {"vpc-endpoints": ["vpce-1"]}
SUBNETS, GROUPS = {"subnet-ids": ["subnet-1"]}, {"security-group-ids": ["sg-1"]}


def build(**keys: Any) -> None:
    own = {"bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}
    build_spec({**own, **keys}, where="Pulumi.prod.yaml")


@pytest.mark.parametrize(
    "keys",
    [
        {"index": FOLLOW},
        {"index": FOLLOW, "aws": {"follow": {"alarm-topic": TOPIC}}},
        {"index": FOLLOW, "aws": {"follow": {**SUBNETS, **GROUPS}}},
        {"index": FOLLOW, "aws": {**VPC, "follow": {**SUBNETS, **GROUPS}}},
        {"aws": VPC},
        {"index": {"writers": "single"}},
    ],
)
def test_what_fits_together_is_taken(keys: dict[str, Any]) -> None:
    build(**keys)


@pytest.mark.parametrize(
    ("keys", "key", "says"),
    [
        ({"aws": {"follow": {"alarm-topic": TOPIC}}}, "aws.follow", "set `index.follow` of a channel"),
        ({"index": {**FOLLOW, "writers": "single"}}, "index.writers", "remove `writers`"),
        ({"index": FOLLOW, "aws": VPC}, "aws.follow.subnet-ids", "set `aws.follow.subnet-ids` and"),
        (
            {"index": FOLLOW, "aws": {**VPC, "follow": SUBNETS}},
            "aws.follow.security-group-ids",
            "set `aws.follow.security-group-ids` to where",
        ),
        (
            {"index": FOLLOW, "aws": {"follow": GROUPS}},
            "aws.follow.subnet-ids",
            "subnets and security groups go together",
        ),
        (
            {"index": FOLLOW, "aws": {"follow": {"alarm-topic": TOPIC.replace("eu-central-1", "us-east-1")}}},
            "aws.follow.alarm-topic",
            "create a topic in eu-central-1",
        ),
        (
            {"index": FOLLOW, "aws": {"follow": {"alarm-topic": f"{TOPIC}.fifo"}}},
            "aws.follow.alarm-topic",
            "is not valid",
        ),
        ({"index": FOLLOW, "aws": {"follow": {"subnets": []}}}, "aws.follow", "subnet-ids"),
        (
            {"provider": "minio", "endpoint-url": "https://s3.example.com", "aws": {"follow": SUBNETS}},
            "aws",
            "does not have these settings",
        ),
    ],
)
def test_what_does_not_is_refused_with_the_key_and_the_remedy(keys: dict[str, Any], key: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(**keys)
    text = str(caught.value)
    assert "Pulumi.prod.yaml" in text
    assert f"key {key}" in text
    assert says in text


def test_a_channel_of_several_is_named() -> None:
    single = {"index": {"follow": {}, "writers": "single"}}
    with pytest.raises(ConfigurationError, match=r"channel nightly, key index\.writers"):
        build(prefix=None, channels={"stable": {}, "nightly": single})
