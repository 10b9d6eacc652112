"""The row of PROVIDERS for Tigris."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.providers.rows.digitalocean import _SAFE
from chaninfra.channel.providers.sources import S3_URLS, no, unknown, yes

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
