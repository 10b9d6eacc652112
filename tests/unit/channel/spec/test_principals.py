"""The principals of a channel: which kinds each provider supports."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import SourceChannel
from support.cases.config_keys import keys_without_backticks

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1"}
MINIO = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
CUSTOM = {**MINIO, "provider": "custom"}
CI = {"ci": {"github": {"repository": "acme/packages", "branch": "main"}}}


@pytest.mark.parametrize(
    ("config", "key", "reason"),
    [
        ({**MINIO, "publishers": CI}, "publishers.ci.github", "MinIO evaluates only the claims aud and sub"),
        ({**MINIO, "readers": {"a": {"arn": "123456789012"}}}, "readers.a.arn", "no principals of the kind `arn`"),
        ({**AWS, "readers": {"a": {"key": {}}}}, "readers.a.key", "no principals of the kind `key`"),
        ({**CUSTOM, "publishers": CI}, "publishers.ci.github", "no principals of the kind `github`"),
    ],
)
def test_a_principal_that_the_store_does_not_support_is_refused(config: dict[str, Any], key: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_spec(config, where="stack")
    assert refused.value.key == tuple(key.split("."))
    assert reason in refused.value.message
    assert refused.value.remedy
    assert keys_without_backticks(refused.value) == []


def test_principals_are_sorted_by_role_and_name() -> None:
    names = {"b": {"arn": "123456789012"}, "a": {"arn": "123456789012"}}
    (channel,) = build_spec(
        {**AWS, "readers": names, "promoters": names, "maintainers": names, "publishers": names}, where="stack"
    ).channels
    assert [(principal.role, principal.name) for principal in channel.principals] == [
        (role, name) for role in ("publisher", "reader", "maintainer", "promoter") for name in ("a", "b")
    ]


def promoting(config: dict[str, Any], principal: dict[str, Any], *sources: str) -> tuple[SourceChannel, ...]:
    promoters = {"release": {**principal, "from": list(sources)}}
    (channel,) = build_spec({"prefix": "main", **config, "promoters": promoters}, where="stack").channels
    (principal_spec,) = channel.principals
    return principal_spec.sources


def test_a_promoter_has_the_channels_that_it_promotes_from_each_once() -> None:
    sources = ("s3://staging", "s3://staging/a/b", "s3://my-bucket/nightly", "s3://staging")
    assert promoting(AWS, CI["ci"], *sources) == (
        SourceChannel(bucket="staging", prefix=""),
        SourceChannel(bucket="staging", prefix="a/b"),
        SourceChannel(bucket="my-bucket", prefix="nightly"),
    )
    assert promoting(MINIO, {"key": {}}, "s3://staging/main") == (SourceChannel(bucket="staging", prefix="main"),)
    assert promoting(AWS, {"arn": "123456789012"}, "s3://my-bucket/nightly")
    assert promoting(AWS, CI["ci"]) == ()
    # Names that begin alike are no overlap.
    assert promoting(AWS, CI["ci"], "s3://my-bucket/main-2", "s3://my-bucket/mai", "s3://other/main")


@pytest.mark.parametrize(
    ("config", "principal", "source", "reason", "remedy"),
    [
        (AWS, CI["ci"], "s3://my-bucket/main", "is the channel itself", "that it promotes from"),
        (AWS, CI["ci"], "s3://my-bucket", "also the channel itself, s3://my-bucket/main", "that it promotes from"),
        (AWS, CI["ci"], "s3://my-bucket/main/a", "inside the channel itself, s3://my-bucket/main", "that it promotes"),
        ({**AWS, "prefix": "a/b"}, CI["ci"], "s3://my-bucket/a", "has the channel itself in it", "that it promotes"),
        ({**AWS, "prefix": ""}, CI["ci"], "s3://my-bucket/a", "inside the channel itself, s3://my-bucket", "promotes"),
        (
            AWS,
            {"arn": "123456789012"},
            "s3://staging/main",
            "in another bucket",
            "to `readers` of that",
        ),
        (
            {**MINIO, "provider": "versitygw"},
            {"key": {}},
            "s3://staging/main",
            "in another bucket than s3://my-bucket/main",
            "--from-access-key-id",
        ),
    ],
)
def test_a_source_that_the_stack_cannot_let_it_read_is_refused(
    config: dict[str, Any], principal: dict[str, Any], source: str, reason: str, remedy: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        promoting(config, principal, source)
    assert refused.value.key == ("promoters", "release", "from")
    assert reason in refused.value.message
    assert remedy in (refused.value.remedy or "")
    assert keys_without_backticks(refused.value) == []


@pytest.mark.parametrize("source", ["staging/main", "s3://staging/", "s3://staging/*", "https://x.example.com/main"])
def test_a_source_is_the_s3_url_of_a_channel(source: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        promoting(AWS, CI["ci"], source)
    assert refused.value.key[:3] == ("promoters", "release", "from")


def test_only_promoters_have_sources() -> None:
    with pytest.raises(ConfigurationError, match="from"):
        build_spec({**AWS, "publishers": {"ci": {**CI["ci"], "from": ["s3://staging/main"]}}}, where="stack")


def test_a_promoter_of_all_channels_is_one_of_each() -> None:
    promoters = {"release": {**CI["ci"], "from": ["s3://staging/main"]}}
    channels = build_spec({**AWS, "promoters": promoters, "channels": {"a": {}, "b": {}}}, where="stack").channels
    assert [[each.role for each in channel.principals] for channel in channels] == [["promoter"], ["promoter"]]
