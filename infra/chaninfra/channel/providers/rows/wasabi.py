"""The row of PROVIDERS for Wasabi."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE, PIXI_PAGE, S3_URLS, key_steps, no, yes

_WASABI_ACCESS = "Wasabi docs, bucket and object access"

_WASABI_BUCKETS = "Wasabi docs, operations on buckets with the Wasabi S3 API"

_WASABI_API = "Wasabi docs, the Wasabi API"

WASABI = Provider(
    name="wasabi",
    title="Wasabi",
    backend="s3",
    endpoint=Fact("https://s3.{region}.wasabisys.com", PIXI_PAGE),
    region=Fact(None, PIXI_PAGE),
    addressing=Fact("virtual-host", PIXI_PAGE, "Wasabi itself recommends path style; both work"),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _WASABI_API, "the endpoint says the region"),
    checksums=Fact("when_required", "Wasabi docs, AWS CLI", "it says that CRC64NVME is refused"),
    digest=Fact("content-md5", _WASABI_API),
    public=Fact("bucket-policy", _WASABI_ACCESS),
    public_url=Fact("{bucket-url}", _WASABI_ACCESS, "paid accounts only, and not for trials unless support allows it"),
    keys=Fact("by-hand", "Wasabi docs, users and policies", "a user with a policy, in the console or over its IAM API"),
    oidc=Fact("none", _WASABI_API),
    capabilities={
        **yes(_WASABI_ACCESS, "bucket-policy"),
        **no(_WASABI_ACCESS, "public-access-block", note="the bucket's Public Access Override in the console instead"),
        **yes(_WASABI_BUCKETS, "acl", "cors", "versioning", "lifecycle-versions"),
        **yes("Wasabi docs, how Wasabi handles multipart uploads", "lifecycle-uploads"),
        **yes(_WASABI_API, "tags", "notifications", note="by its promise to be compatible with S3"),
        **no(_WASABI_API, "encryption", note="Wasabi encrypts every object anyway"),
        **no(LIVE, *CONDITIONAL, note="the headers are ignored: such a write overwrites"),
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
