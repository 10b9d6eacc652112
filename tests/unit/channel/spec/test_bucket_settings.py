"""Bucket settings: the defaults of each backend, and settings that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Fact, Source
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


def test_aws_has_defaults_and_the_settings_of_other_stores_are_not_changed() -> None:
    defaults = BucketSettings(versioning=True, encryption="sse-s3", old_versions_days=90, open_uploads_days=7)
    assert build_spec(AWS, where="stack").bucket.settings == defaults
    assert build_spec(STORE, where="stack").bucket.settings == BucketSettings()


@pytest.mark.parametrize("base", [AWS, STORE], ids=["aws", "custom"])
def test_each_setting_can_be_set_for_every_provider(base: dict[str, Any]) -> None:
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
def test_a_setting_that_the_store_does_not_support_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = PROVIDERS["custom"]
    nothing = {name: Fact("no", Source("this test")) for name in row.capabilities}
    monkeypatch.setitem(PROVIDERS, "custom", replace(row, capabilities=nothing))
    assert build_spec(STORE, where="stack").bucket.settings == BucketSettings()
    with pytest.raises(ConfigurationError, match=f"stack, key {key}: .*does not support this") as refused:
        build_spec({**STORE, key: ALL[key]}, where="stack")
    assert refused.value.remedy == f"remove `{key}`"


@pytest.mark.parametrize("key", ALL)
def test_a_setting_of_an_adopted_bucket_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"key {key}: an adopted bucket keeps its own settings"):
        build_spec({**STORE, "adopt": True, key: ALL[key]}, where="stack")


def test_a_lifecycle_of_an_adopted_bucket_on_aws_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="key old-versions-days: an adopted bucket keeps its own settings"):
        build_spec({**AWS, "adopt": True, "old-versions-days": 3}, where="stack")


def test_tags_are_allowed_with_an_adopted_bucket_since_the_roles_have_them() -> None:
    assert build_spec({**AWS, "adopt": True, "tags": {"a": "b"}}, where="stack").bucket.settings.tags == {"a": "b"}


def test_encryption_and_a_kms_key_exclude_each_other() -> None:
    keys = {"kms-key-arn": "arn:aws:kms:eu-central-1:123456789012:key/1"}
    with pytest.raises(ConfigurationError, match="key encryption"):
        build_spec({**AWS, "encryption": "sse-s3", "aws": keys}, where="stack")


@pytest.mark.parametrize("tags", [{"a!": "x"}, {"a": "x(y)"}, {"a": "x\u2060"}, {"a": "\u00b0"}])
def test_a_tag_with_a_character_that_aws_does_not_take_is_refused(tags: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_spec({**AWS, "tags": tags}, where="stack")
    assert refused.value.key[0] == "tags"
    assert refused.value.remedy
