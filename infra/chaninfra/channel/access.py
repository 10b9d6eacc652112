"""Who may do what to each channel: the stack output `access`. It stands apart from the descriptor, which is public."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Principal(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """One principal, and the name that the store gave it."""

    kind: Annotated[str, Meta(description="What kind of principal it is.", min_length=1)]
    role_arn: Annotated[
        Annotated[str, Meta(pattern="^arn:")] | None, Meta(description="The role that it assumes with its token.")
    ] = None
    arn: Annotated[
        Annotated[str, Meta(pattern="^arn:|^[0-9]{12}$")] | None,
        Meta(description="Its own ARN, or the number of its account, where AWS knows it already."),
    ] = None
    access_key_id: Annotated[str | None, Meta(description="Its access key, on a store with keys of its own.")] = None


Principals = Annotated[dict[str, Principal], Meta(description="The principals, by name.")]


class ChannelAccess(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The principals of one channel."""

    publishers: Annotated[Principals, Meta(description="Who may add packages.")] = {}
    readers: Annotated[Principals, Meta(description="Who may fetch packages.")] = {}
    maintainers: Annotated[Principals, Meta(description="Who may also yank, sweep and delete.")] = {}


Access = Annotated[
    dict[str, ChannelAccess], Meta(title="access", description="The access of each channel, by the channel's name.")
]
