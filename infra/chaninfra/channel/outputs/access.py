"""The stack output `access`: the principals of each channel. They are not in the descriptor, which is public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from chaninfra.channel import patterns


class PrincipalAccess(
    Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True
):
    """One principal, with the identifier that the store gave it."""

    kind: Annotated[
        str,
        Meta(
            description="The kind of principal: the key under which the stack config declares it.",
            pattern=patterns.KIND,
            examples=["github", "key"],
        ),
    ]
    role_arn: Annotated[
        Annotated[str, Meta(pattern=patterns.ROLE)] | None,
        Meta(
            description="The IAM role that the principal assumes with its token.",
            examples=["arn:aws:iam::123456789012:role/my-channel-ci"],
        ),
    ] = None
    arn: Annotated[
        Annotated[str, Meta(pattern=patterns.PRINCIPAL)] | None,
        Meta(
            description="The ARN or the account number of a principal that exists in AWS.",
            examples=["123456789012", "arn:aws:iam::123456789012:role/builder"],
        ),
    ] = None
    access_key_id: Annotated[
        Annotated[str, Meta(pattern=patterns.KEY_ID)] | None,
        Meta(
            description="The ID of its access key, on a store where principals have access keys.",
            examples=["AKIAIOSFODNN7EXAMPLE"],
        ),
    ] = None


class PromoterAccess(PrincipalAccess, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A promoter, with the channels that it promotes from."""

    sources: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.CHANNEL_URL)], ...],
        Meta(description="The channels that it may read besides.", examples=[["s3://acme-staging/main"]]),
    ] = field(default=(), name="from")


Principals = Annotated[
    dict[Annotated[str, Meta(pattern=patterns.NAME)], PrincipalAccess], Meta(description="The principals, by name.")
]


class ChannelPrincipals(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The principals of one channel."""

    publishers: Annotated[
        Principals,
        Meta(
            description="Principals that may add packages.",
            examples=[{"ci": {"kind": "github", "role-arn": "arn:aws:iam::123456789012:role/my-channel-ci"}}],
        ),
    ] = {}
    readers: Annotated[
        Principals,
        Meta(
            description="Principals that may fetch packages.",
            examples=[{"people": {"kind": "key", "access-key-id": "AKIAIOSFODNN7EXAMPLE"}}],
        ),
    ] = {}
    maintainers: Annotated[
        Principals,
        Meta(
            description="Principals that may also yank and delete packages, and run gc.",
            examples=[{"keepers": {"kind": "arn", "arn": "123456789012"}}],
        ),
    ] = {}
    promoters: Annotated[
        dict[Annotated[str, Meta(pattern=patterns.NAME)], PromoterAccess],
        Meta(
            description="Publishers that may also patch, and read the channels that they promote from. Left out where "
            "there are none.",
            examples=[{"release": {"kind": "key", "access-key-id": "AKIAIOSFODNN7EXAMPLE"}}],
        ),
    ] = {}


Access = Annotated[
    dict[Annotated[str, Meta(pattern=patterns.SHOWN_NAME)], ChannelPrincipals],
    Meta(title="access", description="The principals of each channel, by the channel's name."),
]
