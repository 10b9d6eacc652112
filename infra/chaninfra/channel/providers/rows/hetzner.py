"""The row of PROVIDERS for Hetzner Object Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import LIVE_TESTS, PIXI, S3_URLS, key_steps, no, unknown, yes

SUPPORTED_ACTIONS = Source(
    "Hetzner docs, Object Storage, supported actions",
    "https://docs.hetzner.com/storage/object-storage/supported-actions/",
)
BUCKETS = Source(
    "Hetzner docs, Object Storage, buckets and objects",
    "https://docs.hetzner.com/storage/object-storage/faq/buckets-objects/",
)
OPENTOFU_2605 = Source("OpenTofu, issue 2605", "https://github.com/opentofu/opentofu/issues/2605")

HETZNER = Provider(
    name="hetzner",
    title="Hetzner Object Storage",
    backend="s3",
    endpoint=Fact("https://{location}.your-objectstorage.com", PIXI),
    region=Fact("US", PIXI, "Hetzner's own examples use the location"),
    addressing=Fact("virtual-host", PIXI),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", SUPPORTED_ACTIONS, "the endpoint determines the location"),
    checksums=Fact(
        "when_required",
        (OPENTOFU_2605, LIVE_TESTS),
        "the newer checksums were refused with 400 in 2025, and are accepted since",
    ),
    digest=Fact("content-md5", SUPPORTED_ACTIONS),
    public=Fact("bucket-policy", SUPPORTED_ACTIONS),
    public_url=Fact("{bucket-url}", (BUCKETS, SUPPORTED_ACTIONS), "custom domains are not supported"),
    keys=Fact("by-hand", BUCKETS, "a key reaches every bucket of its project unless a policy says otherwise"),
    oidc=Fact("none", SUPPORTED_ACTIONS),
    capabilities={
        **yes(SUPPORTED_ACTIONS, "bucket-policy", "acl", "cors", "lifecycle-uploads", "versioning"),
        **yes(SUPPORTED_ACTIONS, "public-access-block", note="not among the exceptions that the page lists"),
        **yes(SUPPORTED_ACTIONS, "lifecycle-versions", note="only NoncurrentDays"),
        **no(SUPPORTED_ACTIONS, "encryption", note="only with keys that the client sends (SSE-C)"),
        **no(SUPPORTED_ACTIONS, "tags", "notifications"),
        **yes((SUPPORTED_ACTIONS, LIVE_TESTS), "conditional-create"),
        **yes(SUPPORTED_ACTIONS, "conditional-replace"),
        **no(LIVE_TESTS, "conditional-multipart", note="the header is ignored, and the object is overwritten"),
        **no(SUPPORTED_ACTIONS, "conditional-versioned", "conditional-recreate"),
        **unknown("conditional-copy"),
    },
    # Hetzner docs, Object Storage, generating S3 keys.
    by_hand=ByHand(
        key=key_steps(
            "Hetzner Console > project of {bucket} > Security > S3 credentials > Generate credentials, named {user}",
            "save the secret key, which is shown only once",
            "such a key may read and write every bucket of its project: give the bucket a project of its own",
        ),
    ),
)
