"""The row of PROVIDERS for Ceph Object Gateway."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider, Source
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, unknown, yes

BUCKET_OPERATIONS = Source("IBM Storage Ceph docs, S3 bucket operations")

CEPH = Provider(
    name="ceph",
    title="Ceph Object Gateway",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", UNVERIFIED, "the api_name of the zonegroup, if it is set"),
    addressing=Fact("path", UNVERIFIED, "virtual-host style needs rgw_dns_name"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, "newer releases accept the newer checksums"),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", BUCKET_OPERATIONS),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "`radosgw-admin user create`, and a bucket policy that names the user"),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    capabilities={
        **yes(
            BUCKET_OPERATIONS, "bucket-policy", "acl", "cors", "versioning", "lifecycle-versions", "lifecycle-uploads"
        ),
        **yes(BUCKET_OPERATIONS, "public-access-block"),
        **unknown("encryption", "tags", "notifications"),
        **unknown("conditional-create", "conditional-replace", "conditional-multipart", "conditional-versioned"),
    },
)
