"""AWS, and the hosted stores that pixi's page has settings for."""

from __future__ import annotations

from chaninfra.channel.provider import ByHand, Fact, Provider
from chaninfra.channel.provider_facts import BUCKET_SETTINGS, CONDITIONAL, LIVE, PIXI_PAGE, S3_URLS, key_steps, no, yes

_AWS_ENDPOINTS = "AWS General Reference, Amazon S3 endpoints"
_AWS = "Amazon S3 User Guide and API Reference"
_AWS_CONDITIONAL = "Amazon S3 User Guide, conditional writes"

AWS = Provider(
    name="aws",
    title="Amazon S3",
    backend="aws",
    endpoint=Fact("https://s3.{region}.{dns-suffix}", _AWS_ENDPOINTS),
    region=Fact(None, _AWS_ENDPOINTS),
    addressing=Fact("virtual-host", "Amazon S3 User Guide, virtual hosting of buckets"),
    scheme=S3_URLS,
    location_constraint=Fact("region", "Amazon S3 API Reference, CreateBucket", "nothing in us-east-1"),
    checksums=Fact("when_supported", "Amazon S3 User Guide, checking object integrity"),
    digest=Fact("checksum", "Amazon S3 User Guide, checking object integrity"),
    public=Fact("bucket-policy", PIXI_PAGE),
    public_url=Fact("{bucket-url}", PIXI_PAGE, "what is read is paid for; a CDN in front is cheaper"),
    keys=Fact("aws-iam", "AWS IAM User Guide"),
    oidc=Fact("aws-iam", "AWS IAM User Guide, OIDC federation"),
    capabilities={
        **yes(_AWS, "bucket-policy", *BUCKET_SETTINGS),
        **yes(_AWS_CONDITIONAL, *CONDITIONAL),
    },
)

_R2 = "Cloudflare R2 docs, S3 API compatibility"
_R2_PUBLIC = "Cloudflare R2 docs, public buckets"

R2 = Provider(
    name="r2",
    title="Cloudflare R2",
    backend="s3",
    endpoint=Fact("https://{account-id}[.{jurisdiction}].r2.cloudflarestorage.com", PIXI_PAGE),
    region=Fact("WEUR", PIXI_PAGE, "Cloudflare itself says `auto`: set `region` to that"),
    addressing=Fact("virtual-host", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _R2, "the account's nearest place"),
    checksums=Fact("when_required", _R2, "PUT takes the newer checksums, the calls that set up a bucket do not"),
    digest=Fact("content-md5", _R2),
    public=Fact("by-hand", _R2_PUBLIC, "connect a domain to the bucket in the Cloudflare dashboard"),
    public_url=Fact(None, _R2_PUBLIC, "an r2.dev URL is rate limited and for trials; a domain of one's own is not"),
    keys=Fact("by-hand", "Cloudflare R2 docs, authentication", "an API token for one bucket, reading or writing"),
    oidc=Fact("none", "Cloudflare R2 docs, authentication"),
    capabilities={
        **no(_R2, "bucket-policy", "acl", "public-access-block", "versioning", "lifecycle-versions", "tags"),
        **no(_R2, "encryption", note="R2 encrypts every object anyway"),
        **no(_R2, "notifications", note="Cloudflare's own event notifications go to its queues"),
        **yes(_R2, "cors"),
        **yes(
            "Cloudflare R2 docs, object lifecycles", "lifecycle-uploads", note="a new bucket has a rule for seven days"
        ),
        **yes(f"{_R2}; {LIVE}", "conditional-create"),
        **yes(_R2, "conditional-replace"),
        **yes(LIVE, "conditional-multipart"),
        **no(_R2, "conditional-versioned", note="R2 has no versions"),
    },
    # Cloudflare R2 docs, public buckets, and authentication.
    by_hand=ByHand(
        public=(
            "Cloudflare dashboard > R2 > {bucket} > Settings > Custom Domains > Add: {public-host}",
            "or, where {public-host} ends in r2.dev: Settings > Public Development URL > Enable",
        ),
        key=key_steps(
            "Cloudflare dashboard > R2 > Manage API tokens > Create Account API token, named {user}",
            "Permissions: {may}; apply to specific buckets only: {bucket}",
            "keep the Access Key ID and the Secret Access Key, which is shown once",
            reader="Object Read only",
            publisher="Object Read & Write",
        ),
    ),
)

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

