"""The row of PROVIDERS for SeaweedFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider
from chaninfra.channel.providers.sources import S3_URLS, no, unknown, yes

_SEAWEEDFS = "SeaweedFS wiki, Amazon S3 API"

_SEAWEEDFS_CONDITIONAL = "SeaweedFS wiki, S3 conditional operations"

SEAWEEDFS = Provider(
    name="seaweedfs",
    title="SeaweedFS",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("us-east-1", UNVERIFIED),
    addressing=Fact("path", UNVERIFIED, "the other way needs -domainName"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "`s3.configure` in the weed shell"),
    oidc=Fact("none", UNVERIFIED, "its STS knows OIDC; chaninfra prints no settings for it yet"),
    capabilities={
        **yes(_SEAWEEDFS, "cors", "versioning"),
        **no(_SEAWEEDFS, "lifecycle-versions", "lifecycle-uploads", note="only the age of current objects"),
        **unknown("bucket-policy", "acl", "public-access-block", "encryption", "tags", "notifications"),
        **yes(_SEAWEEDFS_CONDITIONAL, "conditional-create", "conditional-replace"),
        **unknown("conditional-multipart", "conditional-versioned"),
    },
)
