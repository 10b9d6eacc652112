"""The row of PROVIDERS for Scaleway Object Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider, Source
from chaninfra.channel.providers.sources import S3_URLS, SAFE_DEFAULT, no, unknown, yes

CONDITIONAL_WRITES = Source("Scaleway docs, using conditional writes")

SCALEWAY = Provider(
    name="scaleway",
    title="Scaleway Object Storage",
    backend="s3",
    endpoint=Fact("https://s3.{region}.scw.cloud", UNVERIFIED),
    region=Fact(None, UNVERIFIED),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint determines the region"),
    checksums=Fact("when_required", UNVERIFIED, SAFE_DEFAULT),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "an IAM application with an API key, and a bucket policy that names it"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **yes(UNVERIFIED, "bucket-policy", "acl", "cors", "versioning", "tags"),
        **yes(UNVERIFIED, "lifecycle-versions", "lifecycle-uploads"),
        **no(UNVERIFIED, "public-access-block", "notifications"),
        **unknown("encryption", "conditional-multipart", "conditional-copy"),
        **unknown("conditional-versioned", "conditional-recreate"),
        **yes(CONDITIONAL_WRITES, "conditional-create", "conditional-replace", note="since May 2026"),
    },
)