_B2 = "Backblaze docs, S3-compatible API"

B2 = Provider(
    name="b2",
    title="Backblaze B2",
    backend="s3",
    endpoint=Fact("https://s3.{region}.backblazeb2.com", PIXI_PAGE),
    region=Fact(None, PIXI_PAGE),
    addressing=Fact("path", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _B2, "the account's region"),
    checksums=Fact("when_required", LIVE, "accepted; before July 2025 they were refused"),
    digest=Fact("content-md5", _B2),
    public=Fact("acl", _B2, "the account needs a verified e-mail address and a payment first"),
    public_url=Fact("{bucket-url}", _B2, "nobody can list a public bucket without a key; free egress has a limit"),
    keys=Fact(
        "by-hand", "Backblaze docs, application keys", "an application key for one bucket; the master key does not work"
    ),
    oidc=Fact("none", _B2),
    capabilities={
        **no(_B2, "bucket-policy", "public-access-block", "tags", "notifications"),
        **yes(_B2, "acl", note="`private` and `public-read` of the whole bucket"),
        **yes("Backblaze S3 API reference, Put Bucket Cors", "cors"),
        **yes("Backblaze S3 API reference, Put Bucket Encryption", "encryption"),
        **yes(
            "Backblaze S3 API reference, Put Lifecycle Configuration; Backblaze docs, lifecycle rules",
            "lifecycle-versions",
            "lifecycle-uploads",
        ),
        **no(
            "Backblaze S3 API reference, Get Bucket Versioning",
            "versioning",
            note="every bucket keeps its versions, and this cannot be changed",
        ),
        **no(LIVE, *CONDITIONAL, note="answered with 501"),
    },
    # Backblaze docs, application keys.
    by_hand=ByHand(
        key=key_steps(
            "b2 key create --bucket {bucket}[ --name-prefix {prefix}/] {user} listAllBucketNames,listBuckets,{may}",
            reader="listFiles,readFiles",
            publisher="listFiles,readFiles,writeFiles",
            maintainer="listFiles,readFiles,writeFiles,deleteFiles",
        ),
    ),
)

_GCS = "Google Cloud Storage docs, XML API"
_GCS_PUBLIC = "Google Cloud Storage docs, making data public"

