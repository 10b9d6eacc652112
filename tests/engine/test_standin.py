"""The stand-in for pulumi-resource-aws under the real engine."""

import json
from typing import Any

import pytest
from engine.project import Failed, Project

PROGRAM = """
    import json
    import pulumi
    import pulumi_aws as aws

    config = pulumi.Config()

    private = aws.s3.Bucket("private", bucket="NAME-private", force_destroy=True, tags={"kind": "channel"})
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

    public = aws.s3.Bucket("public", bucket="NAME-public")
    opened = aws.s3.BucketPublicAccessBlock(
        "opened", bucket=public.bucket, block_public_acls=True, block_public_policy=False, ignore_public_acls=True
    )
    policy = public.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": f"{arn}/*"}
                ],
            }
        )
    )
    aws.s3.BucketPolicy(
        "readers", bucket=public.bucket, policy=policy, opts=pulumi.ResourceOptions(depends_on=[opened])
    )
    aws.s3.BucketLifecycleConfiguration(
        "cleaning",
        bucket=public.bucket,
        rules=[
            {
                "id": "old",
                "status": "Enabled",
                "noncurrent_version_expiration": {"noncurrent_days": 30},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
    )
    pulumi.export("arn", public.arn)
    pulumi.export("domain", public.bucket_regional_domain_name)
    pulumi.export("account", aws.get_caller_identity().account_id)
    pulumi.export("partition", aws.get_partition().partition)
"""


def test_story(project: Project, s3: Any) -> None:
    project.write(PROGRAM.replace("NAME", "story"))
    out = project.up()
    print(out)
    print(project.pulumi("preview", "--expect-no-changes", "--diff"))
    print(project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes"))
    s3.put_bucket_versioning(Bucket="story-private", VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_policy(Bucket="story-public")
    print(project.pulumi("refresh", "--yes", "--skip-preview"))
    print(project.up("--diff"))
    print(project.pulumi("destroy", "--yes", "--skip-preview"))
