"""Roles for publishers, readers and maintainers that come with a token, and the OIDC providers that vouch for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi

from chaninfra.channel.policy.cdn import NO_DISTRIBUTION
from chaninfra.channel.policy.documents import permissions_of
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.role_names import role_name
from chaninfra.channel.spec.token_claims import TokenClaims
from chaninfra.pulumi.backends.base import BucketResources, ChannelAccessResources, after
from chaninfra.pulumi.declaration import Declaration


def oidc_providers(name: str, stack: StackSpec, opts: pulumi.ResourceOptions) -> dict[str, pulumi.Input[str]]:
    """Issuer → the ARN of its OIDC provider, made once for all channels; one that the account has is only looked up."""
    audiences: dict[str, set[str]] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.token is not None:
                audiences.setdefault(principal.token.issuer, set()).add(principal.token.audience)
    if not audiences:
        return {}
    from pulumi_aws import iam

    existing = {url.removeprefix("https://").rstrip("/") for url in stack.bucket.aws.existing_oidc_providers}
    found: dict[str, pulumi.Input[str]] = {}
    for issuer, wanted in sorted(audiences.items()):
        url = f"https://{issuer}"
        if issuer.rstrip("/") in existing:
            looked_up = iam.get_open_id_connect_provider_output(url=url, opts=pulumi.InvokeOptions(parent=opts.parent))
            found[issuer] = looked_up.arn
        else:
            # Thumbprints are no longer needed: IAM trusts the issuer's certificate by its authority.
            made = iam.OpenIdConnectProvider(
                f"{name}-oidc-{issuer}", url=url, client_id_lists=sorted(wanted), opts=opts
            )
            found[issuer] = made.arn
    return found


def grant(
    name: str, declared: Declaration, channel: ChannelSpec, made: BucketResources, opts: pulumi.ResourceOptions
) -> ChannelAccessResources:
    """A role for each principal with a token; who is known by ARN is in the bucket's policy already."""
    access: dict[str, dict[str, Any]] = {key: {} for key in ROLES.values()}
    resources: list[pulumi.Resource] = []
    for number, principal in enumerate(channel.principals):
        entry: dict[str, Any] = {"kind": principal.kind}
        if principal.token is not None:
            role, rights = _role(name, declared, channel, principal, principal.token, made, opts)
            resources += [role, rights]
            entry["role-arn"] = role.arn
        else:
            entry["arn"] = declared.of(_arn(channel, number))
        access[ROLES[principal.role]][principal.name] = entry
    return ChannelAccessResources(access=access, resources=resources)


def _arn(channel: ChannelSpec, number: int) -> Callable[[StackSpec], str | None]:
    """The ARN of a principal, by its place in the channel, which is there in every version of the stack."""

    def found(stack: StackSpec) -> str | None:
        return next(each for each in stack.channels if each.prefix == channel.prefix).principals[number].arn

    return found


def _role(
    name: str,
    declared: Declaration,
    channel: ChannelSpec,
    principal: PrincipalSpec,
    trust: TokenClaims,
    made: BucketResources,
    opts: pulumi.ResourceOptions,
) -> tuple[Any, pulumi.Resource]:
    from pulumi_aws import iam

    stack = declared.stack
    keys = stack.bucket.aws
    trusted = pulumi.Output.from_input(made.oidc_providers[trust.issuer]).apply(
        lambda arn: json.dumps(trust_policy(trust, arn), sort_keys=True)
    )
    role = iam.Role(
        f"{name}-{principal.role}-{principal.name}",
        name=role_name(stack.bucket.name, channel.prefix, principal, keys.roles.name_prefix),
        description=f"{principal.role} of the conda channel {channel.name} in {stack.bucket.name}",
        assume_role_policy=trusted,
        max_session_duration=keys.roles.max_session_duration,
        path=keys.roles.path,
        permissions_boundary=keys.roles.permissions_boundary,
        tags=dict(stack.bucket.settings.tags) or None,
        # Its name is fixed, so another cannot be made while it is there.
        opts=after(opts, delete_before_replace=True),
    )
    distribution = made.cdn.arn if made.cdn else pulumi.Output.from_input(NO_DISTRIBUTION)
    rights = iam.RolePolicy(
        f"{name}-{principal.role}-{principal.name}-rights",
        name="conda-channel",
        role=role.name,
        policy=pulumi.Output.all(declared.of(lambda stack: stack), distribution).apply(
            lambda known: json.dumps(permissions_of(known[0], channel, principal, known[1]), sort_keys=True),
        ),
        opts=opts,
    )
    return role, rights
