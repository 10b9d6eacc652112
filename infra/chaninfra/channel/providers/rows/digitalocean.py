"""The row of PROVIDERS for DigitalOcean Spaces."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import LIVE_TESTS, S3_URLS, SAFE_DEFAULT, key_steps, no, unknown, yes

S3_COMPATIBILITY = Source(
    "DigitalOcean docs, Spaces S3 compatibility",
    "https://docs.digitalocean.com/products/spaces/reference/s3-compatibility/",
)
SPACES_API = Source("DigitalOcean docs, Spaces API", "https://docs.digitalocean.com/reference/api/spaces/")
BUCKET_POLICIES = Source(
    "DigitalOcean docs, configure bucket policies",
    "https://docs.digitalocean.com/products/spaces/how-to/configure-bucket-policies/",
)
ACCESS_KEYS = Source(
    "DigitalOcean docs, manage access to Spaces", "https://docs.digitalocean.com/products/spaces/how-to/manage-access/"
)

DIGITALOCEAN = Provider(
    name="digitalocean",
    title="DigitalOcean Spaces",
    backend="s3",
    endpoint=Fact("https://{region}.digitaloceanspaces.com", SPACES_API),
    region=Fact(None, SPACES_API),
    addressing=Fact("virtual-host", SPACES_API),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED, "the endpoint says the region"),
    checksums=Fact("when_required", LIVE_TESTS, "the newer checksums are accepted, but a wrong CRC32 is not detected"),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact("bucket-policy", BUCKET_POLICIES),
    public_url=Fact("{bucket-url}", SPACES_API, "its CDN has another host name; not possible for Cold Storage buckets"),
    keys=Fact("by-hand", ACCESS_KEYS, "a key for selected buckets, with read or write access"),
    oidc=Fact("none", S3_COMPATIBILITY),
    capabilities={
        **yes(S3_COMPATIBILITY, "bucket-policy", "versioning", "lifecycle-uploads"),
        **yes(SPACES_API, "acl", "cors"),
        **unknown("lifecycle-versions", "tags", "conditional-replace"),
        **unknown("conditional-copy", "conditional-versioned", "conditional-recreate"),
        **no(S3_COMPATIBILITY, "public-access-block", "notifications"),
        **no(S3_COMPATIBILITY, "encryption", note="only with keys that the client sends (SSE-C)"),
        **yes(LIVE_TESTS, "conditional-create"),
        **no(LIVE_TESTS, "conditional-multipart", note="the header is ignored, and the object is overwritten"),
    },
    # DigitalOcean docs, manage access to Spaces.
    by_hand=ByHand(
        key=key_steps(
            "DigitalOcean control panel > Spaces Object Storage > Access Keys > Create Access Key, named {user}",
            "Limited Access; {bucket}: {may}",
            "save the secret key, which is shown only once",
            reader="Read",
            publisher="Read/Write/Delete",
        ),
    ),
)
