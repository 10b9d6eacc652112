"""The row of PROVIDERS for MinIO."""

from __future__ import annotations

from chaninfra.channel.providers.model import Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, MINIO, PIXI_PAGE, S3_URLS, no, yes

_MINIO_DOCS = "MinIO docs, OpenID settings"

MINIO_ROW = Provider(
    name="minio",
    title="MinIO",
    backend="s3",
    endpoint=Fact(None, PIXI_PAGE),
    region=Fact("us-east-1", f"{PIXI_PAGE}; {MINIO}", "any region signs while the server has none of its own"),
    addressing=Fact("path", f"{PIXI_PAGE}; {MINIO}"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", MINIO, "any is taken, and means nothing"),
    checksums=Fact("when_supported", MINIO),
    digest=Fact("checksum", MINIO),
    public=Fact("bucket-policy", MINIO),
    public_url=Fact("{bucket-url}", MINIO, "https only where the server, or a proxy, has a certificate"),
    keys=Fact("minio-admin", MINIO),
    oidc=Fact("minio-openid", f"{_MINIO_DOCS}; {MINIO}", "the server's settings name the issuer"),
    capabilities={
        **yes(MINIO, "bucket-policy", "versioning", "lifecycle-versions", "tags"),
        **yes("MinIO docs, bucket notifications", "notifications", note="to targets that the server's settings name"),
        **no(MINIO, "acl", "public-access-block"),
        **no(MINIO, "cors", note="one setting for the whole server: MINIO_API_CORS_ALLOW_ORIGIN"),
        **no(MINIO, "lifecycle-uploads", note="the server itself ends uploads after a day"),
        **yes("MinIO docs, server-side encryption", "encryption", note="where the server has a KMS; else it says so"),
        **yes(MINIO, *CONDITIONAL),
    },
)
