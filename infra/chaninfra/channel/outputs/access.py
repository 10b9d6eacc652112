"""Who may do what to each channel: the stack output `access`. It stands apart from the descriptor, which is public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class PrincipalAccess(
    Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True
):
    """One principal, and the name that the store gave it."""

    kind: Annotated[str, Meta(description="What kind of principal it is.", min_length=1, examples=["github", "key"])]
    role_arn: Annotated[
        Annotated[str, Meta(pattern="^arn:")] | None,
        Meta(
            description="The role that it assumes with its token.",
            examples=["arn:aws:iam::123456789012:role/my-channel-ci"],
        ),
    ] = None
    arn: Annotated[
        Annotated[str, Meta(pattern="^arn:|^[0-9]{12}$")] | None,
        Meta(
            description="Its own ARN, or the number of its account, where AWS knows it already.",
            examples=["123456789012", "arn:aws:iam::123456789012:role/builder"],
        ),
    ] = None
    access_key_id: Annotated[
        str | None,
        Meta(description="Its access key, on a store with keys of its own.", examples=["AKIAIOSFODNN7EXAMPLE"]),
    ] = None


Principals = Annotated[dict[str, PrincipalAccess], Meta(description="The principals, by name.")]


class ChannelAccess(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The principals of one channel."""

    publishers: Annotated[
        Principals,
        Meta(
            description="Who may add packages.",
            examples=[{"ci": {"kind": "github", "role-arn": "arn:aws:iam::123456789012:role/my-channel-ci"}}],
        ),
    ] = {}
    readers: Annotated[
        Principals,
        Meta(
            description="Who may fetch packages.",
            examples=[{"people": {"kind": "key", "access-key-id": "AKIAIOSFODNN7EXAMPLE"}}],
        ),
    ] = {}
    maintainers: Annotated[
        Principals,
        Meta(
            description="Who may also yank, sweep and delete.",
            examples=[{"keepers": {"kind": "arn", "arn": "123456789012"}}],
        ),
    ] = {}


Access = Annotated[
    dict[str, ChannelAccess], Meta(title="access", description="The access of each channel, by the channel's name.")
]
