"""The settings of a bucket: what each backend has where nothing is said, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Fact, Source
from chaninfra.channel.spec import build
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import BucketSettings

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "c"}
STORE = {"provider": "custom", "bucket": "my-bucket", "endpoint-url": "https://s3.example.com"}
ALL = {
    "versioning": True,
    "encryption": "sse-s3",
    "old-versions-days": 30,
    "open-uploads-days": 2,
    "cors-origins": ["https://docs.example.com"],
    "tags": {"team": "x"},
}


def test_aws_has_its_usual_settings_and_other_stores_are_left_as_they_are() -> None:
    usual = BucketSettings(versioning=True, encryption="sse-s3", old_versions_days=90, open_uploads_days=7)
    assert build_spec(AWS, where="stack").bucket.settings == usual
    assert build_spec(STORE, where="stack").bucket.settings == BucketSettings()


@pytest.mark.parametrize("base", [AWS, STORE], ids=["aws", "custom"])
def test_each_setting_is_flat_on_every_store(base: dict[str, Any]) -> None:
    wanted = BucketSettings(
        versioning=True,
        encryption="sse-s3",
        old_versions_days=30,
        open_uploads_days=2,
        cors_origins=("https://docs.example.com",),
        tags={"team": "x"},
    )
    assert build_spec({**base, **ALL}, where="stack").bucket.settings == wanted


@pytest.mark.parametrize("key", ALL)
def test_a_setting_that_the_store_does_not_have_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = PROVIDERS["custom"]
    nothing = {name: Fact("no", Source("this test")) for name in row.capabilities}
    monkeypatch.setitem(build.PROVIDERS, "custom", replace(row, capabilities=nothing))
    assert build_spec(STORE, where="stack").bucket.settings == BucketSettings()
    with pytest.raises(ConfigurationError, match=f"stack, key {key}: .*does not have this") as refused:
        build_spec({**STORE, key: ALL[key]}, where="stack")
    assert refused.value.remedy == f"take `{key}` out"


@pytest.mark.parametrize("key", ALL)
def test_an_adopted_bucket_keeps_its_own(key: str) -> None:
    with pytest.raises(ConfigurationError, match="keeps its own settings"):
        build_spec({**STORE, "adopt": True, key: ALL[key]}, where="stack")


def test_the_tags_of_roles_beside_an_adopted_bucket() -> None:
    assert build_spec({**AWS, "adopt": True, "tags": {"a": "b"}}, where="stack").bucket.settings.tags == {"a": "b"}


def test_two_ways_to_encrypt() -> None:
    keys = {"kms-key-arn": "arn:aws:kms:eu-central-1:123456789012:key/1"}
    with pytest.raises(ConfigurationError, match="key encryption"):
        build_spec({**AWS, "encryption": "sse-s3", "aws": keys}, where="stack")
