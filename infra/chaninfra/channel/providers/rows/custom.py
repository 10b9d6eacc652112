"""The row of PROVIDERS for any other S3-compatible store."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider
from chaninfra.channel.providers.sources import BUCKET_SETTINGS, CONDITIONAL, PIXI_PAGE, S3_URLS, unknown

_YOURS = "set it as the store says"

CUSTOM = Provider(
    name="custom",
    title="Any other S3-compatible store",
    backend="s3",
    endpoint=Fact(None, "yours"),
    region=Fact("us-east-1", PIXI_PAGE, _YOURS),
    addressing=Fact("path", UNVERIFIED, f"`force-path-style`: {_YOURS}"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, "what every store takes"),
    digest=Fact("content-md5", UNVERIFIED, "what every store takes"),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED),
    oidc=Fact("none", UNVERIFIED),
    capabilities=unknown("bucket-policy", *BUCKET_SETTINGS, *CONDITIONAL),
)
