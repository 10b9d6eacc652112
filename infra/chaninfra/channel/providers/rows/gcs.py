"""The row of PROVIDERS for Google Cloud Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE, PIXI_PAGE, key_steps, no, yes

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
