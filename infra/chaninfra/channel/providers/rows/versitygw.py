"""The row of PROVIDERS for versitygw."""

from __future__ import annotations

from chaninfra.channel.providers.model import Fact, Provider
from chaninfra.channel.providers.sources import CONDITIONAL, S3_URLS, VERSITYGW, no, yes

VERSITYGW_ROW = Provider(
    name="versitygw",
    title="Versity S3 Gateway",
    backend="s3",
    endpoint=Fact(None, "versitygw, its own help"),
    region=Fact("us-east-1", f"versitygw, its own help; {VERSITYGW}", "any region signs"),
    addressing=Fact("path", VERSITYGW, "the other way needs --virtual-domain"),
    scheme=S3_URLS,
    location_constraint=Fact("region", VERSITYGW, "nothing in us-east-1; only the server's own region is taken"),
    checksums=Fact("when_supported", VERSITYGW),
    digest=Fact("checksum", VERSITYGW),
    public=Fact("bucket-policy", VERSITYGW),
    public_url=Fact("{bucket-url}", VERSITYGW, "https only where the server, or a proxy, has a certificate"),
    keys=Fact("versitygw-admin", VERSITYGW),
    oidc=Fact("versitygw-iam", VERSITYGW, "its `iam` command, beside the gateway; issuers at public addresses only"),
    capabilities={
        **yes(VERSITYGW, "bucket-policy", "cors", "versioning", "tags"),
        **yes(VERSITYGW, "acl", note="where the bucket's ownership controls allow ACLs"),
        **no(VERSITYGW, "public-access-block", "lifecycle-versions", "lifecycle-uploads", "encryption"),
        **no(VERSITYGW, "notifications", note="the server's own settings (--event-…) instead"),
        **yes(VERSITYGW, *CONDITIONAL),
    },
)
