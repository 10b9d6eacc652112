"""The aws backend by the real engine on the stand-in for pulumi-resource-aws, which forwards to moto.

Moto does not evaluate policies. The tests check the bucket's settings, and what each engine run changes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.channels import channels
from support.pulumi.stacks import Stack
from support.pulumi.standin import install
from support.pulumi.standin.resources.bucket import READS_SETTINGS
from support.pulumi.standin.resources.bucket_parts import LIFTED_AFTER
from support.servers.s3_servers import Server


@pytest.fixture
def stack(aws: Server, bucket_name: str, tmp_path: Path) -> Stack:
    config = {"provider": "aws", "bucket": bucket_name, "region": aws.region, "endpoint_url": aws.endpoint_url}
    environment = {**aws.environment(), **install(tmp_path / "home"), "AWS_ENDPOINT_URL": aws.endpoint_url}
    config |= {"prefix": "main", "subdirs": "linux-64", "force_path_style": True}
    return Stack(tmp_path / "stack", config, environment)


def settings(aws: Server, bucket: str) -> dict[str, Any]:
    """The settings of the bucket, as AWS answers them."""
    client = aws.client()
    encryption = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    return {
        "versioning": client.get_bucket_versioning(Bucket=bucket)["Status"],
        "encryption": encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
        "ownership": client.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"],
        "acls-blocked": block["BlockPublicAcls"] and block["IgnorePublicAcls"],
        "policies-blocked": (block["BlockPublicPolicy"], block["RestrictPublicBuckets"]),
        "statements": sids(aws, bucket),
    }


def sids(aws: Server, bucket: str) -> list[str]:
    try:
        policy = aws.client().get_bucket_policy(Bucket=bucket)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return []
    return sorted(one["Sid"] for one in json.loads(policy)["Statement"])


# Without the statement that denies requests without TLS, since moto has no TLS.
PRIVATE = {
    "versioning": "Enabled",
    "encryption": "AES256",
    "ownership": [{"ObjectOwnership": "BucketOwnerEnforced"}],
    "acls-blocked": True,
    "policies-blocked": (True, True),
    "statements": [],
}
PUBLIC = {
    **PRIVATE,
    "policies-blocked": (False, False),
    "statements": ["PublicReadGetObject", "PublicReadListBucket"],
}


def test_the_life_of_a_channel_on_the_aws_standin(aws: Server, bucket_name: str, stack: Stack, tmp_path: Path) -> None:
    ran = stack.up()
    assert ran.code == 0, ran
    assert settings(aws, bucket_name) == PRIVATE
    assert stack.outputs()["channels"]["main"]["auth"] == "aws"
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # From here on, a public policy is refused until the block was lifted some time ago.
    stack.environment |= {LIFTED_AFTER: "2", READS_SETTINGS: "1"}
    stack.config(visibility="public")
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done, ran
    assert settings(aws, bucket_name) == PUBLIC
    # A refresh reads what the resources of the settings made of the bucket; that is no change of the program's.
    assert stack.refresh().code == 0
    assert stack.resources()["bucket-bucket"]["outputs"]["versioning"]["enabled"] is True
    assert stack.up().done == {}

    # Changed by hand: three settings, and an index file.
    client = aws.client()
    client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Suspended"})
    client.delete_public_access_block(Bucket=bucket_name)
    client.delete_bucket_policy(Bucket=bucket_name)
    client.delete_object(Bucket=bucket_name, Key="main/noarch/repodata.json")
    ran = stack.refresh()
    assert ran.code == 0, ran
    assert ran.done != {}, ran
    ran = stack.up()
    assert ran.code == 0, ran
    assert settings(aws, bucket_name) == PUBLIC
    assert "main/noarch/repodata.json" in channels.etags(aws, bucket_name)

    stack.config(visibility="private")
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done, ran
    assert settings(aws, bucket_name) == PRIVATE

    client.put_object(Bucket=bucket_name, Key="main/linux-64/tool-1.0-0.conda", Body=b"a package")
    resources, objects = stack.resources(), channels.etags(aws, bucket_name)
    ran = stack.destroy()
    assert ran.code != 0, ran
    assert "1 package" in ran.output
    assert "force-destroy" in ran.output
    assert stack.resources() == resources
    assert channels.etags(aws, bucket_name) == objects
    assert settings(aws, bucket_name) == PRIVATE

    stack.config(force_destroy=True)
    ran = stack.up()
    assert ran.code == 0, ran
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert bucket_name not in channels.buckets(aws)


@pytest.mark.long
def test_a_bucket_adopted_on_the_aws_standin_is_never_deleted(aws: Server, bucket_name: str, stack: Stack) -> None:
    client = aws.client()
    client.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    client.put_object(Bucket=bucket_name, Key="main/linux-64/tool-1.0-0.conda", Body=b"a package")
    stack.environment |= {LIFTED_AFTER: "2"}
    stack.config(adopt=True, whole_bucket_listing=True, visibility="public")
    ran = stack.up()
    assert ran.code == 0, ran
    # The Sids contain the channel's name, so that they differ from the owner's.
    assert sids(aws, bucket_name) == ["PublicReadGetObjectMain", "PublicReadListBucketMain"]
    assert "main/linux-64/repodata.json" not in channels.etags(aws, bucket_name)
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert "main/linux-64/tool-1.0-0.conda" in channels.etags(aws, bucket_name)
