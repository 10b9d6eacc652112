"""The stand-in for pulumi-resource-aws under the real engine."""

import json
from typing import Any

import pytest

from support.pulumi.project import Failed, Project

pytestmark = pytest.mark.long

TWO_BUCKETS = """
    import json
    import pulumi
    import pulumi_aws as aws

    private = aws.s3.Bucket("private", bucket="story-private", tags={"kind": "channel"})
    aws.s3.BucketOwnershipControls("owner", bucket=private.bucket, rule={"object_ownership": "BucketOwnerEnforced"})
    aws.s3.BucketVersioning("versions", bucket=private.bucket, versioning_configuration={"status": "Enabled"})
    aws.s3.BucketServerSideEncryptionConfiguration(
        "encryption",
        bucket=private.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}, "bucket_key_enabled": True}],
    )
    aws.s3.BucketPublicAccessBlock(
        "closed",
        bucket=private.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
    )

    public = aws.s3.Bucket("public", bucket="story-public", force_destroy=True)
    opened = aws.s3.BucketPublicAccessBlock("opened", bucket=public.bucket, block_public_acls=True)
    read = lambda arn: {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": arn + "/*"}
    aws.s3.BucketPolicy(
        "readers",
        bucket=public.bucket,
        policy=public.arn.apply(lambda arn: json.dumps({"Version": "2012-10-17", "Statement": [read(arn)]})),
        opts=pulumi.ResourceOptions(depends_on=[opened]),
    )
    rule = {
        "id": "old",
        "status": "Enabled",
        "noncurrent_version_expiration": {"noncurrent_days": 30},
        "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
    }
    aws.s3.BucketLifecycleConfiguration("cleaning", bucket=public.bucket, rules=[rule])
    pulumi.export("arn", public.arn)
    pulumi.export("domain", public.bucket_regional_domain_name)
    pulumi.export("account", aws.get_caller_identity().account_id)
    pulumi.export("partition", aws.get_partition().partition)
    pulumi.export("region", aws.get_region().region)
"""


def test_up_refresh_drift_and_destroy(project: Project, s3: Any) -> None:
    project.write(TWO_BUCKETS)
    up = project.up()
    assert "+ 10 created" in up
    for output in ("arn:aws:s3:::story-public", "story-public.s3.eu-central-1.amazonaws.com", "123456789012"):
        assert output in up

    s3.put_bucket_versioning(Bucket="story-private", VersioningConfiguration={"Status": "Suspended"})
    changed = json.loads(s3.get_bucket_policy(Bucket="story-public")["Policy"])
    changed["Statement"][0]["Action"] = "s3:*"
    s3.put_bucket_policy(Bucket="story-public", Policy=json.dumps(changed))
    s3.delete_bucket_lifecycle(Bucket="story-public")
    refreshed = project.pulumi("refresh", "--yes", "--skip-preview")
    assert "~ 2 updated" in refreshed
    assert "- 1 deleted" in refreshed

    mended = project.up()
    assert "~ 2 updated" in mended
    assert "+ 1 created" in mended
    assert s3.get_bucket_versioning(Bucket="story-private")["Status"] == "Enabled"
    policy = json.loads(s3.get_bucket_policy(Bucket="story-public")["Policy"])
    assert policy["Statement"][0]["Action"] == ["s3:GetObject"]
    assert "10 unchanged" in project.up("--refresh", "--expect-no-changes")

    for body in (b"old", b"new"):
        s3.put_object(Bucket="story-private", Key="noarch/repodata.json", Body=body)
    with pytest.raises(Failed, match="BucketNotEmpty"):
        project.pulumi("destroy", "--yes", "--skip-preview")
    assert s3.get_bucket_versioning(Bucket="story-private")["Status"] == "Suspended"


def test_replace_adopt_and_refuse(project: Project, s3: Any) -> None:
    for name in ("adopted", "looked-up"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_tagging(Bucket="looked-up", Tagging={"TagSet": [{"Key": "team", "Value": "data"}]})
    program = """
        import pulumi
        import pulumi_aws as aws

        named = aws.s3.Bucket("named", bucket="NAME", tags={"token": pulumi.Output.secret("TAG")})
        aws.s3.BucketPublicAccessBlock("closed", bucket=named.bucket, block_public_policy=True)
        aws.s3.Bucket("auto")
        aws.s3.Bucket("adopted", bucket="adopted", opts=pulumi.ResourceOptions(import_="adopted", protect=False))
        pulumi.export("tags", aws.s3.Bucket.get("found", "looked-up").tags)
    """
    project.write(program.replace("NAME", "first").replace("TAG", "hush"))
    assert 'team: "data"' in project.up()
    state = project.state()
    automatic = state["auto"]["id"]
    assert automatic.startswith("auto-")
    assert state["adopted"]["id"] == "adopted"
    # The output is secret because the input of the same name is.
    assert "hush" not in json.dumps([state["named"]["inputs"], state["named"]["outputs"]["tags"]])

    project.write(program.replace("NAME", "second").replace("TAG", "whisper"))
    changed = project.pulumi("up", "--yes", "--stack=test")
    assert "+-2 to replace" in changed
    assert "+-2 replaced" in changed
    assert project.state()["auto"]["id"] == automatic
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} & {"first", "second"} == {"second"}

    # Without pulumi-aws's constructors, which would refuse the same.
    project.write("""
        import pulumi
        import pulumi_aws as aws

        pulumi.CustomResource(
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "wrong",
            {"buckets": "adopted", "rules": [{"applyServerSideEncryptionByDefault": {"kmsKey": "x"}}]},
        )
    """)
    with pytest.raises(Failed) as refused:
        project.pulumi("preview", "--stack=test")
    for reason in (
        "no property 'buckets' in BucketServerSideEncryptionConfigurationInitArgs",
        "missing required property 'bucket'",
        "no property 'rules[0].applyServerSideEncryptionByDefault.kmsKey'",
        "missing required property 'rules[0].applyServerSideEncryptionByDefault.sseAlgorithm'",
    ):
        assert reason in str(refused.value)
