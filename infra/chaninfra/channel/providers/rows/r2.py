"""The row of PROVIDERS for Cloudflare R2."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import LIVE, PIXI_PAGE, S3_URLS, key_steps, no, yes

_R2 = "Cloudflare R2 docs, S3 API compatibility"

_R2_PUBLIC = "Cloudflare R2 docs, public buckets"

R2 = Provider(
    name="r2",
    title="Cloudflare R2",
    backend="s3",
    endpoint=Fact("https://{account-id}[.{jurisdiction}].r2.cloudflarestorage.com", PIXI_PAGE),
    region=Fact("WEUR", PIXI_PAGE, "Cloudflare itself says `auto`: set `region` to that"),
    addressing=Fact("virtual-host", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _R2, "the account's nearest place"),
    checksums=Fact("when_required", _R2, "PUT takes the newer checksums, the calls that set up a bucket do not"),
    digest=Fact("content-md5", _R2),
    public=Fact("by-hand", _R2_PUBLIC, "connect a domain to the bucket in the Cloudflare dashboard"),
    public_url=Fact(None, _R2_PUBLIC, "an r2.dev URL is rate limited and for trials; a domain of one's own is not"),
    keys=Fact("by-hand", "Cloudflare R2 docs, authentication", "an API token for one bucket, reading or writing"),
    oidc=Fact("none", "Cloudflare R2 docs, authentication"),
    capabilities={
        **no(_R2, "bucket-policy", "acl", "public-access-block", "versioning", "lifecycle-versions", "tags"),
        **no(_R2, "encryption", note="R2 encrypts every object anyway"),
        **no(_R2, "notifications", note="Cloudflare's own event notifications go to its queues"),
        **yes(_R2, "cors"),
        **yes(
            "Cloudflare R2 docs, object lifecycles", "lifecycle-uploads", note="a new bucket has a rule for seven days"
        ),
        **yes(f"{_R2}; {LIVE}", "conditional-create"),
        **yes(_R2, "conditional-replace"),
        **yes(LIVE, "conditional-multipart"),
        **no(_R2, "conditional-versioned", note="R2 has no versions"),
    },
    # Cloudflare R2 docs, public buckets, and authentication.
    by_hand=ByHand(
        public=(
            "Cloudflare dashboard > R2 > {bucket} > Settings > Custom Domains > Add: {public-host}",
            "or, where {public-host} ends in r2.dev: Settings > Public Development URL > Enable",
        ),
        key=key_steps(
            "Cloudflare dashboard > R2 > Manage API tokens > Create Account API token, named {user}",
            "Permissions: {may}; apply to specific buckets only: {bucket}",
            "keep the Access Key ID and the Secret Access Key, which is shown once",
            reader="Object Read only",
            publisher="Object Read & Write",
        ),
    ),
)
