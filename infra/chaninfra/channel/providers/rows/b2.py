"""The row of PROVIDERS for Backblaze B2."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE_TESTS, PIXI, S3_URLS, key_steps, no, unknown, yes

S3_API = Source("Backblaze docs, S3-compatible API", "https://www.backblaze.com/docs/cloud-storage-s3-compatible-api")
APPLICATION_KEYS = Source(
    "Backblaze docs, application keys", "https://www.backblaze.com/docs/cloud-storage-application-keys"
)
LIFECYCLE_RULES = Source(
    "Backblaze docs, lifecycle rules", "https://www.backblaze.com/docs/cloud-storage-lifecycle-rules"
)
PUT_CORS = Source("Backblaze S3 API reference, Put Bucket Cors", "https://www.backblaze.com/apidocs/s3-put-bucket-cors")
PUT_ENCRYPTION = Source(
    "Backblaze S3 API reference, Put Bucket Encryption", "https://www.backblaze.com/apidocs/s3-put-bucket-encryption"
)
PUT_LIFECYCLE = Source(
    "Backblaze S3 API reference, Put Lifecycle Configuration",
    "https://www.backblaze.com/apidocs/s3-put-lifecycle-configuration",
)
GET_VERSIONING = Source(
    "Backblaze S3 API reference, Get Bucket Versioning", "https://www.backblaze.com/apidocs/s3-get-bucket-versioning"
)

B2 = Provider(
    name="b2",
    title="Backblaze B2",
    backend="s3",
    endpoint=Fact("https://s3.{region}.backblazeb2.com", PIXI),
    region=Fact(None, PIXI),
    addressing=Fact("path", PIXI),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", S3_API, "the account's region"),
    checksums=Fact("when_required", LIVE_TESTS, "the newer checksums are accepted; before July 2025 they were refused"),
    digest=Fact("content-md5", S3_API),
    public=Fact("acl", S3_API, "the account needs a verified e-mail address and a first payment"),
    public_url=Fact("{bucket-url}", S3_API, "a public bucket cannot be listed without a key; free egress has a limit"),
    keys=Fact("by-hand", APPLICATION_KEYS, "an application key for one bucket; the master key does not work"),
    oidc=Fact("none", S3_API),
    capabilities={
        **no(S3_API, "bucket-policy", "public-access-block", "tags", "notifications"),
        **yes(S3_API, "acl", note="`private` and `public-read`, for the whole bucket"),
        **yes(PUT_CORS, "cors"),
        **yes(PUT_ENCRYPTION, "encryption"),
        **yes(
            (PUT_LIFECYCLE, LIFECYCLE_RULES),
            "lifecycle-versions",
            "lifecycle-uploads",
        ),
        **no(
            GET_VERSIONING,
            "versioning",
            note="every bucket is versioned, and this cannot be changed",
        ),
        **no(LIVE_TESTS, *CONDITIONAL, note="such requests are answered with 501"),
        **unknown("conditional-copy"),
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
