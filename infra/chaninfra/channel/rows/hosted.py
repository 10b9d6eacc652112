"""Hosted stores that pixi's page does not name."""

from __future__ import annotations

from chaninfra.channel.provider import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.provider_facts import LIVE, S3_URLS, key_steps, no, unknown, yes

_SAFE = "what every store takes"

_SPACES = "DigitalOcean docs, Spaces S3 compatibility"
_SPACES_API = "DigitalOcean docs, Spaces API"

DIGITALOCEAN = Provider(
    name="digitalocean",
    title="DigitalOcean Spaces",
    backend="s3",
    endpoint=Fact("https://{region}.digitaloceanspaces.com", _SPACES_API),
    region=Fact(None, _SPACES_API),
    addressing=Fact("virtual-host", _SPACES_API),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint says the region"),
    checksums=Fact("when_required", LIVE, "accepted, and a wrong CRC32 is not noticed"),
    digest=Fact("content-md5", UNVERIFIED, _SAFE),
    public=Fact("bucket-policy", "DigitalOcean docs, configure bucket policies"),
    public_url=Fact("{bucket-url}", _SPACES_API, "its CDN is another host name; not for Cold Storage buckets"),
    keys=Fact("by-hand", "DigitalOcean docs, manage access to Spaces", "a key for some buckets, reading or writing"),
    oidc=Fact("none", _SPACES),
    capabilities={
        **yes(_SPACES, "bucket-policy", "versioning", "lifecycle-uploads"),
        **yes(_SPACES_API, "acl", "cors"),
        **unknown("lifecycle-versions", "tags", "conditional-replace", "conditional-versioned"),
        **no(_SPACES, "public-access-block", "notifications"),
        **no(_SPACES, "encryption", note="only with keys that the client sends (SSE-C)"),
        **yes(LIVE, "conditional-create"),
        **no(LIVE, "conditional-multipart", note="the header is ignored: such a write overwrites"),
    },
    # DigitalOcean docs, manage access to Spaces.
    by_hand=ByHand(
        key=key_steps(
            "DigitalOcean control panel > Spaces Object Storage > Access Keys > Create Access Key, named {user}",
            "Limited Access; {bucket}: {may}",
            "keep the secret key, which is shown once",
            reader="Read",
            publisher="Read/Write/Delete",
        ),
    ),
)

_SCALEWAY_CONDITIONAL = "Scaleway docs, using conditional writes"

SCALEWAY = Provider(
    name="scaleway",
    title="Scaleway Object Storage",
    backend="s3",
    endpoint=Fact("https://s3.{region}.scw.cloud", UNVERIFIED),
    region=Fact(None, UNVERIFIED),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint says the region"),
    checksums=Fact("when_required", UNVERIFIED, _SAFE),
    digest=Fact("content-md5", UNVERIFIED, _SAFE),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED, "an IAM application with an API key, and a bucket policy that names it"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **yes(UNVERIFIED, "bucket-policy", "acl", "cors", "versioning", "tags"),
        **yes(UNVERIFIED, "lifecycle-versions", "lifecycle-uploads"),
        **no(UNVERIFIED, "public-access-block", "notifications"),
        **unknown("encryption", "conditional-multipart", "conditional-versioned"),
        **yes(_SCALEWAY_CONDITIONAL, "conditional-create", "conditional-replace", note="since May 2026"),
    },
)

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

_TIGRIS = "Tigris docs, S3 API compatibility"
_TIGRIS_BUCKETS = "Tigris docs, bucket configuration"

TIGRIS = Provider(
    name="tigris",
    title="Tigris",
    backend="s3",
    endpoint=Fact("https://t3.storage.dev", _TIGRIS),
    region=Fact("auto", _TIGRIS),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", _TIGRIS, "accepted"),
    digest=Fact("content-md5", UNVERIFIED, _SAFE),
    public=Fact("by-hand", _TIGRIS_BUCKETS, "`tigris buckets set BUCKET --access public`"),
    public_url=Fact(None, _TIGRIS_BUCKETS, "the dashboard shows it; domains of one's own are possible"),
    keys=Fact("by-hand", "Tigris docs, IAM policies", "an access key with a policy"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **yes("Tigris docs, acceleration gateway, S3 API compatibility", "acl", "cors", "tags"),
        **unknown("bucket-policy", "lifecycle-versions", "lifecycle-uploads", "versioning", "encryption"),
        **no(UNVERIFIED, "public-access-block"),
        **no(_TIGRIS_BUCKETS, "notifications", note="webhooks of its own"),
        **unknown("conditional-create", "conditional-replace", "conditional-multipart", "conditional-versioned"),
    },
    # Tigris docs, bucket configuration.
    by_hand=ByHand(public=("tigris buckets set {bucket} --access public",)),
)
