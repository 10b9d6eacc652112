"""The row of PROVIDERS for Hetzner Object Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import LIVE, PIXI_PAGE, S3_URLS, key_steps, no, yes

_HETZNER = "Hetzner docs, Object Storage, supported actions"

_HETZNER_PUBLIC = "Hetzner docs, Object Storage, buckets and objects"

HETZNER = Provider(
    name="hetzner",
    title="Hetzner Object Storage",
    backend="s3",
    endpoint=Fact("https://{location}.your-objectstorage.com", PIXI_PAGE),
    region=Fact("US", PIXI_PAGE, "Hetzner's own examples take the location"),
    addressing=Fact("virtual-host", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _HETZNER, "the endpoint says the location"),
    checksums=Fact("when_required", f"OpenTofu, issue 2605; {LIVE}", "refused with 400 in 2025, accepted since"),
    digest=Fact("content-md5", _HETZNER),
    public=Fact("bucket-policy", _HETZNER),
    public_url=Fact("{bucket-url}", f"{_HETZNER_PUBLIC}; {_HETZNER}", "no domains of one's own"),
    keys=Fact("by-hand", _HETZNER_PUBLIC, "a key reaches every bucket of its project unless a policy says otherwise"),
    oidc=Fact("none", _HETZNER),
    capabilities={
        **yes(_HETZNER, "bucket-policy", "acl", "cors", "lifecycle-uploads", "versioning"),
        **yes(_HETZNER, "public-access-block", note="not among the exceptions that the page lists"),
        **yes(_HETZNER, "lifecycle-versions", note="by NoncurrentDays only"),
        **no(_HETZNER, "encryption", note="only with keys that the client sends (SSE-C)"),
        **no(_HETZNER, "tags", "notifications"),
        **yes(f"{_HETZNER}; {LIVE}", "conditional-create"),
        **yes(_HETZNER, "conditional-replace"),
        **no(LIVE, "conditional-multipart", note="the header is ignored: such a write overwrites"),
        **no(_HETZNER, "conditional-versioned"),
    },
    # Hetzner docs, Object Storage, generating S3 keys.
    by_hand=ByHand(
        key=key_steps(
            "Hetzner Console > project of {bucket} > Security > S3 credentials > Generate credentials, named {user}",
            "keep the secret key, which is shown once",
            "such a key may read and write every bucket of its project: give the bucket a project of its own",
        ),
    ),
)
