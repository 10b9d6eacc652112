"""The row of PROVIDERS for SeaweedFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider, Source
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, no, unknown, yes

S3_API = Source("SeaweedFS wiki, Amazon S3 API", "https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API")
CONDITIONAL_OPERATIONS = Source(
    "SeaweedFS wiki, S3 conditional operations", "https://github.com/seaweedfs/seaweedfs/wiki/S3-Conditional-Operations"
)

SEAWEEDFS = Provider(
    name="seaweedfs",
    title="SeaweedFS",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", UNVERIFIED),
    addressing=Fact("path", UNVERIFIED, "virtual-host style needs -domainName"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "`s3.configure` in the weed shell"),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    capabilities={
        **yes(S3_API, "cors", "versioning"),
        **no(S3_API, "lifecycle-versions", "lifecycle-uploads", note="only expiration by the age of current objects"),
        **unknown("bucket-policy", "acl", "public-access-block", "encryption", "tags", "notifications"),
        **yes(CONDITIONAL_OPERATIONS, "conditional-create", "conditional-replace"),
        **unknown("conditional-multipart", "conditional-versioned"),
    },
)
