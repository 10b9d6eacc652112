"""What a backend does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf
from chaninfra.channel.spec.model import ChannelSpec
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """What stands before a bucket: the names that it got once it was made, see `chaninfra.channel.policy.cdn`."""

    id: pulumi.Output[str]
    arn: pulumi.Output[str]
    domain_name: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class BucketResources:
    """A bucket: what must be there before anything is put in, what stands before it, the ARNs of OIDC providers by
    their issuer, and access keys by whose they are."""

    resources: list[pulumi.Resource]
    cdn: Cdn | None = None
    oidc_providers: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    keys: Mapping[KeyOf, AccessKey] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChannelAccessResources:
    """The access of a channel: its part of the stack outputs `access` and `keys`, and the resources that grant it."""

    access: dict[str, dict[str, Any]]
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: list[pulumi.Resource] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The functions of a backend's module."""

    bucket: Callable[[Declaration, dict[str, Any], pulumi.ResourceOptions], BucketResources]
    """(what is declared, the input `store`, options): makes the bucket."""
    grant: Callable[[str, Declaration, ChannelSpec, BucketResources, pulumi.ResourceOptions], ChannelAccessResources]
    """(name, what is declared, channel, what `bucket` made, options): gives the channel's principals access; resources
    are named after `name`."""


def after(opts: pulumi.ResourceOptions, *needed: pulumi.Resource, **more: Any) -> pulumi.ResourceOptions:
    """`opts` for a resource that comes after `needed`; `more` are options of its own."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(needed), **more))
