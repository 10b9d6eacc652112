"""The row of PROVIDERS for Ceph Object Gateway."""

from __future__ import annotations

from chaninfra.channel.providers.model import UNVERIFIED, ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, key_steps, unknown, yes

BUCKET_OPERATIONS = Source("IBM Storage Ceph docs, S3 bucket operations")
TESTS = Source("tested on a server of our own (Ceph 16.2.15)")

CEPH = Provider(
    name="ceph",
    title="Ceph Object Gateway",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", UNVERIFIED, "the api_name of the zonegroup, if it is set"),
    addressing=Fact("path", UNVERIFIED, "virtual-host style needs rgw_dns_name"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", UNVERIFIED),
    checksums=Fact("when_required", UNVERIFIED, "newer releases accept the newer checksums"),
    digest=Fact("content-md5", UNVERIFIED),
    public=Fact("bucket-policy", BUCKET_OPERATIONS),
    public_url=Fact("{bucket-url}", UNVERIFIED),
    keys=Fact("by-hand", TESTS, "`radosgw-admin user create`, and a policy of this user"),
    oidc=Fact("none", UNVERIFIED, "its STS supports OIDC; chaninfra does not print settings for it yet"),
    capabilities={
        **yes(
            BUCKET_OPERATIONS, "bucket-policy", "acl", "cors", "versioning", "lifecycle-versions", "lifecycle-uploads"
        ),
        **yes(BUCKET_OPERATIONS, "public-access-block"),
        **unknown("encryption", "tags", "notifications"),
        **unknown("conditional-create", "conditional-replace", "conditional-multipart", "conditional-versioned"),
    },
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
