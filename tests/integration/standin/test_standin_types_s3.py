"""The stand-in's types of a bucket's settings against moto: expiry, encryption, CORS and logging."""

import json
from typing import Any

import pytest

from support.pulumi.standin import provider
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.values import Bag

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"

KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")

OLD = {"noncurrentVersionExpiration": {"noncurrentDays": 30}}
ABANDONED = {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}
KMS = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
READ = {"allowedMethods": ["GET", "HEAD"], "allowedOrigins": ["*"], "exposeHeaders": ["ETag"], "maxAgeSeconds": 300}


@pytest.mark.parametrize(
    ("token", "before", "after"),
    [
        (
            LIFECYCLE,
            {"rules": [{"id": "all", "status": "Enabled", "filter": {}, **OLD, **ABANDONED}]},
            {"rules": [{"id": "some", "status": "Enabled", "filter": {"prefix": "c/"}, **OLD, **ABANDONED}]},
        ),
        (
            LIFECYCLE,
            {"rules": [{"id": "all", "status": "Enabled", **OLD}]},
            {
                "rules": [
                    {"id": "a", "status": "Enabled", "filter": {"prefix": "a/"}, **OLD},
                    {"id": "b", "status": "Disabled", "filter": {"prefix": "b/"}, **ABANDONED},
                    {"id": "m", "status": "Enabled", "expiration": {"expiredObjectDeleteMarker": True}},
                ]
            },
        ),
        (
            ENCRYPTION,
            {"rules": [{"applyServerSideEncryptionByDefault": KMS, "bucketKeyEnabled": True}]},
            {"rules": [{"applyServerSideEncryptionByDefault": {**KMS, "kmsMasterKeyId": "alias/channel"}}]},
        ),
        (CORS, {"corsRules": [READ]}, {"corsRules": [{**READ, "id": "pixi"}, {**READ, "allowedHeaders": ["range"]}]}),
        (
            LOGGING,
            {"targetBucket": "settings-logs", "targetPrefix": "log/"},
            {"targetBucket": "settings-logs", "targetPrefix": ""},
        ),
    ],
    ids=lambda value: value.rpartition(":")[2] if isinstance(value, str) else "",
)
def test_a_setting_is_changed_in_place_and_read_from_the_server(aws: Aws, token: str, before: Bag, after: Bag) -> None:
    for name in ("settings", "settings-logs"):
        if provider.read(aws, BUCKET, name, {}, {}) is None:
            provider.create(aws, BUCKET, {"bucket": name})
    _let_in_the_logs(aws, "settings-logs")
    before, after = {"bucket": "settings", **before}, {"bucket": "settings", **after}
    for inputs in (before, after):
        assert not provider.checked(token, "s", inputs, {})[1]
    id_, state = provider.create(aws, token, before)
    assert not provider.diff(aws, token, state, before)
    changed = provider.diff(aws, token, state, after)
    assert changed
    assert not any(change.replaces for change in changed)
    state = provider.update(aws, token, id_, state, after)
    found = provider.read(aws, token, id_, {}, {})
    assert found is not None
    assert found.state == state
    assert not provider.diff(aws, token, found.state, after)
    assert provider.diff(aws, token, found.state, before)
    provider.delete(aws, token, id_, state)
    if token != ENCRYPTION:
        assert provider.read(aws, token, id_, state, after) is None
    provider.delete(aws, token, id_, state)


def test_the_order_of_cors_rules_does_not_count(aws: Aws) -> None:
    provider.create(aws, BUCKET, {"bucket": "cors-order"})
    write = {"allowedMethods": ["PUT"], "allowedOrigins": ["https://example.com"]}
    state = provider.create(aws, CORS, {"bucket": "cors-order", "corsRules": [READ, write]})[1]
    other = {"bucket": "cors-order", "corsRules": [write, {**READ, "allowedMethods": ["HEAD", "GET"]}]}
    assert not provider.diff(aws, CORS, state, other)
    assert provider.diff(aws, CORS, state, {**other, "corsRules": [write]})


def test_the_log_bucket_must_let_the_logging_service_write(aws: Aws, s3: Any) -> None:
    for name in ("logged", "logs-closed"):
        provider.create(aws, BUCKET, {"bucket": name})
    inputs = {"bucket": "logged", "targetBucket": "logs-closed", "targetPrefix": "log/"}
    with pytest.raises(ProviderError, match=r"creating S3 Bucket \(logged\) Logging: .* InvalidTargetBucketForLogging"):
        provider.create(aws, LOGGING, inputs)
    _let_in_the_logs(aws, "logs-closed")
    id_, state = provider.create(aws, LOGGING, inputs)
    s3.put_bucket_logging(Bucket="logged", BucketLoggingStatus={})
    assert provider.read(aws, LOGGING, id_, state, inputs) is None


def test_properties_that_moto_does_not_store_are_refused() -> None:
    rule = {
        "id": "a",
        "status": "Enabled",
        "noncurrentVersionExpiration": {"noncurrentDays": 1, "newerNoncurrentVersions": 3},
    }
    _, failures = provider.checked(LIFECYCLE, "l", {"bucket": "b", "rules": [rule]}, {})
    assert [failure.path for failure in failures] == ["rules[0].noncurrentVersionExpiration.newerNoncurrentVersions"]
    inputs = {"bucket": "b", "targetBucket": "l", "targetPrefix": "", "targetObjectKeyFormat": {"simplePrefix": {}}}
    _, failures = provider.checked(LOGGING, "l", inputs, {})
    assert [failure.path for failure in failures] == ["targetObjectKeyFormat"]


def _let_in_the_logs(aws: Aws, bucket: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    provider.create(aws, POLICY, {"bucket": bucket, "policy": policy})
