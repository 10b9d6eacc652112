"""The row of PROVIDERS for Google Cloud Storage."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider, Source
from chaninfra.channel.providers.sources import CONDITIONAL, LIVE_TESTS, PIXI, key_steps, no, unknown, yes

XML_API = Source("Google Cloud Storage docs, XML API", "https://cloud.google.com/storage/docs/xml-api/overview")
PUBLIC_DATA = Source(
    "Google Cloud Storage docs, making data public",
    "https://cloud.google.com/storage/docs/access-control/making-data-public",
)
WEBSITE = Source(
    "Google Cloud Storage docs, gsutil web, 2026-11-27", "https://cloud.google.com/storage/docs/gsutil/commands/web"
)
HMAC_KEYS = Source(
    "Google Cloud Storage docs, HMAC keys", "https://cloud.google.com/storage/docs/authentication/hmackeys"
)
PRECONDITIONS = Source(
    "Google Cloud Storage docs, request preconditions", "https://cloud.google.com/storage/docs/request-preconditions"
)

GCS = Provider(
    name="gcs",
    title="Google Cloud Storage",
    backend="s3",
    endpoint=Fact("https://storage.googleapis.com", PIXI),
    region=Fact("us-east-1", PIXI, "`auto` works as well"),
    addressing=Fact("virtual-host", PIXI),
    scheme=Fact("gcs", PIXI, "besides `s3`; uses the application default credentials"),
    location_constraint=Fact(
        "omitted", XML_API, "the bucket is then created in US, in the default project of the keys"
    ),
    checksums=Fact("when_required", LIVE_TESTS, "the newer checksums are accepted, but a wrong CRC32 is not detected"),
    digest=Fact("content-md5", XML_API),
    public=Fact("by-hand", PUBLIC_DATA, "a role for allUsers, which the S3 API cannot grant"),
    public_url=Fact("{bucket-url}", PUBLIC_DATA, "cached for an hour unless Cache-Control says otherwise"),
    keys=Fact("by-hand", HMAC_KEYS, "an HMAC key of a service account with a role"),
    oidc=Fact("none", HMAC_KEYS, "workload identity gives OAuth tokens, not S3 keys"),
    index_document=Fact(
        "no", WEBSITE, "only at a domain of your own: gcloud storage buckets update --web-main-page-suffix=index.html"
    ),
    capabilities={
        **no(XML_API, "bucket-policy", "acl", "public-access-block", note="Google Cloud IAM instead"),
        **no(
            XML_API,
            "cors",
            "lifecycle-versions",
            "lifecycle-uploads",
            note="its configuration documents differ from those of S3",
        ),
        **no(XML_API, "tags", "notifications"),
        **no(XML_API, "encryption", note="Google encrypts every object anyway"),
        **yes(XML_API, "versioning"),
        **no(
            (PRECONDITIONS, LIVE_TESTS),
            *CONDITIONAL,
            note="the headers are ignored, and the object is overwritten; Google's own conditions use generations",
        ),
        **unknown("conditional-copy"),
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
