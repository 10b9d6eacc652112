"""The row of PROVIDERS for Garage."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, OPERATOR, S3_URLS, key_steps, no, tried_on, yes

S3_COMPATIBILITY = Source(
    "Garage docs, S3 compatibility status",
    "https://garagehq.deuxfleurs.fr/documentation/reference-manual/s3-compatibility/",
)
TESTS = tried_on("Garage 2.5.0", "2026-11-27")

GARAGE = Provider(
    name="garage",
    title="Garage",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("garage", TESTS, "s3_region in its configuration"),
    addressing=Fact("path", (S3_COMPATIBILITY, TESTS)),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", TESTS),
    checksums=Fact("when_supported", TESTS),
    digest=Fact("checksum", TESTS),
    public=Fact("by-hand", (S3_COMPATIBILITY, TESTS), "`garage bucket alias`, then `garage bucket website --allow`"),
    public_url=Fact(None, (S3_COMPATIBILITY, TESTS), "its web endpoint has another host than the S3 API: root_domain"),
    keys=Fact(
        "garage-admin",
        (S3_COMPATIBILITY, TESTS),
        "needs `admin-url`, else by hand: `garage bucket alias`, `garage key create`, and `garage bucket allow` for "
        "read or write access to the whole bucket",
    ),
    oidc=Fact("none", S3_COMPATIBILITY),
    etags=Fact("quoted", TESTS),
    object_owner=Fact("bucket", TESTS),
    settings_changes=Fact("one-by-one", TESTS),
    index_document=Fact("yes", TESTS, "at the web endpoint, which is where a public channel has its URL"),
    capabilities={
        **no(
            (S3_COMPATIBILITY, TESTS),
            "bucket-policy",
            "acl",
            "public-access-block",
            "versioning",
            "encryption",
            "tags",
            "lifecycle-versions",
            "notifications",
        ),
        **yes((S3_COMPATIBILITY, TESTS), "cors", "lifecycle-uploads"),
        **no(
            TESTS,
            *CONDITIONAL,
            "conditional-copy",
            note="the headers are ignored, and the object is overwritten; Garage 2.4.1 does the same",
        ),
    },
    # Garage docs, quick start, and exposing websites.
    by_hand=ByHand(
        # CreateBucket gives the bucket a name that only the key has that made it; `garage` knows it by its id.
        bucket=(
            "garage bucket list  # for ID: the row whose local alias has the name of the bucket",
            "garage bucket alias ID {bucket}",
        ),
        public=(
            "garage bucket website --allow {bucket}",
            "let {public-host} reach the web endpoint of Garage with the host name {bucket}, or BUCKET.ROOT_DOMAIN",
        ),
        key=key_steps(
            "garage key create {user}",
            "garage bucket allow {may} {bucket} --key {user}",
            "since Garage has no rights on a part of a bucket, with {may} the key has them on every object there, "
            "those of other channels too",
            reader="--read",
            publisher="--read --write",
        ),
    ),
)
