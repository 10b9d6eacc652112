"""PROVIDERS: what chaninfra knows of each store, one row a provider.

A difference between stores is a column here. Code asks a row for a fact; it never asks for a provider by name.
"""

from __future__ import annotations

from chaninfra.channel.provider import UNVERIFIED, Capability, Fact, Provider, Support

PIXI_PAGE = "pixi's documentation, page S3"


def _yes(source: str, *names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    return dict.fromkeys(names, Fact("yes", source, note))


def _no(source: str, *names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    return dict.fromkeys(names, Fact("no", source, note))


def _unknown(*names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    return dict.fromkeys(names, Fact("unknown", UNVERIFIED, note))


_BUCKET_SETTINGS: tuple[Capability, ...] = (
    "acl",
    "public-access-block",
    "cors",
    "lifecycle-versions",
    "lifecycle-uploads",
    "versioning",
    "encryption",
    "tags",
    "notifications",
)
_CONDITIONAL: tuple[Capability, ...] = ("conditional-create", "conditional-replace", "conditional-multipart")

_S3 = "Amazon S3 User Guide and API Reference"
_AWS_ENDPOINTS = "AWS General Reference, Amazon S3 endpoints"

_ROWS = (
    Provider(
        name="aws",
        title="Amazon S3",
        backend="aws",
        endpoint=Fact("https://s3.{region}.{dns-suffix}", _AWS_ENDPOINTS),
        region=Fact(None, _AWS_ENDPOINTS),
        addressing=Fact("virtual-host", _S3),
        location_constraint=Fact("region", _S3, "nothing in us-east-1"),
        checksums=Fact("when_supported", _S3),
        digest=Fact("checksum", _S3),
        public=Fact("bucket-policy", PIXI_PAGE),
        public_url=Fact("{bucket-url}", PIXI_PAGE),
        keys=Fact("aws-iam", _S3),
        oidc=Fact("aws-iam", _S3),
        capabilities={
            **_yes(_S3, "bucket-policy", *_BUCKET_SETTINGS, *_CONDITIONAL),
        },
    ),
    Provider(
        name="minio",
        title="MinIO",
        backend="s3",
        endpoint=Fact(None, PIXI_PAGE),
        region=Fact("us-east-1", PIXI_PAGE),
        addressing=Fact("path", PIXI_PAGE),
        location_constraint=Fact("region", UNVERIFIED),
        checksums=Fact("when_supported", UNVERIFIED),
        digest=Fact("checksum", UNVERIFIED),
        public=Fact("bucket-policy", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("minio-admin", UNVERIFIED),
        oidc=Fact("minio-openid", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "bucket-policy", "versioning", "lifecycle-versions", "tags", "notifications"),
            **_no(UNVERIFIED, "acl", "public-access-block", "cors", "lifecycle-uploads", "encryption"),
            **_yes(UNVERIFIED, *_CONDITIONAL),
        },
    ),
    Provider(
        name="r2",
        title="Cloudflare R2",
        backend="s3",
        endpoint=Fact("https://{account-id}[.{jurisdiction}].r2.cloudflarestorage.com", PIXI_PAGE),
        region=Fact("WEUR", PIXI_PAGE, "Cloudflare's docs say `auto`: set `region`"),
        addressing=Fact("virtual-host", PIXI_PAGE),
        location_constraint=Fact("omitted", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("checksum", UNVERIFIED),
        public=Fact("by-hand", PIXI_PAGE, "give the bucket a domain in the Cloudflare dashboard, or its r2.dev URL"),
        public_url=Fact(None, PIXI_PAGE, "r2.dev is rate limited"),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "cors", "lifecycle-uploads", *_CONDITIONAL),
            **_no(UNVERIFIED, "bucket-policy", "acl", "public-access-block", "versioning", "lifecycle-versions"),
            **_no(UNVERIFIED, "encryption", "tags", "notifications"),
        },
    ),
    Provider(
        name="wasabi",
        title="Wasabi",
        backend="s3",
        endpoint=Fact("https://s3.{region}.wasabisys.com", PIXI_PAGE),
        region=Fact(None, PIXI_PAGE),
        addressing=Fact("virtual-host", PIXI_PAGE),
        location_constraint=Fact("region", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("content-md5", UNVERIFIED),
        public=Fact("bucket-policy", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "bucket-policy", *_BUCKET_SETTINGS),
            **_no(UNVERIFIED, *_CONDITIONAL),
        },
    ),
    Provider(
        name="b2",
        title="Backblaze B2",
        backend="s3",
        endpoint=Fact("https://s3.{region}.backblazeb2.com", PIXI_PAGE),
        region=Fact(None, PIXI_PAGE),
        addressing=Fact("path", PIXI_PAGE),
        location_constraint=Fact("omitted", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("content-md5", UNVERIFIED),
        public=Fact("by-hand", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "acl", "cors", "encryption"),
            **_no(UNVERIFIED, "bucket-policy", "public-access-block", "lifecycle-versions", "lifecycle-uploads"),
            **_no(UNVERIFIED, "versioning", "tags", "notifications", *_CONDITIONAL),
        },
    ),
    Provider(
        name="gcs",
        title="Google Cloud Storage",
        backend="s3",
        endpoint=Fact("https://storage.googleapis.com", PIXI_PAGE),
        region=Fact("us-east-1", PIXI_PAGE),
        addressing=Fact("virtual-host", PIXI_PAGE),
        location_constraint=Fact("omitted", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("content-md5", UNVERIFIED),
        public=Fact("by-hand", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities={
            **_no(UNVERIFIED, "bucket-policy", *_BUCKET_SETTINGS, *_CONDITIONAL),
        },
    ),
    Provider(
        name="hetzner",
        title="Hetzner Object Storage",
        backend="s3",
        endpoint=Fact("https://{location}.your-objectstorage.com", PIXI_PAGE),
        region=Fact("US", PIXI_PAGE),
        addressing=Fact("virtual-host", PIXI_PAGE),
        location_constraint=Fact("omitted", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("content-md5", UNVERIFIED),
        public=Fact("bucket-policy", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "bucket-policy", "acl", "cors", "lifecycle-versions", "lifecycle-uploads", "versioning"),
            **_no(UNVERIFIED, "public-access-block", "encryption", "tags", "notifications", *_CONDITIONAL),
        },
    ),
    Provider(
        name="versitygw",
        title="Versity S3 Gateway",
        backend="s3",
        endpoint=Fact(None, UNVERIFIED),
        region=Fact("us-east-1", UNVERIFIED),
        addressing=Fact("path", UNVERIFIED),
        location_constraint=Fact("region", UNVERIFIED),
        checksums=Fact("when_supported", UNVERIFIED),
        digest=Fact("checksum", UNVERIFIED),
        public=Fact("bucket-policy", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("versitygw-admin", UNVERIFIED),
        oidc=Fact("versitygw-iam", UNVERIFIED),
        capabilities={
            **_yes(UNVERIFIED, "bucket-policy", "cors", "versioning", "tags", *_CONDITIONAL),
            **_no(UNVERIFIED, "acl", "public-access-block", "lifecycle-versions", "lifecycle-uploads"),
            **_no(UNVERIFIED, "encryption", "notifications"),
        },
    ),
    Provider(
        name="custom",
        title="Any other S3-compatible store",
        backend="s3",
        endpoint=Fact(None, "yours: `endpoint-url`"),
        region=Fact("us-east-1", UNVERIFIED, "the most common one; set `region` as the store says"),
        addressing=Fact("path", UNVERIFIED, "the most common one; set `force-path-style` as the store says"),
        location_constraint=Fact("omitted", UNVERIFIED),
        checksums=Fact("when_required", UNVERIFIED),
        digest=Fact("content-md5", UNVERIFIED),
        public=Fact("bucket-policy", UNVERIFIED),
        public_url=Fact("{bucket-url}", UNVERIFIED),
        keys=Fact("by-hand", UNVERIFIED),
        oidc=Fact("none", UNVERIFIED),
        capabilities=_unknown("bucket-policy", *_BUCKET_SETTINGS, *_CONDITIONAL),
    ),
)

PROVIDERS: dict[str, Provider] = {row.name: row for row in _ROWS}
