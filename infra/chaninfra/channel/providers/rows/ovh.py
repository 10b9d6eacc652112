"""The row of PROVIDERS for OVHcloud Object Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import S3_URLS, SAFE_DEFAULT, no, unknown, yes

OBJECT_STORAGE = Source("OVHcloud docs, Object Storage")
CONDITIONAL_WRITES = Source("OVHcloud docs, Object Storage, conditional writes")
IDENTITY = Source("OVHcloud docs, Object Storage, identity and access")

OVH = Provider(
    name="ovh",
    title="OVHcloud Object Storage",
    backend="s3",
    endpoint=Fact(
        "https://s3.{region}.io.cloud.ovh.net", OBJECT_STORAGE, "in the USA it ends in .us; set `endpoint-url`"
    ),
    region=Fact(None, OBJECT_STORAGE),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint determines the region"),
    checksums=Fact("when_required", UNVERIFIED, SAFE_DEFAULT),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact(
        "by-hand",
        OBJECT_STORAGE,
        "ACLs apply to single objects only; put a CDN or a proxy with a key in front of the bucket",
    ),
    public_url=Fact(None, OBJECT_STORAGE),
    keys=Fact("by-hand", IDENTITY, "a user with a policy of its own"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **no(OBJECT_STORAGE, "bucket-policy", note="policies belong to users"),
        **no(UNVERIFIED, "public-access-block", "notifications"),
        **no(OBJECT_STORAGE, "acl", note="a bucket's ACL does not make its objects readable"),
        **yes(OBJECT_STORAGE, "lifecycle-versions", "lifecycle-uploads"),
        **yes(UNVERIFIED, "cors", "versioning", "encryption", "tags"),
        **yes(CONDITIONAL_WRITES, "conditional-create", "conditional-replace", "conditional-multipart"),
        **unknown("conditional-copy", "conditional-versioned", "conditional-recreate"),
    },
    by_hand=ByHand(public=("let {public-host}, a CDN or a proxy with a reader's key, serve the bucket {bucket}",)),
)
