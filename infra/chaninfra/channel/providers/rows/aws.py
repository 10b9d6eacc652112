"""The row of PROVIDERS for Amazon S3."""

from __future__ import annotations

from chaninfra.channel.providers.model import Fact, Provider
from chaninfra.channel.providers.sources import BUCKET_SETTINGS, CONDITIONAL, PIXI_PAGE, S3_URLS, yes

_AWS_ENDPOINTS = "AWS General Reference, Amazon S3 endpoints"

_AWS = "Amazon S3 User Guide and API Reference"

_AWS_CONDITIONAL = "Amazon S3 User Guide, conditional writes"

AWS = Provider(
    name="aws",
    title="Amazon S3",
    backend="aws",
    endpoint=Fact("https://s3.{region}.{dns-suffix}", _AWS_ENDPOINTS),
    region=Fact(None, _AWS_ENDPOINTS),
    addressing=Fact("virtual-host", "Amazon S3 User Guide, virtual hosting of buckets"),
    scheme=S3_URLS,
    location_constraint=Fact("region", "Amazon S3 API Reference, CreateBucket", "nothing in us-east-1"),
    checksums=Fact("when_supported", "Amazon S3 User Guide, checking object integrity"),
    digest=Fact("checksum", "Amazon S3 User Guide, checking object integrity"),
    public=Fact("bucket-policy", PIXI_PAGE),
    public_url=Fact("{bucket-url}", PIXI_PAGE, "what is read is paid for; a CDN in front is cheaper"),
    keys=Fact("aws-iam", "AWS IAM User Guide"),
    oidc=Fact("aws-iam", "AWS IAM User Guide, OIDC federation"),
    capabilities={
        **yes(_AWS, "bucket-policy", *BUCKET_SETTINGS),
        **yes(_AWS_CONDITIONAL, *CONDITIONAL),
    },
)
