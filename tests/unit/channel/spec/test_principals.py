"""The principals of a channel: which kinds each provider supports."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
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
        {**AWS, "readers": names, "maintainers": names, "publishers": names}, where="stack"
    ).channels
    assert [(principal.role, principal.name) for principal in channel.principals] == [
        (role, name) for role in ("publisher", "reader", "maintainer") for name in ("a", "b")
    ]
