"""The row of PROVIDERS for Backblaze B2."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE, PIXI_PAGE, S3_URLS, key_steps, no, yes

_B2 = "Backblaze docs, S3-compatible API"

B2 = Provider(
    name="b2",
    title="Backblaze B2",
    backend="s3",
    endpoint=Fact("https://s3.{region}.backblazeb2.com", PIXI_PAGE),
    region=Fact(None, PIXI_PAGE),
    addressing=Fact("path", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _B2, "the account's region"),
    checksums=Fact("when_required", LIVE, "accepted; before July 2025 they were refused"),
    digest=Fact("content-md5", _B2),
    public=Fact("acl", _B2, "the account needs a verified e-mail address and a payment first"),
    public_url=Fact("{bucket-url}", _B2, "nobody can list a public bucket without a key; free egress has a limit"),
    keys=Fact(
        "by-hand", "Backblaze docs, application keys", "an application key for one bucket; the master key does not work"
    ),
    oidc=Fact("none", _B2),
    capabilities={
        **no(_B2, "bucket-policy", "public-access-block", "tags", "notifications"),
        **yes(_B2, "acl", note="`private` and `public-read` of the whole bucket"),
        **yes("Backblaze S3 API reference, Put Bucket Cors", "cors"),
        **yes("Backblaze S3 API reference, Put Bucket Encryption", "encryption"),
        **yes(
            "Backblaze S3 API reference, Put Lifecycle Configuration; Backblaze docs, lifecycle rules",
            "lifecycle-versions",
            "lifecycle-uploads",
        ),
        **no(
            "Backblaze S3 API reference, Get Bucket Versioning",
            "versioning",
            note="every bucket keeps its versions, and this cannot be changed",
        ),
        **no(LIVE, *CONDITIONAL, note="answered with 501"),
    },
    # Backblaze docs, application keys.
    by_hand=ByHand(
        key=key_steps(
            "b2 key create --bucket {bucket}[ --name-prefix {prefix}/] {user} listAllBucketNames,listBuckets,{may}",
            reader="listFiles,readFiles",
            publisher="listFiles,readFiles,writeFiles",
            maintainer="listFiles,readFiles,writeFiles,deleteFiles",
        ),
    ),
)
