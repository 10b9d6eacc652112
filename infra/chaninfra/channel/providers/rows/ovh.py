"""The row of PROVIDERS for OVHcloud Object Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.providers.rows.digitalocean import _SAFE
from chaninfra.channel.providers.sources import S3_URLS, no, unknown, yes

_OVH = "OVHcloud docs, Object Storage"

_OVH_CONDITIONAL = "OVHcloud docs, Object Storage, conditional writes"

OVH = Provider(
    name="ovh",
    title="OVHcloud Object Storage",
    backend="s3",
    endpoint=Fact("https://s3.{region}.io.cloud.ovh.net", _OVH, "in the USA it ends in .us: set `endpoint-url`"),
    region=Fact(None, _OVH),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint says the region"),
    checksums=Fact("when_required", UNVERIFIED, _SAFE),
    digest=Fact("content-md5", UNVERIFIED, _SAFE),
    public=Fact("by-hand", _OVH, "its ACLs are of single objects, so put a CDN or a proxy with a key in front"),
    public_url=Fact(None, _OVH),
    keys=Fact("by-hand", "OVHcloud docs, Object Storage, identity and access", "a user with a policy of its own"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **no(_OVH, "bucket-policy", note="policies are of users"),
        **no(UNVERIFIED, "public-access-block", "notifications"),
        **no(_OVH, "acl", note="a bucket's ACL does not open its objects"),
        **yes(_OVH, "lifecycle-versions", "lifecycle-uploads"),
        **yes(UNVERIFIED, "cors", "versioning", "encryption", "tags"),
        **yes(_OVH_CONDITIONAL, "conditional-create", "conditional-replace", "conditional-multipart"),
        **unknown("conditional-versioned"),
    },
    by_hand=ByHand(public=("let {public-host}, a CDN or a proxy with a reader's key, serve the bucket {bucket}",)),
)
