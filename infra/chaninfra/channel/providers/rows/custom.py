"""The row of PROVIDERS for any other S3-compatible store."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider
from chaninfra.channel.providers.sources import (
    BUCKET_SETTINGS,
    CONDITIONAL,
    OPERATOR,
    PIXI,
    S3_URLS,
    SAFE_DEFAULT,
    unknown,
)

AS_DOCUMENTED = "set it to what the store's documentation says"

CUSTOM = Provider(
    name="custom",
    title="Any other S3 store",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", PIXI, AS_DOCUMENTED),
    addressing=Fact("path", UNVERIFIED, f"`force-path-style`: {AS_DOCUMENTED}"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, SAFE_DEFAULT),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", UNVERIFIED),
    oidc=Fact("none", UNVERIFIED),
    capabilities=unknown("bucket-policy", *BUCKET_SETTINGS, *CONDITIONAL, "conditional-copy"),
)
