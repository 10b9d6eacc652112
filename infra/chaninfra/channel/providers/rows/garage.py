"""The row of PROVIDERS for Garage."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE, S3_URLS, key_steps, no, unknown, yes

_GARAGE = "Garage docs, S3 compatibility status"

GARAGE = Provider(
    name="garage",
    title="Garage",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("garage", UNVERIFIED, "what s3_region says in its configuration"),
    addressing=Fact("path", _GARAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("by-hand", _GARAGE, "`garage bucket website --allow BUCKET`"),
    public_url=Fact(None, _GARAGE, "another host than the S3 API: the root_domain of its web endpoint"),
    keys=Fact("by-hand", _GARAGE, "`garage key create`, and `garage bucket allow` for reading or writing"),
    oidc=Fact("none", _GARAGE),
    capabilities={
        **no(_GARAGE, "bucket-policy", "acl", "public-access-block", "versioning", "encryption", "tags"),
        **no(_GARAGE, "lifecycle-versions", "notifications"),
        **yes(_GARAGE, "cors"),
        **unknown("lifecycle-uploads"),
        **no(LIVE, *CONDITIONAL, note="the headers are ignored: such a write overwrites (Garage 2.4.1)"),
    },
    # Garage docs, quick start, and exposing websites.
    by_hand=ByHand(
        public=(
            "garage bucket website --allow {bucket}",
            "let {public-host} reach the web endpoint of Garage with the host name {bucket}, or BUCKET.ROOT_DOMAIN",
        ),
        key=key_steps(
            "garage key create {user}",
            "garage bucket allow {may} {bucket} --key {user}",
            reader="--read",
            publisher="--read --write",
        ),
    ),
)
