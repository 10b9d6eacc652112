"""The bucket policy on AWS itself, where the endpoint has TLS. Pulumi's mocks replace the engine."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from chaninfra.pulumi.backends.aws import bucket
from chaninfra.pulumi.bucket_session import store_input
from chaninfra.pulumi.declaration import declare
from support.pulumi.mocks import Echo

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws")


class Recorder(Echo):
    """Records the inputs of each resource by its type."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.inputs[args.typ] = args.inputs
        return super().new_resource(args)


def declared_inputs(**keys: Any) -> dict[str, dict[str, Any]]:
    """Type → inputs of each resource that the backend declares."""
    declaration = declare("ChannelBucket", "bucket", {"bucket": "my-bucket", "region": "eu-central-1", **keys})
    mocks = Recorder()
    pulumi.runtime.set_mocks(mocks)

    @pulumi.runtime.test
    def make() -> None:
        bucket.bucket(declaration, store_input(declaration.stack.bucket, "ns"), pulumi.ResourceOptions())

    make()
    return mocks.inputs


@pytest.mark.usefixtures("event_loop_for_mocks")
@pytest.mark.parametrize("visibility", ["private", "public"])
def test_reads_need_tls_and_only_a_public_channel_unblocks_public_policies_with_mocks(visibility: str) -> None:
    inputs = declared_inputs(prefix="main", visibility=visibility)
    statements = {
        one["Sid"]: one for one in json.loads(inputs["aws:s3/bucketPolicy:BucketPolicy"]["policy"])["Statement"]
    }
    denied = statements.pop("DenyInsecureTransport")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Resource"] == ["arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket/*"]
    block = inputs["aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"]
    public = visibility == "public"
    assert set(statements) == ({"PublicReadGetObject", "PublicReadListBucket"} if public else set())
    assert (block["blockPublicPolicy"], block["restrictPublicBuckets"]) == (not public, not public)
    assert (block["blockPublicAcls"], block["ignorePublicAcls"]) == (True, True)
