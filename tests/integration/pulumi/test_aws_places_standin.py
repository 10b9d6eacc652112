"""An adopted bucket with access, and AWS's other partitions, by the real engine on the stand-in for the AWS provider.

The engine and the program are real. Moto replaces AWS; it does not evaluate policies.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from support.channels import channels
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

ISSUER = "https://idp.example.com/{}"
OPS = "arn:aws:iam::123456789012:role/ops"


def policy(aws: Server, bucket: str) -> list[dict[str, Any]]:
    """The statements of the bucket policy."""
    found: list[dict[str, Any]] = json.loads(aws.client().get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    return found


def put_policy(aws: Server, bucket: str, statements: list[dict[str, Any]]) -> None:
    aws.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def builder(bucket: str) -> dict[str, Any]:
    """A principal with its own issuer: the tests share an account, which has one OIDC provider per issuer."""
    return {"oidc": {"issuer": ISSUER.format(bucket), "audience": "conda", "subject": "builder"}}


def test_an_adopted_bucket_with_access_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, iam: Any
) -> None:
    client = aws.client()
    client.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    client.put_object(Bucket=bucket_name, Key="others/data.csv", Body=b"1,2")
    arn = f"arn:aws:s3:::{bucket_name}"
    theirs = [
        {
            "Sid": "Theirs",
            "Effect": "Allow",
            "Principal": {"AWS": OPS},
            "Action": "s3:*",
            "Resource": f"{arn}/others/*",
        },
        # Without a Sid, as the AWS console writes them.
        {"Effect": "Allow", "Principal": {"AWS": OPS}, "Action": "s3:ListBucket", "Resource": arn},
    ]
    put_policy(aws, bucket_name, theirs)
    stack.config(
        adopt=True,
        publishers={"ci": builder(bucket_name), "ops": {"arn": OPS}},
        readers={"partner": {"arn": "210987654321"}},
    )
    ran = stack.up()
    assert ran.code == 0, ran
    assert ran.done.get("created"), ran
    role = f"{bucket_name}-main-publisher-ci"
    assert (
        iam.get_role(RoleName=role)["Role"]["Arn"] == stack.outputs()["access"]["main"]["publishers"]["ci"]["role-arn"]
    )
    merged = policy(aws, bucket_name)
    ours = [statement for statement in merged if statement not in theirs]
    assert merged == theirs + ours
    assert {one["Sid"] for one in ours} == {
        "ChaninfraReaderMainReadChannelMain",
        "ChaninfraReaderMainListBucketMain",
        "ChaninfraPublisherMainReadChannelMain",
        "ChaninfraPublisherMainListBucketMain",
        "ChaninfraPublisherMainAddFilesMain",
    }
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # Changed by hand: one of our statements is missing, one allows more, and the owner has added one.
    packages = channels.fill(aws, bucket_name, "main", stack.folder / "packages")
    theirs.append({"Sid": "Later", "Effect": "Deny", "Principal": "*", "Action": "s3:PutBucketAcl", "Resource": arn})
    wider = [{**one, "Action": "s3:*"} if "AddFiles" in one["Sid"] else one for one in ours[1:]]
    put_policy(aws, bucket_name, [*theirs, *wider])
    ran = stack.refresh()
    assert ran.done == {"updated": 1}, ran
    ran = stack.up()
    assert ran.done == {"updated": 1}, ran
    assert policy(aws, bucket_name) == theirs + ours

    # Changed in place: a reader added, a publisher removed.
    stack.config(
        publishers={"ci": builder(bucket_name)}, readers={"partner": {"arn": "210987654321"}, "ops": {"arn": OPS}}
    )
    ran = stack.up()
    assert ran.done == {"updated": 1}, ran
    now = policy(aws, bucket_name)
    assert now[: len(theirs)] == theirs
    assert {one["Sid"] for one in now[len(theirs) :]} == {
        "ChaninfraReaderMainReadChannelMain",
        "ChaninfraReaderMainListBucketMain",
    }
    assert "arn:aws:iam::210987654321:root" in json.dumps(now)

    # Our statements are removed. The bucket, its objects and the owner's statements stay.
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert policy(aws, bucket_name) == theirs
    assert {*packages, "others/data.csv"} <= set(channels.etags(aws, bucket_name))
    assert not [one for one in iam.list_roles()["Roles"] if bucket_name in one["RoleName"]]


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_every_arn_has_the_partition_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, region: str, partition: str
) -> None:
    """The URLs are moto's, since it is the `endpoint-url`. `tests/unit/channel/providers/test_aws_partitions.py` tests
    those of AWS."""
    key = f"arn:{partition}:kms:{region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    boundary = f"arn:{partition}:iam::123456789012:policy/boundary"
    there = replace(aws, region=region)
    stack.config(
        region=region,
        publishers={"ci": builder(bucket_name)},
        readers={"partner": {"arn": "210987654321"}},
        aws={"kms-key-arn": key, "no-overwrite": True, "roles": {"permissions-boundary": boundary}},
    )
    ran = stack.up()
    assert ran.code == 0, ran
    assert bucket_name in channels.buckets(there)
    export = stack.export()
    assert f"arn:{partition}:s3:::{bucket_name}" in export
    assert f"arn:{partition}:iam::123456789012:role/" in export
    assert f"arn:{partition}:iam::123456789012:oidc-provider/" in export
    others = {"aws", "aws-cn", "aws-us-gov"} - {partition}
    assert not [other for other in others if f"arn:{other}:" in export]
    assert f"arn:{partition}:iam::210987654321:root" in json.dumps(policy(there, bucket_name))
    assert stack.up().done == {}
    assert stack.refresh().done == {}
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert bucket_name not in channels.buckets(there)
