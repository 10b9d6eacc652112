"""The key `index.follow.target`: which stores take it, and what else to do."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from support.cases.store_cases import NEEDED

ARN = "arn:minio:sqs::chaninfra:webhook"


def stack(provider: str = "minio", target: str | None = ARN, **keys: Any) -> StackSpec:
    index = {"follow": {"target": target} if target else {}}
    raw = {"provider": provider, "bucket": "my-bucket", "prefix": "main", "index": index, **NEEDED[provider], **keys}
    return build_spec(raw, where="stack.yaml")


def test_the_target_is_that_of_the_channel() -> None:
    assert stack().channels[0].event_target == ARN
    assert stack(target=None).channels[0].event_target is None
    assert stack(index={}).channels[0].event_target is None


@pytest.mark.parametrize("name", [name for name, row in PROVIDERS.items() if row.can("notifications")])
def test_a_store_that_has_the_api_or_may_have_it_takes_one(name: str) -> None:
    if name == "aws":
        with pytest.raises(ConfigurationError, match="alone makes the queue and the function") as caught:
            stack(name)
        assert caught.value.remedy == "remove `index.follow.target`"
    else:
        assert stack(name).channels[0].event_target == ARN


@pytest.mark.parametrize("name", [name for name, row in PROVIDERS.items() if not row.can("notifications")])
def test_a_store_without_the_api_takes_none_and_the_error_says_what_else_to_do(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stack(name)
    error = caught.value
    assert error.key == ("index", "follow", "target")
    assert f"{PROVIDERS[name].title} does not support this" in error.message
    own_settings = name in ("versitygw", "seaweedfs")
    assert ("next-steps" if own_settings else "chaninfra follow CHANNEL --every 30s") in str(error.remedy)
    assert stack(name, target=None).channels[0].event_target is None


def test_the_error_names_the_channel() -> None:
    channels = {"a": {"prefix": "a"}, "b": {"prefix": "b", "index": {"follow": {"target": ARN}}}}
    with pytest.raises(ConfigurationError, match=r"^stack\.yaml, channel b, key index\.follow\.target: "):
        build_spec({"provider": "r2", "bucket": "my-bucket", "channels": channels, **NEEDED["r2"]}, where="stack.yaml")


def test_two_channels_cannot_have_one_target() -> None:
    channels: dict[str, Any] = {"a": {"prefix": "a"}, "b": {"prefix": "b"}}
    with pytest.raises(ConfigurationError, match="the channels a and b have the same target") as caught:
        stack(channels=channels, prefix=None)
    assert "a target for each" in str(caught.value.remedy)
    channels["b"]["index"] = {"follow": {"target": "arn:minio:sqs::other:webhook"}}
    assert [channel.event_target for channel in stack(channels=channels, prefix=None).channels] == [
        ARN,
        "arn:minio:sqs::other:webhook",
    ]


@pytest.mark.parametrize(
    "target",
    [
        ARN,
        "arn:minio:sqs:us-east-1:PRIMARY_1:webhook",
        "arn:rustfs:sqs:us-east-1:primary:webhook",
        "arn:aws:sns:default::chaninfra",
        "arn:aws:sns:zone-1:tenant_a:a.topic-1",
    ],
)
def test_the_arns_of_targets(target: str) -> None:
    assert stack(target=target).channels[0].event_target == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "chaninfra",
        "arn:minio:sqs::chaninfra",
        "arn:minio:sqs:::webhook",
        "arn:minio:sqs::chaninfra:webhook:more",
        "arn:minio:sns::chaninfra:webhook",
        "arn:aws:sqs:us-east-1:123456789012:queue",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws:sns:default::",
        "arn:aws:sns:default::*",
        f"{ARN}\n",
        f" {ARN}",
        "arn:minio:sqs::a b:webhook",
        f"arn:minio:sqs::{'a' * 65}:webhook",
        f"arn:aws:sns:default::{'a' * 257}",
        "arn:minio:sqs::${aws:username}:webhook",
        1,
        ["x"],
        {},
    ],
)
def test_what_is_no_arn_of_a_target(target: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        stack(index={"follow": {"target": target}})
    assert "index.follow.target" in caught.value.summary
