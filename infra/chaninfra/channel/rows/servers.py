"""Servers that one runs oneself, and `custom`."""

from __future__ import annotations

from chaninfra.channel.provider import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.provider_facts import (
    BUCKET_SETTINGS,
    CONDITIONAL,
    LIVE,
    MINIO,
    PIXI_PAGE,
    S3_URLS,
    VERSITYGW,
    key_steps,
    no,
    unknown,
    yes,
)

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

VERSITYGW_ROW = Provider(
    name="versitygw",
    title="Versity S3 Gateway",
    backend="s3",
    endpoint=Fact(None, "versitygw, its own help"),
    region=Fact("us-east-1", f"versitygw, its own help; {VERSITYGW}", "any region signs"),
    addressing=Fact("path", VERSITYGW, "the other way needs --virtual-domain"),
    scheme=S3_URLS,
    location_constraint=Fact("region", VERSITYGW, "nothing in us-east-1; only the server's own region is taken"),
    checksums=Fact("when_supported", VERSITYGW),
    digest=Fact("checksum", VERSITYGW),
    public=Fact("bucket-policy", VERSITYGW),
    public_url=Fact("{bucket-url}", VERSITYGW, "https only where the server, or a proxy, has a certificate"),
    keys=Fact("versitygw-admin", VERSITYGW),
    oidc=Fact("versitygw-iam", VERSITYGW, "its `iam` command, beside the gateway; issuers at public addresses only"),
    capabilities={
        **yes(VERSITYGW, "bucket-policy", "cors", "versioning", "tags"),
        **yes(VERSITYGW, "acl", note="where the bucket's ownership controls allow ACLs"),
        **no(VERSITYGW, "public-access-block", "lifecycle-versions", "lifecycle-uploads", "encryption"),
        **no(VERSITYGW, "notifications", note="the server's own settings (--event-…) instead"),
        **yes(VERSITYGW, *CONDITIONAL),
    },
)

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

_GARAGE = "Garage docs, S3 compatibility status"

GARAGE = Provider(
    name="garage",
    title="Garage",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("garage", UNVERIFIED, "what s3_region says in its configuration"),
    addressing=Fact("path", _GARAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("by-hand", _GARAGE, "`garage bucket website --allow BUCKET`"),
    public_url=Fact(None, _GARAGE, "another host than the S3 API: the root_domain of its web endpoint"),
    keys=Fact("by-hand", _GARAGE, "`garage key create`, and `garage bucket allow` for reading or writing"),
    oidc=Fact("none", _GARAGE),
    capabilities={
        **no(_GARAGE, "bucket-policy", "acl", "public-access-block", "versioning", "encryption", "tags"),
        **no(_GARAGE, "lifecycle-versions", "notifications"),
        **yes(_GARAGE, "cors"),
        **unknown("lifecycle-uploads"),
        **no(LIVE, *CONDITIONAL, note="the headers are ignored: such a write overwrites (Garage 2.4.1)"),
    },
    # Garage docs, quick start, and exposing websites.
    by_hand=ByHand(
        public=(
            "garage bucket website --allow {bucket}",
            "let {public-host} reach the web endpoint of Garage with the host name {bucket}, or BUCKET.ROOT_DOMAIN",
        ),
        key=key_steps(
            "garage key create {user}",
            "garage bucket allow {may} {bucket} --key {user}",
            reader="--read",
            publisher="--read --write",
        ),
    ),
)

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

_YOURS = "set it as the store says"

CUSTOM = Provider(
    name="custom",
    title="Any other S3-compatible store",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("us-east-1", PIXI_PAGE, _YOURS),
    addressing=Fact("path", UNVERIFIED, f"`force-path-style`: {_YOURS}"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, "what every store takes"),
    digest=Fact("content-md5", UNVERIFIED, "what every store takes"),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED),
    oidc=Fact("none", UNVERIFIED),
    capabilities=unknown("bucket-policy", *BUCKET_SETTINGS, *CONDITIONAL),
)
