"""The row of PROVIDERS for Amazon S3."""

from __future__ import annotations

from chaninfra.channel.providers.model import Fact, Provider, Source
from chaninfra.channel.providers.sources import BUCKET_SETTINGS, CONDITIONAL, PIXI, S3_URLS, yes

USER_GUIDE = Source(
    "Amazon S3 User Guide and API Reference", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html"
)
ENDPOINTS = Source(
    "AWS General Reference, Amazon S3 endpoints", "https://docs.aws.amazon.com/general/latest/gr/s3.html"
)
VIRTUAL_HOSTING = Source(
    "Amazon S3 User Guide, virtual hosting of buckets",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html",
)
WEBSITE = Source(
    "Amazon S3 User Guide, website endpoints, 2026-11-27",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html",
)
CREATE_BUCKET = Source(
    "Amazon S3 API Reference, CreateBucket", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"
)
INTEGRITY = Source(
    "Amazon S3 User Guide, checking object integrity",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html",
)
CONDITIONAL_WRITES = Source(
    "Amazon S3 User Guide, conditional writes",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
)
COPY_OBJECT = Source(
    "Amazon S3 API Reference, CopyObject", "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"
)
IAM = Source("AWS IAM User Guide", "https://docs.aws.amazon.com/IAM/latest/UserGuide/introduction.html")
OIDC = Source(
    "AWS IAM User Guide, OIDC federation",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html",
)

AWS = Provider(
    name="aws",
    title="Amazon S3",
    backend="aws",
    endpoint=Fact("https://s3.{region}.{dns-suffix}", ENDPOINTS),
    region=Fact(None, ENDPOINTS),
    addressing=Fact("virtual-host", VIRTUAL_HOSTING),
    scheme=S3_URLS,
    location_constraint=Fact("region", CREATE_BUCKET, "none in us-east-1"),
    checksums=Fact("when_supported", INTEGRITY),
    digest=Fact("checksum", INTEGRITY),
    public=Fact("bucket-policy", PIXI),
    public_url=Fact("{bucket-url}", PIXI, "downloads are billed; a CDN in front of the bucket is cheaper"),
    keys=Fact("aws-iam", IAM),
    oidc=Fact("aws-iam", OIDC),
    version_rights=Fact("own", IAM),
    index_document=Fact("no", WEBSITE, "only the website endpoint has it, by http; a CDN of the stack has it (`cdn`)"),
    capabilities={
        **yes(USER_GUIDE, "bucket-policy", *BUCKET_SETTINGS),
        **yes(CONDITIONAL_WRITES, *CONDITIONAL),
        **yes(COPY_OBJECT, "conditional-copy", note="If-None-Match since 2025"),
    },
)
