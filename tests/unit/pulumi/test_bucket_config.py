"""The documents of bucket settings, in S3's spelling and in pulumi-aws's."""

from __future__ import annotations

import pytest

from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import encryption_rule, in_snake_case, lifecycle_rules, settings_documents


def test_only_declared_settings_have_documents() -> None:
    assert settings_documents(BucketSettings()) == {}
    assert settings_documents(BucketSettings(versioning=False)) == {"versioning": {"Status": "Suspended"}}


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        ("ID", "id"),
        ("SSEAlgorithm", "sse_algorithm"),
        ("KMSMasterKeyID", "kms_master_key_id"),
        ("BucketKeyEnabled", "bucket_key_enabled"),
        ("NoncurrentVersionExpiration", "noncurrent_version_expiration"),
    ],
)
def test_keys_are_spelled_as_pulumi_aws_does(key: str, spelled: str) -> None:
    assert in_snake_case({key: [{key: "SSEValue"}]}) == {spelled: [{spelled: "SSEValue"}]}


def test_the_documents_for_pulumi_aws() -> None:
    assert in_snake_case(lifecycle_rules(BucketSettings(old_versions_days=90))) == [
        {
            "id": "old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": 90},
        }
    ]
    assert in_snake_case(encryption_rule("arn:aws:kms:eu-central-1:123456789012:key/1")) == {
        "apply_server_side_encryption_by_default": {
            "sse_algorithm": "aws:kms",
            "kms_master_key_id": "arn:aws:kms:eu-central-1:123456789012:key/1",
        },
        "bucket_key_enabled": True,
    }
