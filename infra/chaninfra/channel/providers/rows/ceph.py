"""The row of PROVIDERS for Ceph Object Gateway."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Events, Fact, Provider, Source
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, key_steps, no, unknown, yes

BUCKET_OPERATIONS = Source("IBM Storage Ceph docs, S3 bucket operations")
TESTS = Source("tested on a server of our own (Ceph 16.2.15)")

CEPH = Provider(
    name="ceph",
    title="Ceph Object Gateway",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", TESTS, "any region works for signatures"),
    addressing=Fact("path", UNVERIFIED, "virtual-host style needs rgw_dns_name"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", TESTS, "or the api_name of the zonegroup; `default` unless it is set"),
    checksums=Fact("when_required", TESTS, "the newer checksums are accepted, and a wrong CRC32 is not noticed"),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", BUCKET_OPERATIONS),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    etags=Fact("unquoted", TESTS, "with its quotes it is answered 412, also the right one"),
    keys=Fact("by-hand", TESTS, "`radosgw-admin user create`, and a policy of this user"),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    settings_changes=Fact("one-by-one", TESTS),
    capabilities={
        **yes(BUCKET_OPERATIONS, "bucket-policy", "cors", "versioning", "lifecycle-versions", "lifecycle-uploads"),
        **yes(BUCKET_OPERATIONS, "public-access-block"),
        **no(TESTS, "acl", note="taken, and a bucket's ACL does not make its objects readable"),
        **no(TESTS, "encryption", note="answered 400"),
        **yes(TESTS, "tags"),
        **yes(TESTS, "notifications", note="to topics that were made before, by CreateTopic"),
        **yes(TESTS, "conditional-create", "conditional-replace"),
        **no(TESTS, "conditional-multipart", note="the header is ignored, and the object is overwritten"),
        **no(
            TESTS,
            "conditional-versioned",
            "conditional-recreate",
            note="the header is ignored, and a new version is written",
        ),
        **unknown("conditional-copy"),
    },
    notification_change=Fact("by-id", TESTS, "a notification without an id is refused"),
    events=Events(
        settings=(
            "with the access key of the bucket's owner in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; Ceph takes a "
            "secret only by https:",
            "aws sns create-topic --endpoint-url {endpoint-url} --region {region} --name {target-id} "
            "--attributes push-endpoint=http://chaninfra:SECRET@127.0.0.1:{port}/",
        ),
        target="arn:aws:sns:default::{target-id}",
    ),
    by_hand=ByHand(
        key=key_steps(
            "radosgw-admin user create --uid={user} --display-name={user}",
            "the answer has the access key and its secret; the user owns no bucket, and may do nothing yet",
            "radosgw-admin caps add --uid=ADMIN --caps='user-policy=*'",
            "{rights} > rights.json",
            "with the access key of ADMIN in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:",
            "aws iam put-user-policy --endpoint-url {endpoint-url} --region {region} --user-name {user} "
            "--policy-name channel --policy-document file://rights.json",
        ),
    ),
)
