"""The row of PROVIDERS for versitygw."""

from __future__ import annotations

from chaninfra.channel.providers.model import Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, S3_URLS, VERSITYGW_TESTS, no, yes

HELP = Source("versitygw, its own help")

VERSITYGW = Provider(
    name="versitygw",
    title="Versity S3 Gateway",
    backend="s3",
    endpoint=Fact(None, HELP),
    region=Fact("us-east-1", (HELP, VERSITYGW_TESTS), "only the server's own region is accepted (--region)"),
    addressing=Fact("path", VERSITYGW_TESTS, "virtual-host style needs --virtual-domain"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", VERSITYGW_TESTS, "or the server's own region; any other is refused"),
    checksums=Fact("when_supported", VERSITYGW_TESTS),
    digest=Fact("checksum", VERSITYGW_TESTS),
    public=Fact("bucket-policy", VERSITYGW_TESTS),
    public_url=Fact("{bucket-url}", VERSITYGW_TESTS, "https only if the server or a proxy has a certificate"),
    keys=Fact("versitygw-admin", VERSITYGW_TESTS),
    oidc=Fact(
        "versitygw-iam",
        VERSITYGW_TESTS,
        "its `iam` command, which runs beside the gateway; only issuers at public addresses",
    ),
    version_rights=Fact(
        "own",
        VERSITYGW_TESTS,
        "but no policy keeps everybody from the old versions of a public channel, nor a publisher from copying one",
    ),
    policy_place=Fact(
        "file-attribute",
        VERSITYGW_TESTS,
        "with its files on ext4 the policy and the tags of a bucket have less than 4 KiB together; on XFS 64 KiB",
    ),
    etags=Fact("quoted", VERSITYGW_TESTS),
    object_owner=Fact("bucket", VERSITYGW_TESTS),
    settings_changes=Fact("independent", VERSITYGW_TESTS),
    index_document=Fact("no", VERSITYGW_TESTS, "an error; a listing where the channel is the whole bucket"),
    capabilities={
        **yes(VERSITYGW_TESTS, "bucket-policy", "cors", "versioning", "tags"),
        **yes(VERSITYGW_TESTS, "acl", note="only if the bucket's ownership controls allow ACLs"),
        **no(VERSITYGW_TESTS, "public-access-block", "lifecycle-versions", "lifecycle-uploads", "encryption"),
        **no(VERSITYGW_TESTS, "notifications", note="set on the server instead (--event-…)"),
        **yes(VERSITYGW_TESTS, *CONDITIONAL),
        **no(VERSITYGW_TESTS, "conditional-copy", note="If-None-Match is ignored, and the object is overwritten"),
        **no(VERSITYGW_TESTS, "conditional-recreate", note="its delete marker counts as an object"),
    },
    events=Events(
        settings=(
            "the follower runs first: the server does not start where nobody listens",
            "in the environment of the server:",
            "VGW_EVENT_WEBHOOK_URL=http://chaninfra:SECRET@127.0.0.1:{port}/",
            "restart the server",
        ),
        every="10m",
    ),
)
