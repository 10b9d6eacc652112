"""The row of PROVIDERS for RustFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, OPERATOR, S3_URLS, no, tried_on, yes

TESTS = tried_on("RustFS 1.0.1", "2026-11-27")
OIDC = Source("RustFS docs, OIDC", "https://docs.rustfs.com/security-compliance/oidc")

RUSTFS = Provider(
    name="rustfs",
    title="RustFS",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", TESTS, "RUSTFS_REGION on the server"),
    addressing=Fact("path", TESTS, "virtual-host style needs RUSTFS_SERVER_DOMAINS"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", TESTS, "any value is accepted and ignored"),
    checksums=Fact("when_supported", TESTS),
    digest=Fact("checksum", TESTS),
    public=Fact("bucket-policy", TESTS),
    public_url=Fact("{bucket-url}", TESTS, "https only if the server has a certificate: RUSTFS_TLS_PATH"),
    keys=Fact("rustfs-admin", TESTS),
    oidc=Fact("none", OIDC, "its STS takes tokens of an issuer; chaninfra does not print settings for it yet"),
    version_rights=Fact("own", TESTS),
    object_owner=Fact("bucket", TESTS),
    index_document=Fact("no", TESTS),
    etags=Fact("quoted", TESTS),
    notification_change=Fact("whole-list", TESTS),
    policy_place=Fact("own", TESTS),
    settings_changes=Fact("independent", TESTS),
    capabilities={
        **yes(TESTS, "bucket-policy", "public-access-block", "cors", "versioning", "tags"),
        **yes(TESTS, "lifecycle-versions", "lifecycle-uploads"),
        **yes(TESTS, "encryption", note="needs a KMS; without one it is accepted, and then every PUT is refused"),
        **yes(TESTS, "notifications", note="to targets configured on the server"),
        **no(TESTS, "acl", note="accepted, and without effect"),
        **yes(TESTS, *CONDITIONAL),
        **yes(TESTS, "conditional-copy"),
    },
    events=Events(
        settings=(
            "in the environment of the server, where the last one is a list with commas:",
            "RUSTFS_NOTIFY_ENABLE=true",
            "RUSTFS_NOTIFY_WEBHOOK_ENABLE_{target-id}=on",
            "RUSTFS_NOTIFY_WEBHOOK_ENDPOINT_{target-id}=http://127.0.0.1:{port}/",
            "RUSTFS_NOTIFY_WEBHOOK_AUTH_TOKEN_{target-id}=SECRET",
            "RUSTFS_OUTBOUND_ALLOW_ORIGINS=http://127.0.0.1:{port}",
            "restart the server",
        ),
        target="arn:rustfs:sqs:{region}:{target-id}:webhook",
    ),
)
