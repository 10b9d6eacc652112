"""The row of PROVIDERS for Wasabi."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE_TESTS, PIXI, S3_URLS, key_steps, no, unknown, yes

API = Source("Wasabi docs, the Wasabi API", "https://docs.wasabi.com/apidocs/wasabi-api")
BUCKET_OPERATIONS = Source(
    "Wasabi docs, operations on buckets with the Wasabi S3 API",
    "https://docs.wasabi.com/apidocs/operations-on-buckets-1",
)
ACCESS = Source("Wasabi docs, bucket and object access")
USERS = Source("Wasabi docs, users and policies")
MULTIPART = Source("Wasabi docs, how Wasabi handles multipart uploads")
AWS_CLI = Source("Wasabi docs, AWS CLI")

WASABI = Provider(
    name="wasabi",
    title="Wasabi",
    backend="s3",
    endpoint=Fact("https://s3.{region}.wasabisys.com", PIXI),
    region=Fact(None, PIXI),
    addressing=Fact("virtual-host", PIXI, "Wasabi recommends path style; both work"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", API, "the endpoint determines the region"),
    checksums=Fact("when_required", AWS_CLI, "according to the page, CRC64NVME is refused"),
    digest=Fact("content-md5", API),
    public=Fact("bucket-policy", ACCESS),
    public_url=Fact("{bucket-url}", ACCESS, "only for paid accounts; trial accounts need to ask Wasabi support"),
    keys=Fact("by-hand", USERS, "a user with a policy, in the console or over its IAM API"),
    oidc=Fact("none", API),
    capabilities={
        **yes(ACCESS, "bucket-policy"),
        **no(ACCESS, "public-access-block", note="the bucket's Public Access Override in the console instead"),
        **yes(BUCKET_OPERATIONS, "acl", "cors", "versioning", "lifecycle-versions"),
        **yes(MULTIPART, "lifecycle-uploads"),
        **yes(API, "tags", "notifications", note="claimed by its general S3 compatibility"),
        **no(API, "encryption", note="Wasabi encrypts every object anyway"),
        **no(LIVE_TESTS, *CONDITIONAL, note="the headers are ignored, and the object is overwritten"),
        **unknown("conditional-copy"),
    },
    # Wasabi docs, the Wasabi API: its IAM is that of AWS, at an endpoint of its own.
    by_hand=ByHand(
        key=key_steps(
            "aws iam create-user --endpoint-url https://iam.wasabisys.com --user-name {user}",
            "{rights} > rights.json",
            "aws iam put-user-policy --endpoint-url https://iam.wasabisys.com --user-name {user} "
            "--policy-name channel --policy-document file://rights.json",
            "aws iam create-access-key --endpoint-url https://iam.wasabisys.com --user-name {user}",
        ),
    ),
)
