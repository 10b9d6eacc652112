"""The row of PROVIDERS for MinIO."""

from __future__ import annotations

from chaninfra.channel.providers.model import Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, MINIO_TESTS, PIXI, S3_URLS, no, yes

OPENID = Source(
    "MinIO docs, OpenID settings", "https://min.io/docs/minio/linux/reference/minio-server/settings/iam/openid.html"
)
NOTIFICATIONS = Source(
    "MinIO docs, bucket notifications",
    "https://min.io/docs/minio/linux/administration/monitoring/bucket-notifications.html",
)
ENCRYPTION = Source(
    "MinIO docs, server-side encryption", "https://min.io/docs/minio/linux/administration/server-side-encryption.html"
)
REPOSITORY = Source("MinIO's repository", "https://github.com/minio/minio")

MINIO = Provider(
    name="minio",
    title="MinIO",
    backend="s3",
    endpoint=Fact(None, (PIXI, REPOSITORY), "its repository is archived since 2026-04-25, and gets no security fixes"),
    region=Fact("us-east-1", (PIXI, MINIO_TESTS), "any region works unless the server has one configured"),
    addressing=Fact("path", (PIXI, MINIO_TESTS)),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", MINIO_TESTS, "any value is accepted and ignored"),
    checksums=Fact("when_supported", MINIO_TESTS),
    digest=Fact("checksum", MINIO_TESTS),
    public=Fact("bucket-policy", MINIO_TESTS),
    public_url=Fact("{bucket-url}", MINIO_TESTS, "https only if the server or a proxy has a certificate"),
    keys=Fact("minio-admin", MINIO_TESTS),
    oidc=Fact("minio-openid", (OPENID, MINIO_TESTS), "the server's settings name the issuer"),
    version_rights=Fact(
        "with-object", MINIO_TESTS, "the policies deny it; `?versions` still lists ids to whoever may list"
    ),
    object_owner=Fact("bucket", MINIO_TESTS),
    index_document=Fact("no", MINIO_TESTS, "an error; a listing where the channel is the whole bucket"),
    capabilities={
        **yes(MINIO_TESTS, "bucket-policy", "versioning", "lifecycle-versions", "tags"),
        **yes((NOTIFICATIONS, MINIO_TESTS), "notifications", note="to targets configured on the server"),
        **no(MINIO_TESTS, "acl", "public-access-block"),
        **no(MINIO_TESTS, "cors", note="one setting for the whole server: MINIO_API_CORS_ALLOW_ORIGIN"),
        **no(MINIO_TESTS, "lifecycle-uploads", note="the server itself aborts uploads after a day"),
        **yes((ENCRYPTION, MINIO_TESTS), "encryption", note="only if the server has a KMS; else it returns an error"),
        **yes(MINIO_TESTS, *CONDITIONAL),
        **no(MINIO_TESTS, "conditional-copy", note="If-None-Match is ignored, and the object is overwritten"),
    },
    etags=Fact("quoted", MINIO_TESTS),
    policy_place=Fact("own", MINIO_TESTS),
    settings_changes=Fact("one-by-one", MINIO_TESTS),
    notification_change=Fact("whole-list", (NOTIFICATIONS, MINIO_TESTS)),
    events=Events(
        settings=(
            "in the environment of the server:",
            "MINIO_NOTIFY_WEBHOOK_ENABLE_{target-id}=on",
            "MINIO_NOTIFY_WEBHOOK_ENDPOINT_{target-id}=http://127.0.0.1:{port}/",
            "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_{target-id}=SECRET",
            "restart the server",
        ),
        target="arn:minio:sqs::{target-id}:webhook",
    ),
)
