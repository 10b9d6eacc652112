"""The row of PROVIDERS for Cloudflare R2."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import LIVE_TESTS, PIXI, S3_URLS, key_steps, no, yes

S3_COMPATIBILITY = Source(
    "Cloudflare R2 docs, S3 API compatibility", "https://developers.cloudflare.com/r2/api/s3/api/"
)
PUBLIC_BUCKETS = Source(
    "Cloudflare R2 docs, public buckets", "https://developers.cloudflare.com/r2/buckets/public-buckets/"
)
AUTHENTICATION = Source("Cloudflare R2 docs, authentication", "https://developers.cloudflare.com/r2/api/tokens/")
LIFECYCLES = Source(
    "Cloudflare R2 docs, object lifecycles", "https://developers.cloudflare.com/r2/buckets/object-lifecycles/"
)
CONDITIONAL_OPERATIONS = Source(
    "Cloudflare R2 docs, conditional operations",
    "https://developers.cloudflare.com/r2/api/s3/conditional-operations/",
)

R2 = Provider(
    name="r2",
    title="Cloudflare R2",
    backend="s3",
    endpoint=Fact("https://{account-id}[.{jurisdiction}].r2.cloudflarestorage.com", PIXI),
    region=Fact("WEUR", PIXI, "Cloudflare's documentation uses `auto`; set `region` to use it"),
    addressing=Fact("virtual-host", PIXI),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", S3_COMPATIBILITY, "the location nearest to the account"),
    checksums=Fact(
        "when_required", S3_COMPATIBILITY, "PUT accepts the newer checksums, bucket configuration calls do not"
    ),
    digest=Fact("content-md5", S3_COMPATIBILITY),
    public=Fact("by-hand", PUBLIC_BUCKETS, "connect a domain to the bucket in the Cloudflare dashboard"),
    public_url=Fact(None, PUBLIC_BUCKETS, "an r2.dev URL is rate limited and meant for trials; use a custom domain"),
    keys=Fact("by-hand", AUTHENTICATION, "an API token for one bucket, with read or write access"),
    oidc=Fact("none", AUTHENTICATION),
    capabilities={
        **no(
            S3_COMPATIBILITY, "bucket-policy", "acl", "public-access-block", "versioning", "lifecycle-versions", "tags"
        ),
        **no(S3_COMPATIBILITY, "encryption", note="R2 encrypts every object anyway"),
        **no(S3_COMPATIBILITY, "notifications", note="Cloudflare has its own event notifications, to its queues"),
        **yes(S3_COMPATIBILITY, "cors"),
        **yes(LIFECYCLES, "lifecycle-uploads", note="a new bucket has a rule that aborts them after seven days"),
        **yes((S3_COMPATIBILITY, LIVE_TESTS), "conditional-create"),
        **yes(S3_COMPATIBILITY, "conditional-replace"),
        **yes(LIVE_TESTS, "conditional-multipart"),
        **no(
            CONDITIONAL_OPERATIONS, "conditional-copy", note="its own header instead, cf-copy-destination-if-none-match"
        ),
        **no(S3_COMPATIBILITY, "conditional-versioned", "conditional-recreate", note="R2 has no versions"),
    },
    # Cloudflare R2 docs, public buckets, and authentication.
    by_hand=ByHand(
        public=(
            "Cloudflare dashboard > R2 > {bucket} > Settings > Custom Domains > Add: {public-host}",
            "or, if {public-host} ends in r2.dev: Settings > Public Development URL > Enable",
        ),
        key=key_steps(
            "Cloudflare dashboard > R2 > Manage API tokens > Create Account API token, named {user}",
            "Permissions: {may}; apply to specific buckets only: {bucket}",
            "save the Access Key ID and the Secret Access Key; the latter is shown only once",
            reader="Object Read only",
            publisher="Object Read & Write",
        ),
    ),
)
