"""The policy of a bucket on AWS itself, where the endpoint has TLS; Pulumi's own mocks stand for the engine."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from chaninfra.pulumi.backends.aws import bucket
from chaninfra.pulumi.declaration import declare

# Of names that pulumi-aws itself imports.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws")


class Mocks(pulumi.runtime.Mocks):
    """An engine that makes nothing and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.asked[args.typ] = args.inputs
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(f"{args.token} was called")


def asked_for(**keys: Any) -> dict[str, dict[str, Any]]:
    """The inputs of each resource that the backend declares, by its type."""
    declared = declare("ChannelBucket", "bucket", {"bucket": "my-bucket", "region": "eu-central-1", **keys})
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks)

    @pulumi.runtime.test
    def make() -> None:
        bucket.bucket(declared, {"bucket": "my-bucket"}, pulumi.ResourceOptions())

    make()
    return mocks.asked


@pytest.mark.usefixtures("event_loop_for_mocks")
@pytest.mark.parametrize("visibility", ["private", "public"])
def test_nobody_reads_without_tls_and_only_a_public_channel_lifts_the_block_with_mocks(visibility: str) -> None:
    asked = asked_for(prefix="main", visibility=visibility)
    statements = {
        one["Sid"]: one for one in json.loads(asked["aws:s3/bucketPolicy:BucketPolicy"]["policy"])["Statement"]
    }
    denied = statements.pop("DenyInsecureTransport")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == ["arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket/*"]
    block = asked["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"]
    public = visibility == "public"
    assert set(statements) == ({"PublicReadGetObject", "PublicReadListBucket"} if public else set())
    assert (block["blockPublicPolicy"], block["restrictPublicBuckets"]) == (not public, not public)
    assert (block["blockPublicAcls"], block["ignorePublicAcls"]) == (True, True)
