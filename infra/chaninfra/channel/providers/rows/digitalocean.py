"""The row of PROVIDERS for DigitalOcean Spaces."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.providers.sources import LIVE, S3_URLS, key_steps, no, unknown, yes

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