GCS = Provider(
    name="gcs",
    title="Google Cloud Storage",
    backend="s3",
    endpoint=Fact("https://storage.googleapis.com", PIXI_PAGE),
    region=Fact("us-east-1", PIXI_PAGE, "`auto` signs as well"),
    addressing=Fact("virtual-host", PIXI_PAGE),
    scheme=Fact("gcs", PIXI_PAGE, "besides `s3`; with the application default credentials"),
    location_constraint=Fact("omitted", _GCS, "the bucket is then in US, in the project that is the keys' default"),
    checksums=Fact("when_required", LIVE, "accepted, and a wrong CRC32 is not noticed"),
    digest=Fact("content-md5", _GCS),
    public=Fact("by-hand", _GCS_PUBLIC, "a role for allUsers, which the S3 API cannot give"),
    public_url=Fact("{bucket-url}", _GCS_PUBLIC, "cached for an hour unless Cache-Control says otherwise"),
    keys=Fact("by-hand", "Google Cloud Storage docs, HMAC keys", "an HMAC key of a service account with a role"),
    oidc=Fact("none", "Google Cloud Storage docs, HMAC keys", "workload identity gives OAuth tokens, not S3 keys"),
    capabilities={
        **no(_GCS, "bucket-policy", "acl", "public-access-block", note="IAM of Google Cloud instead"),
        **no(_GCS, "cors", "lifecycle-versions", "lifecycle-uploads", note="its documents are not those of S3"),
        **no(_GCS, "tags", "notifications"),
        **no(_GCS, "encryption", note="Google encrypts every object anyway"),
        **yes(_GCS, "versioning"),
        **no(
            f"Google Cloud Storage docs, request preconditions; {LIVE}",
            *CONDITIONAL,
            note="the headers are ignored: such a write overwrites; Google's own are of generations",
        ),
    },
    # Google Cloud Storage docs, making data public, IAM roles, and HMAC keys. A role that may only create cannot
    # replace an index.
    by_hand=ByHand(
        public=(
            "gcloud storage buckets update gs://{bucket} --no-public-access-prevention --uniform-bucket-level-access",
            "gcloud storage buckets add-iam-policy-binding gs://{bucket} --member=allUsers "
            "--role=roles/storage.objectViewer",
        ),
        key=key_steps(
            "gcloud iam service-accounts create SERVICE_ACCOUNT --display-name={user}",
            "gcloud storage buckets add-iam-policy-binding gs://{bucket} "
            "--member=serviceAccount:SERVICE_ACCOUNT@PROJECT.iam.gserviceaccount.com --role={may}",
            "gcloud storage hmac create SERVICE_ACCOUNT@PROJECT.iam.gserviceaccount.com",
            reader="roles/storage.objectViewer",
            publisher="roles/storage.objectUser",
        ),
    ),
)

_HETZNER = "Hetzner docs, Object Storage, supported actions"
_HETZNER_PUBLIC = "Hetzner docs, Object Storage, buckets and objects"

HETZNER = Provider(
    name="hetzner",
    title="Hetzner Object Storage",
    backend="s3",
    endpoint=Fact("https://{location}.your-objectstorage.com", PIXI_PAGE),
    region=Fact("US", PIXI_PAGE, "Hetzner's own examples take the location"),
    addressing=Fact("virtual-host", PIXI_PAGE),
    scheme=S3_URLS,
    location_constraint=Fact("omitted", _HETZNER, "the endpoint says the location"),
    checksums=Fact("when_required", f"OpenTofu, issue 2605; {LIVE}", "refused with 400 in 2025, accepted since"),
    digest=Fact("content-md5", _HETZNER),
    public=Fact("bucket-policy", _HETZNER),
    public_url=Fact("{bucket-url}", f"{_HETZNER_PUBLIC}; {_HETZNER}", "no domains of one's own"),
    keys=Fact("by-hand", _HETZNER_PUBLIC, "a key reaches every bucket of its project unless a policy says otherwise"),
    oidc=Fact("none", _HETZNER),
    capabilities={
        **yes(_HETZNER, "bucket-policy", "acl", "cors", "lifecycle-uploads", "versioning"),
        **yes(_HETZNER, "public-access-block", note="not among the exceptions that the page lists"),
        **yes(_HETZNER, "lifecycle-versions", note="by NoncurrentDays only"),
        **no(_HETZNER, "encryption", note="only with keys that the client sends (SSE-C)"),
        **no(_HETZNER, "tags", "notifications"),
        **yes(f"{_HETZNER}; {LIVE}", "conditional-create"),
        **yes(_HETZNER, "conditional-replace"),
        **no(LIVE, "conditional-multipart", note="the header is ignored: such a write overwrites"),
        **no(_HETZNER, "conditional-versioned"),
    },
    # Hetzner docs, Object Storage, generating S3 keys.
    by_hand=ByHand(
        key=key_steps(
            "Hetzner Console > project of {bucket} > Security > S3 credentials > Generate credentials, named {user}",
            "keep the secret key, which is shown once",
            "such a key may read and write every bucket of its project: give the bucket a project of its own",
        ),
    ),
)
