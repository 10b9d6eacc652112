"""Combinations of keys, providers and channels that are refused."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from support.cases.config_keys import keys_without_backticks

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "c"}
MINIO = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
CI = {"ci": {"github": {"repository": "acme/packages", "branch": "main"}}}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"

ORGANIZATION = {"visibility": "organization", "aws": {"organization-id": "o-a1b2c3d4e5"}}
CDN = {**AWS, "visibility": "public", "cdn": {}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd"


@pytest.mark.parametrize(
    ("config", "key", "reason"),
    [
        ({**AWS, "adopt": True, "aws": {"vpc-endpoints": ["vpce-1a"]}}, "aws.vpc-endpoints", "its own settings"),
        ({**AWS, "aws": {"log-prefix": "x"}}, "aws.log-prefix", "no bucket for the logs"),
        ({**AWS, "visibility": "organization"}, "visibility", "`aws.organization-id` is missing"),
        ({**AWS, "visibility": "public", "aws": {"kms-key-arn": KEY}}, "aws.kms-key-arn", "anonymously"),
        ({**AWS, "visibility": "public", "aws": {"vpc-endpoints": ["vpce-1a"]}}, "aws.vpc-endpoints", "not public"),
        ({**AWS, "aws": {"organization-id": "o-a1b2c3d4e5"}}, "aws.organization-id", "private channel"),
        ({**AWS, "cdn": {}}, "visibility", "everybody can read"),
        ({**AWS, **ORGANIZATION, "cdn": {}}, "visibility", "everybody can read"),
        ({**CDN, "public-url": "https://x.example.com"}, "public-url", "`cdn` determines the URL"),
        ({**CDN, "cdn": {"domain": "conda.example.com"}}, "cdn.certificate-arn", "go together"),
        ({**CDN, "cdn": {"certificate-arn": CERTIFICATE}}, "cdn.domain", "go together"),
        (
            {**CDN, "cdn": {"domain": "a.example.com", "certificate-arn": CERTIFICATE.replace("us-east", "eu-west")}},
            "cdn.certificate-arn",
            "only certificates in us-east-1",
        ),
        ({**CDN, "region": "cn-north-1"}, "cdn", "partition aws-cn"),
        ({**CDN, "region": "us-gov-west-1"}, "cdn", "partition aws-us-gov"),
        ({**CDN, "bucket": "my.bucket", "force-path-style": True}, "bucket", "between CloudFront"),
        ({**CDN, "aws": {"vpc-endpoints": ["vpce-1a"]}}, "aws.vpc-endpoints", "not public"),
        ({**MINIO, "visibility": "public", "cdn": {}}, "cdn", "not on MinIO"),
        ({**MINIO, "visibility": "organization"}, "visibility", "no organizations"),
        ({**MINIO, "aws": {"no-overwrite": True}}, "aws", "does not have these settings"),
        ({**MINIO, "admin-url": "http://minio.example.com:9001"}, "admin-url", "no admin API at a URL of its own"),
        ({**MINIO, "provider": "garage", "admin-token": "t"}, "admin-token", "no admin API that this token is for"),
    ],
)
def test_a_combination_that_does_not_work_is_refused(config: dict[str, Any], key: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_spec(config, where="stack")
    assert refused.value.key == tuple(key.split("."))
    assert reason in refused.value.message
    assert refused.value.remedy
    assert keys_without_backticks(refused.value) == []


def test_two_roles_with_the_same_name_are_refused_unless_a_digest_distinguishes_them() -> None:
    same_name = {
        "one": {"prefix": "a-publisher-b", "publishers": {"c": CI["ci"]}},
        "two": {"prefix": "a", "publishers": {"b-publisher-c": CI["ci"]}},
    }
    base = {key: value for key, value in AWS.items() if key != "prefix"}
    with pytest.raises(ConfigurationError, match="is also that of channel"):
        build_spec({**base, "channels": same_name}, where="stack")
    with_digest = {
        "one": {"prefix": "team/dev", "publishers": CI},
        "two": {"prefix": "team-dev", "publishers": CI},
    }
    assert len(build_spec({**base, "channels": with_digest}, where="stack").channels) == 2


ADOPTED: dict[str, dict[str, Any]] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "cdn": {"provider": "aws", "region": "eu-central-1", "cdn": {}},
    "organization": {
        "provider": "aws",
        "region": "eu-central-1",
        "visibility": "organization",
        "aws": {"organization-id": "o-a1b2c3d4e5"},
    },
    "minio": {"provider": "minio", "endpoint-url": "https://minio.example.com"},
}


@pytest.mark.parametrize("case", ADOPTED)
@pytest.mark.parametrize(("prefix", "opened"), [("main", "list the names of all"), ("", "list and get all")])
def test_what_an_adopted_bucket_opens_must_be_acknowledged(case: str, prefix: str, opened: str) -> None:
    config = {"bucket": "my-bucket", "prefix": prefix, "visibility": "public", "adopt": True, **ADOPTED[case]}
    with pytest.raises(ConfigurationError, match=opened) as refused:
        build_spec(config, where="stack")
    assert refused.value.key == ("visibility",)
    assert "`whole-bucket-listing` to true" in (refused.value.remedy or "")
    assert build_spec({**config, "whole-bucket-listing": True}, where="stack").bucket.whole_bucket_listing


@pytest.mark.parametrize("more", [{}, {"adopt": True}, {"visibility": "public"}])
def test_an_acknowledgement_of_nothing_is_refused(more: dict[str, Any]) -> None:
    config = {"bucket": "my-bucket", "region": "eu-central-1", "prefix": "main", **more}
    build_spec(config, where="stack")
    with pytest.raises(ConfigurationError) as refused:
        build_spec({**config, "whole-bucket-listing": True}, where="stack")
    assert refused.value.key == ("whole-bucket-listing",)
