"""The row of PROVIDERS for RustFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, OPERATOR, S3_URLS, SAFE_DEFAULT, key_steps, no, yes

S3_API = Source("RustFS docs, S3", "https://docs.rustfs.com/administration/protocols/s3")
BUCKET_POLICY = Source("RustFS docs, bucket policy", "https://docs.rustfs.com/administration/data/bucket/policy")
NOTIFICATIONS = Source("RustFS docs, event notifications", "https://docs.rustfs.com/operations/event-notifications")
ENCRYPTION = Source("RustFS docs, SSE-S3", "https://docs.rustfs.com/security-compliance/encryption/sse-s")
MATRIX = Source("RustFS docs, S3 compatibility matrix", "https://docs.rustfs.com/en/reference/s3-compatibility")
IDENTITY = Source("RustFS docs, users, groups and policies", "https://docs.rustfs.com/administration/iam/policies")
OIDC = Source("RustFS docs, OIDC", "https://docs.rustfs.com/security-compliance/oidc")

# What the documents leave open was read in the source; nothing of this row was tried on a server yet.
ACCESS = Source("RustFS's source, 1.0.1, src/storage/access.rs, 2026-11-27")
SETTINGS = Source("RustFS's source, 1.0.1, src/storage/ecfs.rs, 2026-11-27")
CREATION = Source("RustFS's source, 1.0.1, src/app/bucket_usecase.rs, 2026-11-27")
WRITES = Source("RustFS's source, rustfs-ecstore 1.0.1, src/set_disk/ops, 2026-11-27")
LIFECYCLE = Source("RustFS's source, rustfs-lifecycle 1.0.1, src/core.rs, 2026-11-27")

RUSTFS = Provider(
    name="rustfs",
    title="RustFS",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", S3_API, "RUSTFS_REGION on the server"),
    addressing=Fact("path", S3_API, "virtual-host style needs RUSTFS_SERVER_DOMAINS"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", CREATION, "any value is accepted and ignored"),
    checksums=Fact("when_required", UNVERIFIED, SAFE_DEFAULT),
    digest=Fact("content-md5", UNVERIFIED, SAFE_DEFAULT),
    public=Fact("bucket-policy", BUCKET_POLICY),
    public_url=Fact("{bucket-url}", S3_API, "https only if the server has a certificate: RUSTFS_TLS_PATH"),
    keys=Fact("by-hand", IDENTITY, "a user and a policy, made with its client `rc`"),
    oidc=Fact("none", OIDC, "its STS takes tokens of an issuer; chaninfra does not print settings for it yet"),
    version_rights=Fact("own", ACCESS),
    capabilities={
        **yes(BUCKET_POLICY, "bucket-policy"),
        **yes((S3_API, ACCESS), "public-access-block"),
        **yes(S3_API, "cors", "versioning", "tags"),
        **yes((S3_API, LIFECYCLE), "lifecycle-versions", "lifecycle-uploads"),
        **yes(ENCRYPTION, "encryption", note="needs a KMS; without one it is accepted, and then every PUT is refused"),
        **yes(NOTIFICATIONS, "notifications", note="to targets configured on the server"),
        **no((MATRIX, SETTINGS), "acl", note="accepted, and without effect"),
        **yes((S3_API, WRITES), *CONDITIONAL),
        **yes(WRITES, "conditional-copy"),
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
    # The commands are those of rustfs-cli 0.1.37; https://docs.rustfs.com/operations/rc says how to get it.
    by_hand=ByHand(
        key=key_steps(
            "rc alias set ALIAS {endpoint-url} ACCESS_KEY SECRET_KEY  # once, with those of an administrator",
            "{rights} > rights.json",
            "rc admin policy create ALIAS {user} rights.json",
            # The command takes a secret only as an argument, which every user of the machine sees; the next one asks.
            'rc admin user add ALIAS {user} "$(openssl rand -hex 20)"',
            "rc admin policy attach ALIAS {user} --user {user}",
            "rc admin user passwd ALIAS {user}  # asks for the secret key; the access key is the name of the user",
        ),
    ),
)
