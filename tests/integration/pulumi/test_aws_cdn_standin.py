"""A channel behind CloudFront by the real engine on the stand-in for the AWS provider, which forwards to moto.

Moto stores a distribution's settings and serves nothing. The tests check the distribution's settings, the bucket
policy, that an unchanged config makes no change, and that `publish` invalidates the index at the CDN.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.page.files import content_security_policy
from support.channels import channels
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

OURS = {"ChaninfraCdnReadGetObject", "ChaninfraCdnReadListBucket"}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"


def policy(aws: Server, bucket: str) -> dict[str, Any]:
    """Sid → statement of the bucket policy."""
    found = json.loads(aws.client().get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    return {one["Sid"]: one for one in found}


def blocked(aws: Server, bucket: str) -> set[bool]:
    """The values of the four settings of the public access block."""
    found = aws.client().get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    return set(found.values())


def invalidated(cloudfront: Any, id_: str) -> list[set[str]]:
    """The paths of each invalidation."""
    found = cloudfront.list_invalidations(DistributionId=id_)["InvalidationList"].get("Items", [])
    return [
        set(
            cloudfront.get_invalidation(DistributionId=id_, Id=one["Id"])["Invalidation"]["InvalidationBatch"]["Paths"][
                "Items"
            ]
        )
        for one in found
    ]


def test_the_life_of_a_channel_behind_a_cdn_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, iam: Any, cloudfront: Any, tmp_path: Path
) -> None:
    issuer = f"https://idp.example.com/{bucket_name}"
    stack.config(
        visibility="public",
        cdn={},
        publishers={"ci": {"oidc": {"issuer": issuer, "audience": "conda", "subject": "builder"}}},
    )
    # A preview works although the distribution's outputs are unknown.
    ran = stack.preview()
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    described = stack.outputs()["channels"]["main"]
    id_ = described["cdn"]["id"]
    made = cloudfront.get_distribution(Id=id_)["Distribution"]
    assert described["cdn"] == {"kind": "cloudfront", "id": id_}
    assert described["public-url"] == f"https://{made['DomainName']}/main"
    assert described["auth"] == "public"
    stored = aws.client().get_object(Bucket=bucket_name, Key="main/channel.json")["Body"].read()
    assert json.loads(stored) == described

    # Only the distribution may read the bucket.
    assert blocked(aws, bucket_name) == {True}
    statements = policy(aws, bucket_name)
    assert set(statements) == OURS
    for one in statements.values():
        assert one["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert one["Condition"] == {"StringEquals": {"aws:SourceArn": made["ARN"]}}
    rights = iam.get_role_policy(RoleName=f"{bucket_name}-main-publisher-ci", PolicyName="conda-channel")
    (refresh,) = [one for one in rights["PolicyDocument"]["Statement"] if one["Sid"] == "RefreshCdn"]
    assert (refresh["Action"], refresh["Resource"]) == (["cloudfront:CreateInvalidation"], [made["ARN"]])

    config = made["DistributionConfig"]
    (origin,) = config["Origins"]["Items"]
    assert origin["DomainName"] == f"{bucket_name}.s3.eu-central-1.amazonaws.com"
    control = cloudfront.get_origin_access_control(Id=origin["OriginAccessControlId"])["OriginAccessControl"]
    assert control["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    assert (config["HttpVersion"], config["DefaultRootObject"]) == ("http2and3", "channel.json")
    behaviors = {one["PathPattern"]: one for one in config["CacheBehaviors"]["Items"]}
    behaviors["*"] = config["DefaultCacheBehavior"]
    for one in behaviors.values():
        assert one["ViewerProtocolPolicy"] == "https-only"
        assert set(one["AllowedMethods"]["Items"]) == {"GET", "HEAD"}
    assert {pattern: one["Compress"] for pattern, one in behaviors.items()} == {
        "*.conda": False,
        "*.tar.bz2": False,
        "*.zst": False,
        "*/": True,
        "*": True,
    }

    def ttl(pattern: str) -> tuple[int, int]:
        found = cloudfront.get_cache_policy(Id=behaviors[pattern]["CachePolicyId"])["CachePolicy"]["CachePolicyConfig"]
        return int(found["MinTTL"]), int(found["DefaultTTL"])

    assert (ttl("*"), ttl("*.zst"), ttl("*.conda")) == ((0, 300), (0, 300), (0, 31536000))
    # The page: its headers, and the function that runs for URLs that end in a slash.
    (policy_id,) = {one["ResponseHeadersPolicyId"] for one in behaviors.values()}
    headers = cloudfront.get_response_headers_policy(Id=policy_id)["ResponseHeadersPolicy"]
    csp = headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    assert csp["ContentSecurityPolicy"] == f"{content_security_policy()}; frame-ancestors 'none'"
    run = {pattern: one["FunctionAssociations"].get("Items", []) for pattern, one in behaviors.items()}
    ((pattern, (associated,)),) = ((pattern, items) for pattern, items in run.items() if items)
    assert (pattern, associated["EventType"]) == ("*/", "viewer-request")
    function = associated["FunctionARN"].rpartition("/")[2]
    assert cloudfront.describe_function(Name=function, Stage="LIVE")["FunctionSummary"]["Name"] == function
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # `publish` invalidates what it wrote. If that fails, it warns, and the packages stay published.
    file = tmp_path / "channel.json"
    file.write_text(json.dumps(described))
    first = make_package(tmp_path, "hello", "1.0")
    environment = {"AWS_ENDPOINT_URL": aws.endpoint_url}
    ran_cli = chaninfra("publish", first, "-c", file, server=aws, env=environment)
    assert ran_cli.returncode == 0, ran_cli.stderr
    assert "warning" not in ran_cli.stderr
    assert invalidated(cloudfront, id_) == [{"/main/noarch/repodata*"}]
    assert chaninfra("publish", first, "-c", file, server=aws, env=environment).returncode == 0
    assert chaninfra("reindex", file, server=aws, env=environment).returncode == 0
    assert len(invalidated(cloudfront, id_)) == 1, "nothing changed"
    other = make_package(tmp_path / "other", "hello", "1.0", payload=b"other bytes")
    ran_cli = chaninfra("publish", "--force", other, "-c", file, server=aws, env=environment)
    assert ran_cli.returncode == 0, ran_cli.stderr
    assert {"/main/noarch/repodata*", f"/main/noarch/{other.name}"} in invalidated(cloudfront, id_)
    assert chaninfra("reindex", "--force", file, server=aws, env=environment).returncode == 0
    assert {"/main/noarch/*", "/main/linux-64/*"} in invalidated(cloudfront, id_)
    second = make_package(tmp_path, "tool", "1.0", subdir="linux-64")
    closed = {**environment, "AWS_ENDPOINT_URL_CLOUDFRONT": "http://127.0.0.1:1"}
    ran_cli = chaninfra("publish", second, "-c", file, server=aws, env=closed)
    assert ran_cli.returncode == 0, ran_cli.stderr
    command = f"aws cloudfront create-invalidation --distribution-id {id_} --paths '/main/linux-64/repodata*'"
    assert "warning:" in ran_cli.stderr
    assert command in ran_cli.stderr
    objects = channels.etags(aws, bucket_name)

    # Changed by hand: http allowed, and the bucket public.
    answer = cloudfront.get_distribution_config(Id=id_)
    answer["DistributionConfig"]["DefaultCacheBehavior"]["ViewerProtocolPolicy"] = "allow-all"
    cloudfront.update_distribution(Id=id_, IfMatch=answer["ETag"], DistributionConfig=answer["DistributionConfig"])
    aws.client().delete_public_access_block(Bucket=bucket_name)
    wider = {**statements["ChaninfraCdnReadGetObject"], "Principal": "*"}
    aws.client().put_bucket_policy(
        Bucket=bucket_name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [wider]})
    )
    ran = stack.refresh()
    assert ran.done == {"updated": 2, "deleted": 1}, ran
    ran = stack.up()
    assert ran.done == {"updated": 2, "created": 1}, ran
    assert policy(aws, bucket_name) == statements
    assert blocked(aws, bucket_name) == {True}
    now = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]
    assert now["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"

    # Changed in place: a domain, and CORS origins.
    stack.config(
        cdn={"domain": f"{bucket_name}.example.com", "certificate-arn": CERTIFICATE},
        cors_origins=["https://docs.example.com"],
        tags={"team": "platform"},
    )
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done
    described = stack.outputs()["channels"]["main"]
    assert described["public-url"] == f"https://{bucket_name}.example.com/main"
    assert described["cdn"]["id"] == id_
    assert cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]["Aliases"]["Items"] == [
        f"{bucket_name}.example.com"
    ]
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # Without a page nothing of it is left, and with it again it is there.
    stack.config(page=False)
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done
    assert function not in str(cloudfront.list_functions())
    left = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]
    assert [one["PathPattern"] for one in left["CacheBehaviors"]["Items"]] == ["*.conda", "*.tar.bz2", "*.zst"]
    assert "ResponseHeadersPolicyId" not in left["DefaultCacheBehavior"]
    assert stack.up().done == {}
    stack.config(page=None)
    assert stack.up().code == 0

    # While the bucket has packages nothing is deleted, the CDN included.
    ran = stack.destroy()
    assert ran.code != 0, ran
    assert cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]["Enabled"]

    # Without the CDN the bucket itself is public; its objects stay.
    stack.config(cdn=None)
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done
    assert set(policy(aws, bucket_name)) == {"PublicReadGetObject", "PublicReadListBucket"}
    assert blocked(aws, bucket_name) == {True, False}
    described = stack.outputs()["channels"]["main"]
    assert described["cdn"] is None
    assert described["public-url"].startswith(aws.endpoint_url)
    assert id_ not in str(cloudfront.list_distributions())
    kept = channels.etags(aws, bucket_name)
    assert {key for key in objects if kept.get(key) != objects[key]} == {"main/channel.json"}

    # With the CDN again, then everything destroyed.
    stack.config(cdn={}, force_destroy=True)
    ran = stack.up()
    assert ran.code == 0, ran
    assert set(policy(aws, bucket_name)) == OURS
    id_ = stack.outputs()["channels"]["main"]["cdn"]["id"]
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert bucket_name not in channels.buckets(aws)
    assert id_ not in str(cloudfront.list_distributions())
    assert bucket_name not in str(cloudfront.list_origin_access_controls())


def test_an_adopted_bucket_behind_a_cdn_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, cloudfront: Any
) -> None:
    client = aws.client()
    client.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/ops"},
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{bucket_name}/others/*",
    }
    client.put_bucket_policy(Bucket=bucket_name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [theirs]}))
    packages = channels.fill(aws, bucket_name, "main", stack.folder / "packages")
    stack.config(adopt=True, whole_bucket_listing=True, visibility="public", cdn={})
    ran = stack.preview()
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    id_ = stack.outputs()["channels"]["main"]["cdn"]["id"]
    arn = cloudfront.get_distribution(Id=id_)["Distribution"]["ARN"]
    found = policy(aws, bucket_name)
    assert found.pop("Theirs") == theirs
    assert set(found) == {f"{sid}Main" for sid in OURS}
    assert all(one["Condition"]["StringEquals"]["aws:SourceArn"] == arn for one in found.values())
    assert stack.up().done == {}
    assert stack.refresh().done == {}
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert policy(aws, bucket_name) == {"Theirs": theirs}
    assert set(packages) <= set(channels.etags(aws, bucket_name))
    assert id_ not in str(cloudfront.list_distributions())
