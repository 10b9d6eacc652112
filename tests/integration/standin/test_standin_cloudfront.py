"""The stand-in's CloudFront types under the real engine."""

from typing import Any

import pytest

from support.pulumi.project import Project

pytestmark = pytest.mark.long

CDN = """
    import json
    import pulumi
    import pulumi_aws as aws

    bucket = aws.s3.Bucket("channel", bucket="behind-a-cdn")
    control = aws.cloudfront.OriginAccessControl(
        "control",
        origin_access_control_origin_type="s3",
        signing_behavior="always",
        signing_protocol="sigv4",
    )
    index = aws.cloudfront.CachePolicy(
        "index",
        min_ttl=0,
        default_ttl=60,
        max_ttl=300,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            "headers_config": {"header_behavior": "none"},
            "query_strings_config": {"query_string_behavior": "none"},
        },
    )
    methods = {"allowed_methods": ["GET", "HEAD"], "cached_methods": ["GET", "HEAD"]}
    behavior = {"target_origin_id": "channel", "viewer_protocol_policy": "redirect-to-https", **methods}
    cdn = aws.cloudfront.Distribution(
        "cdn",
        enabled=True,
        origins=[
            {
                "origin_id": "channel",
                "domain_name": bucket.bucket_regional_domain_name,
                "origin_access_control_id": control.id,
            }
        ],
        default_cache_behavior={**behavior, "cache_policy_id": "658327ea-f89d-4fab-a63d-7e88639e58f6"},
        ordered_cache_behaviors=[{**behavior, "path_pattern": "*/repodata*", "cache_policy_id": index.id}],
        custom_error_responses=[{"error_code": 403, "error_caching_min_ttl": 5}],
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
    )

    def policy(arns):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"{arns[0]}/*",
            "Condition": {"StringEquals": {"aws:SourceArn": arns[1]}},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    document = pulumi.Output.all(bucket.arn, cdn.arn).apply(policy)
    aws.s3.BucketPolicy("readers", bucket=bucket.bucket, policy=document)
    pulumi.export("url", cdn.domain_name)
"""


def test_a_private_bucket_behind_a_cdn(project: Project, cloudfront: Any) -> None:
    project.write(CDN)
    up = project.up()
    assert "+ 6 created" in up
    assert ".cloudfront.net" in up
    id_ = project.state()["cdn"]["id"]
    answer = cloudfront.get_distribution_config(Id=id_)
    answer["DistributionConfig"]["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    cloudfront.update_distribution(Id=id_, IfMatch=answer["ETag"], DistributionConfig=answer["DistributionConfig"])
    mended = project.up("--refresh")
    assert "~ 1 updated" in mended
    behavior = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]["DefaultCacheBehavior"]
    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert "6 unchanged" in project.up("--refresh", "--expect-no-changes")
    assert "- 6 deleted" in project.pulumi("destroy", "--yes", "--skip-preview")
    assert id_ not in str(cloudfront.list_distributions())
