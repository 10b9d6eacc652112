"""The keys of one channel in the stack config."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, Subdir
from chaninfra.channel.config.principals import PrincipalConfig

Auth = Literal["aws", "pixi", "public"]
Visibility = Literal["private", "organization", "public"]

_Name = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
Principals = dict[_Name, PrincipalConfig]


class ChannelConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The keys of one channel."""

    name: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None,
        Meta(
            description="The channel's name; left out, it is the last segment of the prefix, else the bucket's name.",
            examples=["my-channel"],
        ),
    ] = None
    prefix: Annotated[
        Annotated[str, Meta(pattern="^$|^/?[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?$")] | None,
        Meta(
            description="Where in the bucket the channel lies; left out, the whole bucket is the channel.",
            examples=["my-channel", "team/stable"],
        ),
    ] = None
    subdirs: Annotated[
        tuple[Annotated[Subdir, Meta(description="A subdir as conda names it.")], ...],
        Meta(description="The platforms of the channel; noarch is always there.", examples=[["linux-64", "osx-arm64"]]),
    ] = DEFAULT_SUBDIRS
    visibility: Annotated[
        Visibility,
        Meta(
            description="Who may read: `private`, those who were given the right; `organization`, all principals of an "
            "AWS organization (`aws.organization-id`); `public`, everybody, by https."
        ),
    ] = "private"
    auth: Annotated[
        Auth | None,
        Meta(
            description="The way of access that `chaninfra manifest` prints: `aws` (credentials as any AWS tool has "
            "them), `pixi` (pixi's credential store and s3-options), `public` (an https URL). Left out: public for "
            "a public channel, aws on AWS, else pixi."
        ),
    ] = None
    public_url: Annotated[
        Annotated[str, Meta(pattern="^https?://[^/]+")] | None,
        Meta(
            description="The https URL of a public channel, where the store gives it one of its own or a domain "
            "stands before it; left out, it follows from the endpoint.",
            examples=["https://conda.example.com/my-channel"],
        ),
    ] = None
    index: Annotated[IndexSettings, Meta(description="How the index is written.")] = IndexSettings()
    publishers: Annotated[
        Principals,
        Meta(
            description="Who may add packages, by a name of your choice.",
            examples=[{"ci": {"github": {"repository": "acme/packages", "branch": "main"}}}, {"ci": {"key": {}}}],
        ),
    ] = {}
    readers: Annotated[
        Principals,
        Meta(
            description="Who may fetch packages, by a name of your choice.",
            examples=[{"other-account": {"arn": "123456789012"}}, {"people": {"key": {}}}],
        ),
    ] = {}
    maintainers: Annotated[
        Principals,
        Meta(
            description="Who may also yank, sweep and delete, by a name of your choice.",
            examples=[{"keepers": {"github": {"repository": "acme/packages", "environment": "channel"}}}],
        ),
    ] = {}
