"""The row of PROVIDERS for LocalStack."""

from __future__ import annotations

from chaninfra.channel.providers.model import ByHand, Fact, Provider
from chaninfra.channel.providers.sources import OPERATOR, S3_URLS, SAFE_DEFAULT, key_steps, no, tried_on, yes

TRIED = tried_on("LocalStack 2026.3.0", "2026-11-27")
NOT_PROTECTED = "there is no access control: everybody may read, write and delete everything, with any key or none"

LOCALSTACK = Provider(
    name="localstack",
    title="LocalStack",
    backend="s3",
    endpoint=Fact(None, OPERATOR),
    region=Fact("us-east-1", TRIED, "any region works"),
    addressing=Fact("path", TRIED),
    scheme=S3_URLS,
    location_constraint=Fact("region", TRIED, "none in us-east-1, any in other regions"),
    checksums=Fact(
        "when_required", TRIED, f"{SAFE_DEFAULT}; one with a wrong checksum is refused, and empties what was there"
    ),
    digest=Fact("checksum", TRIED),
    public=Fact("by-hand", TRIED, NOT_PROTECTED),
    public_url=Fact("{bucket-url}", TRIED),
    keys=Fact("by-hand", TRIED, NOT_PROTECTED),
    oidc=Fact("none", TRIED),
    etags=Fact("quoted", TRIED, "or without the quotes"),
    policy_place=Fact("own", TRIED),
    version_rights=Fact("with-object", TRIED, NOT_PROTECTED),
    index_document=Fact("no", TRIED, "404"),
    settings_changes=Fact("independent", TRIED),
    capabilities={
        **no(TRIED, "bucket-policy", "acl", "public-access-block", note="accepted and read back, and without effect"),
        **yes(TRIED, "cors", "versioning", "tags"),
        **yes(TRIED, "lifecycle-versions", "lifecycle-uploads", note="kept; what is put lasts until the server ends"),
        **yes(TRIED, "encryption", note="said of each object; nothing is encrypted"),
        **yes(TRIED, "notifications", note="to its own SQS, SNS and Lambda, which were not run"),
        **yes(TRIED, "conditional-create", "conditional-replace", "conditional-multipart", "conditional-recreate"),
        **no(TRIED, "conditional-versioned", note="uploads of parts are not atomic there; PUTs are"),
        **no(TRIED, "conditional-copy", note="a copy that is refused empties the object that was there"),
    },
    by_hand=ByHand(
        public=("nothing is to be done: everybody may read the bucket {bucket}, and write it",),
        key=key_steps("any access key and secret key do for the bucket {bucket}: LocalStack asks for none"),
    ),
)
