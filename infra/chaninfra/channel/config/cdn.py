"""The block `cdn` of the stack config: Amazon CloudFront in front of the bucket."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from chaninfra.channel import patterns


class CdnConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Amazon CloudFront in front of the bucket. Set both keys, or neither."""

    domain: Annotated[
        Annotated[str, Meta(pattern=patterns.DOMAIN, max_length=253)] | None,
        Meta(
            description="Host name in the URLs of the channels. You create its DNS record, which points at the "
            "distribution. Default: the distribution's own domain name.",
            examples=["conda.example.com"],
        ),
    ] = None
    certificate_arn: Annotated[
        Annotated[str, Meta(pattern=patterns.CERTIFICATE)] | None,
        Meta(
            description="Certificate of `domain` in AWS Certificate Manager. CloudFront requires the region us-east-1.",
            examples=["arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"],
        ),
    ] = None
