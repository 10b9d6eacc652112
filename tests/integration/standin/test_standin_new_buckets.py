"""What AWS and the provider do with a new bucket since 2025, on the stand-in."""

import json
from typing import Any

import pytest

from support.pulumi.standin import provider
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.resources.bucket import READS_SETTINGS
from support.pulumi.standin.resources.bucket_parts import LIFTED_AFTER
from support.pulumi.standin.values import Bag

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def _bucket(aws: Aws, name: str, **inputs: Any) -> Bag:
    return provider.create(aws, BUCKET, {"bucket": name, **inputs})[1]


def test_tags_are_read_by_s3_control_which_needs_the_account(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    keys = {"accessKey": "a", "secretKey": "b", "region": "eu-central-1"}
    asked = provider.configured(keys)
    assert asked.account == "123456789012"
    assert _bucket(asked, "with-account", tags={"team": "a"})["tags"] == {"team": "a"}
    told = provider.configured({**keys, "skipRequestingAccountId": "true"})
    with pytest.raises(ProviderError, match="operation error S3 Control: ListTagsForResource"):
        _bucket(told, "without-account")
    nowhere = json.dumps([{"sts": "http://127.0.0.1:9"}])
    with pytest.raises(ProviderError, match="AWS account ID not previously found"):
        provider.configured({**keys, "skipCredentialsValidation": "true", "endpoints": nowhere})


def test_a_new_bucket_blocks_sse_c_and_stays_so(aws: Aws, s3: Any) -> None:
    _bucket(aws, "blocks-sse-c")
    plain = {"bucket": "blocks-sse-c", "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]}
    state = provider.create(aws, ENCRYPTION, plain)[1]
    assert state["rules"][0]["blockedEncryptionTypes"] == ["SSE-C"]
    assert not provider.diff(aws, ENCRYPTION, state, plain)
    rule = s3.get_bucket_encryption(Bucket="blocks-sse-c")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    lifted = {**plain, "rules": [{**plain["rules"][0], "blockedEncryptionTypes": ["NONE"]}]}
    assert provider.diff(aws, ENCRYPTION, state, lifted)
    state = provider.update(aws, ENCRYPTION, "blocks-sse-c", state, lifted)
    assert state["rules"][0]["blockedEncryptionTypes"] == ["NONE"]


def test_a_public_policy_may_be_refused_for_a_moment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIFTED_AFTER, "1")
    _bucket(aws, "lifted-late")
    provider.create(aws, ACCESS, {"bucket": "lifted-late"})
    readers = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lifted-late/*"}
    wanted = {"bucket": "lifted-late", "policy": json.dumps({"Version": "2012-10-17", "Statement": [readers]})}
    with pytest.raises(ProviderError, match="BlockPublicPolicy"):
        provider.create(aws, POLICY, wanted)
    provider.create(aws, POLICY, wanted)


def test_settings_of_others_come_back_with_a_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(READS_SETTINGS, "1")
    inputs = {"bucket": "read-again"}
    state = _bucket(aws, "read-again")
    provider.create(aws, VERSIONING, {**inputs, "versioningConfiguration": {"status": "Enabled"}})
    found = provider.read(aws, BUCKET, "read-again", state, inputs)
    assert found is not None
    assert found.state != state
    assert found.inputs == inputs
    assert not provider.diff(aws, BUCKET, found.state, inputs)
