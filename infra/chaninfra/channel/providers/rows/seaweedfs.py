"""The row of PROVIDERS for SeaweedFS."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, Events, Fact, Provider
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, no, tried_on, yes

TESTS = tried_on("SeaweedFS 4.53, commit 7506e5f91cd6", "2026-11-27")

SEAWEEDFS = Provider(
    name="seaweedfs",
    title="SeaweedFS",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", TESTS, "requests that are signed with any other region are answered too"),
    addressing=Fact("path", TESTS, "virtual-host style needs -s3.domainName"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", TESTS),
    checksums=Fact("when_supported", TESTS),
    digest=Fact("checksum", TESTS),
    public=Fact("bucket-policy", TESTS),
    public_url=Fact("{bucket-url}", TESTS),
    keys=Fact(
        "seaweedfs-iam",
        TESTS,
        "only if the S3 server takes changes by its IAM API: -s3.iam.readOnly=false; who has a key may make more with "
        "the same rights, unless it runs with -s3.iam.selfServiceRequiresGrant",
    ),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    version_rights=Fact("own", TESTS),
    object_owner=Fact("bucket", TESTS),
    index_document=Fact("no", TESTS, "an address with a slash at its end answers 200 with nothing"),
    etags=Fact("quoted", TESTS),
    policy_place=Fact("own", TESTS),
    settings_changes=Fact("one-by-one", TESTS),
    capabilities={
        **yes(TESTS, "cors", "versioning"),
        **yes(
            TESTS,
            "lifecycle-versions",
            "lifecycle-uploads",
            note="kept; `weed worker`, or s3.lifecycle.run-shard in the weed shell, acts on them",
        ),
        **yes(TESTS, "bucket-policy", "tags", note="of two changes of a bucket's settings at once, one may be lost"),
        **no(TESTS, "public-access-block", note="stored, and not enforced"),
        **no(TESTS, "acl", note="a bucket's ACL does not make its objects readable"),
        **yes(TESTS, "encryption", note="only if the S3 server has a key, s3.sse.key in security.toml"),
        **no(TESTS, "notifications"),
        **yes(TESTS, "conditional-create", "conditional-replace"),
        **yes(TESTS, "conditional-multipart", "conditional-versioned", "conditional-copy", "conditional-recreate"),
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
)
