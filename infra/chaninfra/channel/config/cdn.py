"""The block `cdn` of the stack config: Amazon CloudFront before the bucket."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class CdnConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """CloudFront before the bucket; both keys, or neither."""

    domain: Annotated[
        Annotated[str, Meta(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$", max_length=253)]
        | None,
        Meta(
            description="The host name of the channels' URLs. Its DNS record is yours to make: it points at the "
            "distribution. Left out, the channels have the distribution's own name.",
            examples=["conda.example.com"],
        ),
    ] = None
    certificate_arn: Annotated[
        Annotated[str, Meta(pattern=r"^arn:aws:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+$")] | None,
        Meta(
            description="The certificate of `domain` in AWS Certificate Manager, in us-east-1, where CloudFront looks.",
            examples=["arn:aws:acm:us-east-1:123456789012:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"],
        ),
    ] = None
