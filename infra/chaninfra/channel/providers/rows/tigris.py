"""The row of PROVIDERS for Tigris."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, S3_URLS, SAFE_DEFAULT, no, unknown, yes

S3_COMPATIBILITY = Source("Tigris docs, S3 API compatibility", "https://www.tigrisdata.com/docs/api/s3/")
BUCKET_CONFIGURATION = Source("Tigris docs, bucket configuration")
IAM_POLICIES = Source("Tigris docs, IAM policies")
ACCELERATION_GATEWAY = Source("Tigris docs, acceleration gateway, S3 API compatibility")

TIGRIS = Provider(
    name="tigris",
    title="Tigris",
    backend="s3",
    endpoint=Fact("https://t3.storage.dev", S3_COMPATIBILITY),
    region=Fact("auto", S3_COMPATIBILITY),
    addressing=Fact("virtual-host", UNVERIFIED),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", S3_COMPATIBILITY, "the newer checksums are accepted"),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact("by-hand", BUCKET_CONFIGURATION, "`tigris buckets set BUCKET --access public`"),
    public_url=Fact(None, BUCKET_CONFIGURATION, "the dashboard shows the URL; custom domains are possible"),
    keys=Fact("by-hand", IAM_POLICIES, "an access key with a policy"),
    oidc=Fact("none", UNVERIFIED),
    capabilities={
        **yes(ACCELERATION_GATEWAY, "acl", "cors", "tags"),
        **unknown("bucket-policy", "lifecycle-versions", "lifecycle-uploads", "versioning", "encryption"),
        **no(UNVERIFIED, "public-access-block"),
        **no(BUCKET_CONFIGURATION, "notifications", note="it has its own webhooks"),
        **unknown(*CONDITIONAL, "conditional-copy"),
    },
    # Tigris docs, bucket configuration.
    by_hand=ByHand(public=("tigris buckets set {bucket} --access public",)),
)
