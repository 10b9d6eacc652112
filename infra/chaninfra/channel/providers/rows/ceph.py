"""The row of PROVIDERS for Ceph Object Gateway."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider
from chaninfra.channel.providers.sources import S3_URLS, unknown, yes

_CEPH = "IBM Storage Ceph docs, S3 bucket operations"

CEPH = Provider(
    name="ceph",
    title="Ceph Object Gateway",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("us-east-1", UNVERIFIED, "its zonegroup's api_name where that is set"),
    addressing=Fact("path", UNVERIFIED, "the other way needs rgw_dns_name"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, "newer releases take the newer checksums"),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", _CEPH),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "`radosgw-admin user create`, and a bucket policy that names the user"),
    oidc=Fact("none", UNVERIFIED, "its STS knows OIDC; chaninfra prints no settings for it yet"),
    capabilities={
        **yes(_CEPH, "bucket-policy", "acl", "cors", "versioning", "lifecycle-versions", "lifecycle-uploads"),
        **yes(_CEPH, "public-access-block"),
        **unknown("encryption", "tags", "notifications"),
        **unknown("conditional-create", "conditional-replace", "conditional-multipart", "conditional-versioned"),
    },
)
