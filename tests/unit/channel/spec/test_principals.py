"""What makes no sense of keys and principals is refused, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "prefix": "c"}
MINIO = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
CUSTOM = {**MINIO, "provider": "custom"}
CI = {"ci": {"github": {"repository": "acme/packages", "branch": "main"}}}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"

ORGANIZATION = {"visibility": "organization", "aws": {"organization-id": "o-a1b2c3d4e5"}}
CDN = {**AWS, "visibility": "public", "cdn": {}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd"


@pytest.mark.parametrize(
    ("config", "place", "reason"),
    [
        ({**AWS, "access-key-id": "x", "secret-access-key": "y"}, "key access-key-id", "AWS provider of Pulumi"),
        ({**AWS, "adopt": True, "aws": {"vpc-endpoints": ["vpce-1a"]}}, "key aws.vpc-endpoints", "its own settings"),
        ({**AWS, "adopt": True, "old-versions-days": 3}, "key old-versions-days", "its own settings"),
        ({**AWS, "aws": {"log-prefix": "x"}}, "key aws.log-prefix", "no bucket for the logs"),
        ({**AWS, "visibility": "organization"}, "key visibility", "`aws.organization-id` is missing"),
        ({**AWS, "visibility": "public", "aws": {"kms-key-arn": KEY}}, "key aws.kms-key-arn", "anonymously"),
        ({**AWS, "visibility": "public", "aws": {"vpc-endpoints": ["vpce-1a"]}}, "key aws.vpc-endpoints", "not public"),
        ({**AWS, "aws": {"organization-id": "o-a1b2c3d4e5"}}, "key aws.organization-id", "private channel"),
        ({**AWS, "cdn": {}}, "key visibility", "everybody can read"),
        ({**AWS, **ORGANIZATION, "cdn": {}}, "key visibility", "everybody can read"),
        ({**CDN, "public-url": "https://x.example.com"}, "key public-url", "`cdn` determines the URL"),
        ({**CDN, "cdn": {"domain": "conda.example.com"}}, "key cdn.certificate-arn", "go together"),
        ({**CDN, "cdn": {"certificate-arn": CERTIFICATE}}, "key cdn.domain", "go together"),
        (
            {**CDN, "cdn": {"domain": "a.example.com", "certificate-arn": CERTIFICATE.replace("us-east", "eu-west")}},
            "key cdn.certificate-arn",
            "only certificates in us-east-1",
        ),
        ({**CDN, "region": "cn-north-1"}, "key cdn", "partition aws-cn"),
        ({**CDN, "region": "us-gov-west-1"}, "key cdn", "partition aws-us-gov"),
        ({**CDN, "bucket": "my.bucket", "force-path-style": True}, "key bucket", "between CloudFront"),
        ({**CDN, "aws": {"vpc-endpoints": ["vpce-1a"]}}, "key aws.vpc-endpoints", "not public"),
        ({**MINIO, "visibility": "public", "cdn": {}}, "key cdn", "not on MinIO"),
        ({**MINIO, "publishers": CI}, "key publishers.ci.github", "MinIO evaluates only the claims aud and sub"),
        ({**MINIO, "readers": {"a": {"arn": "123456789012"}}}, "key readers.a.arn", "no principals of the kind `arn`"),
        ({**AWS, "readers": {"a": {"key": {}}}}, "key readers.a.key", "no principals of the kind `key`"),
        ({**CUSTOM, "publishers": CI}, "key publishers.ci.github", "no principals of the kind `github`"),
        ({**MINIO, "visibility": "organization"}, "key visibility", "no organizations"),
        ({**MINIO, "aws": {"no-overwrite": True}}, "key aws", "does not have these settings"),
    ],
)
def test_what_makes_no_sense_is_refused(config: dict[str, Any], place: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_spec(config, where="stack")
    assert place in str(refused.value)
    assert reason in str(refused.value)
    assert refused.value.remedy


def test_two_roles_of_one_name_are_refused_and_rewritten_names_are_told_apart() -> None:
    alike = {
        "one": {"prefix": "a-publisher-b", "publishers": {"c": CI["ci"]}},
        "two": {"prefix": "a", "publishers": {"b-publisher-c": CI["ci"]}},
    }
    base = {key: value for key, value in AWS.items() if key != "prefix"}
    with pytest.raises(ConfigurationError, match="is also that of channel"):
        build_spec({**base, "channels": alike}, where="stack")
    rewritten = {
        "one": {"prefix": "team/dev", "publishers": CI},
        "two": {"prefix": "team-dev", "publishers": CI},
    }
    assert len(build_spec({**base, "channels": rewritten}, where="stack").channels) == 2
