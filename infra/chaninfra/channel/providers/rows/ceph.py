"""The row of PROVIDERS for Ceph Object Gateway."""

from __future__ import annotations

from chaninfra.channel.providers.model import Events, Fact, Provider
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, no, tried_on, yes

TESTS = tried_on("Ceph 16.2.15", "2026-11-27")

CEPH = Provider(
    name="ceph",
    title="Ceph Object Gateway",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", TESTS, "any region works for signatures"),
    addressing=Fact("path", TESTS, "virtual-host style needs rgw_dns_name"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", TESTS, "or the api_name of the zonegroup; `default` unless it is set"),
    checksums=Fact("when_required", TESTS, "the newer checksums are accepted, and a wrong CRC32 is not noticed"),
    digest=Fact("checksum", TESTS, "not compared; Content-MD5 is, except for DeleteObjects and PutBucketCors"),
    public=Fact("bucket-policy", TESTS),
    public_url=Fact("{bucket-url}", TESTS, "https only if the gateway or a proxy has a certificate"),
    etags=Fact("unquoted", TESTS, "with its quotes it is answered 412, also the right one"),
    keys=Fact(
        "ceph-admin",
        TESTS,
        "the deployer needs the admin capabilities `users=*;user-policy=*` (`radosgw-admin caps add`)",
    ),
    oidc=Fact("none", TESTS, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    version_rights=Fact("own", TESTS, "but whoever wrote an object may read its old versions"),
    notification_change=Fact("by-id", TESTS, "a notification without an id is refused"),
    policy_place=Fact("own", TESTS),
    object_owner=Fact("writer", TESTS, "who may also change its ACL, and so make it public"),
    index_document=Fact("no", TESTS, "404; a listing where the channel is the whole bucket"),
    settings_changes=Fact("one-by-one", TESTS),
    capabilities={
        **yes(TESTS, "bucket-policy", "cors", "versioning", "lifecycle-versions", "lifecycle-uploads"),
        **yes(
            TESTS,
            "public-access-block",
            note="policies and ACLs that are put later are refused; a policy that was there before stays in force",
        ),
        **no(TESTS, "acl", note="taken, and a bucket's ACL does not make its objects readable"),
        **no(TESTS, "encryption", note="answered 400"),
        **yes(TESTS, "tags"),
        **yes(TESTS, "notifications", note="to topics that were made before, by CreateTopic"),
        **yes(TESTS, "conditional-create", "conditional-replace"),
        **no(TESTS, "conditional-multipart", note="the header is ignored, and the object is overwritten"),
        **no(
            TESTS,
            "conditional-versioned",
            note="If-None-Match is ignored, and a new version is written; If-Match is answered 412, also the right one",
        ),
        **no(TESTS, "conditional-recreate", note="the header is ignored, and a new version is written"),
        **no(
            TESTS,
            "conditional-copy",
            note="If-None-Match and x-amz-copy-source-if-match are ignored, and the object is overwritten",
        ),
    },
    events=Events(
        settings=(
            "with the access key of the bucket's owner in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; Ceph takes a "
            "secret only by https:",
            "aws sns create-topic --endpoint-url {endpoint-url} --region {region} --name {target-id} "
            "--attributes push-endpoint=http://chaninfra:SECRET@127.0.0.1:{port}/",
        ),
        target="arn:aws:sns:default::{target-id}",
    ),
)
