"""The row of PROVIDERS for SeaweedFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, SAFE_DEFAULT, key_steps, no, unknown, yes

S3_API = Source("SeaweedFS wiki, Amazon S3 API", "https://github.com/seaweedfs/seaweedfs/wiki/Amazon-S3-API")
CONDITIONAL_OPERATIONS = Source(
    "SeaweedFS wiki, S3 conditional operations", "https://github.com/seaweedfs/seaweedfs/wiki/S3-Conditional-Operations"
)
TESTS = Source("tested on a server of our own (SeaweedFS, November 2026)")

SEAWEEDFS = Provider(
    name="seaweedfs",
    title="SeaweedFS",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", UNVERIFIED),
    addressing=Fact("path", UNVERIFIED, "virtual-host style needs -domainName"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, SAFE_DEFAULT),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", UNVERIFIED),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", TESTS, "`s3.configure` in the weed shell; whoever may write there may delete too"),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    settings_changes=Fact("one-by-one", TESTS),
    capabilities={
        **yes(S3_API, "cors", "versioning"),
        **no(S3_API, "lifecycle-versions", "lifecycle-uploads", note="only expiration by the age of current objects"),
        **yes(TESTS, "bucket-policy", "tags"),
        **no(TESTS, "public-access-block", note="stored, and not enforced"),
        **no(TESTS, "acl", note="a bucket's ACL does not make its objects readable"),
        **no(TESTS, "encryption", note="accepted, and then the store answers 500 to every PUT"),
        **no(TESTS, "notifications"),
        **yes((CONDITIONAL_OPERATIONS, TESTS), "conditional-create", "conditional-replace"),
        **yes(TESTS, "conditional-multipart", "conditional-versioned"),
        **unknown("conditional-copy", "conditional-recreate"),
    },
    events=Events(
        settings=(
            "in notification.toml of the filer:",
            "[notification.webhook]",
            "enabled = true",
            'endpoint = "http://127.0.0.1:{port}/"',
            'bearer_token = "SECRET"',
            "restart the filer",
        ),
    ),
    by_hand=ByHand(
        key=key_steps(
            "openssl rand -hex 20  # for ACCESS_KEY, and once more for SECRET_KEY",
            "echo s3.configure -user {user} -access_key ACCESS_KEY -secret_key SECRET_KEY -actions {actions} -apply "
            "| weed shell",
        ),
        words={
            "s3:GetObject": "Read",
            "s3:ListBucket": "List",
            "s3:PutObject": "Write",
            "s3:DeleteObject": "Write",
        },
    ),
)
