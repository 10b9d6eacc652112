"""The engine on the stand-in: what the quick tests of the stand-in have."""

from engine.conftest import aws, cloudfront, iam, moto, project, pulumi_environment, s3

__all__ = ["aws", "cloudfront", "iam", "moto", "project", "pulumi_environment", "s3"]
