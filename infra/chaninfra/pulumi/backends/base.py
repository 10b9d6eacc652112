"""The interface of a backend: the functions that declare a bucket, and the access of a channel's principals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """The CloudFront distribution in front of a bucket, see `chaninfra.channel.policy.cdn`."""

    id: pulumi.Output[str]
    arn: pulumi.Output[str]
    domain_name: pulumi.Output[str]
    """The name that CloudFront gave it, dXXXX.cloudfront.net."""


@dataclass(frozen=True, kw_only=True)
class BucketResources:
    """The resources of a bucket that a channel in it depends on."""

    resources: list[pulumi.Resource]
    cdn: Cdn | None = None
    oidc_providers: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Issuer without https:// → ARN of its IAM OIDC provider."""
    existing_roles: frozenset[str] = frozenset()
    """Names of IAM roles that the account has already, and that the stack takes over."""
    keys: Mapping[KeyOf, AccessKey] = field(default_factory=dict)
    """(channel prefix, role, principal name) → access key."""


@dataclass(frozen=True, kw_only=True)
class ChannelAccessResources:
    """The access of a channel's principals."""

    access: dict[str, dict[str, Any]]
    """The channel's part of the output `access`: role plural → name → kind and role-arn, arn or access-key-id."""
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Its part of the output `keys`: role plural → name → access-key-id and secret-access-key."""
    resources: list[pulumi.Resource] = field(default_factory=list)
    """The resources that grant the access."""


def empty_access(channel: ChannelSpec) -> dict[str, dict[str, Any]]:
    """Role plural → an empty dict. Promoters only if there are any: an earlier chaninfra, whose command line may read
    the output, does not know the key."""
    used = {principal.role for principal in channel.principals}
    return {plural: {} for role, plural in ROLES.items() if role != "promoter" or role in used}


def access_entry(principal: PrincipalSpec) -> dict[str, Any]:
    """What the output `access` says of a principal before the store gives it an identifier."""
    sources = [source.url for source in principal.sources]
    return {"kind": principal.kind, **({"from": sources} if sources else {})}


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The functions of a backend."""

    bucket: Callable[[Declaration, StoreInput, pulumi.ResourceOptions], BucketResources]
    """(declaration, store, options): declares the bucket."""
    grant: Callable[[str, Declaration, ChannelSpec, BucketResources, pulumi.ResourceOptions], ChannelAccessResources]
    """(name, declaration, channel, bucket, options): gives the channel's principals access; resource names begin with
    `name`."""
    follow: Callable[[Declaration, StoreInput, BucketResources, pulumi.ResourceOptions], list[pulumi.Resource]]
    """(declaration, store, bucket, options): declares what follows the channels with `index.follow`, once they are
    there."""


def after(opts: pulumi.ResourceOptions, *needed: pulumi.Resource, **more: Any) -> pulumi.ResourceOptions:
    """`opts` with a dependency on `needed` and the further options `more`."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(needed), **more))
