"""IAM roles for principals with a token, and the IAM OIDC providers of the tokens' issuers."""

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
from chaninfra.pulumi.backends.aws.existing import Existing
from chaninfra.pulumi.backends.base import BucketResources, ChannelAccessResources, access_entry, after, empty_access
from chaninfra.pulumi.declaration import Declaration


def oidc_providers(
    name: str, stack: StackSpec, there: Existing, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Input[str]]:
    """Issuer without https:// → ARN of its OIDC provider, one for all channels. Existing ones are looked up.

    A stack that adopts its bucket takes the provider that is there into its state, with its audiences, and leaves it
    when it is destroyed: others of the account may use it.
    """
    audiences: dict[str, set[str]] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.token is not None:
                audiences.setdefault(principal.token.issuer, set()).add(principal.token.audience)
    if not audiences:
        return {}
    from pulumi_aws import iam

    existing = {url.removeprefix("https://").rstrip("/") for url in stack.bucket.aws.existing_oidc_providers}
    arns: dict[str, pulumi.Input[str]] = {}
    for issuer, wanted in sorted(audiences.items()):
        url = f"https://{issuer}"
        if issuer.rstrip("/") in existing:
            looked_up = iam.get_open_id_connect_provider_output(url=url, opts=pulumi.InvokeOptions(parent=opts.parent))
            arns[issuer] = looked_up.arn
        else:
            arn, audiences_there = there.providers.get(issuer, (None, ()))
            adopting = pulumi.ResourceOptions(import_=arn, retain_on_delete=stack.bucket.adopt or None)
            # Without thumbprints: IAM checks the issuer's certificate against its own list of certificate authorities.
            provider = iam.OpenIdConnectProvider(
                f"{name}-oidc-{issuer}",
                url=url,
                client_id_lists=[*audiences_there, *sorted(wanted - {*audiences_there})],
                opts=pulumi.ResourceOptions.merge(opts, adopting),
            )
            arns[issuer] = provider.arn
    return arns


def grant(
    name: str, declaration: Declaration, channel: ChannelSpec, bucket: BucketResources, opts: pulumi.ResourceOptions
) -> ChannelAccessResources:
    """A role for each principal with a token. Principals with an ARN are in the bucket policy already."""
    access = empty_access(channel)
    resources: list[pulumi.Resource] = []
    for number, principal in enumerate(channel.principals):
        entry = access_entry(principal)
        if principal.token is not None:
            role, policy = _role(name, declaration, channel, principal, principal.token, bucket, opts)
            resources += [role, policy]
            entry["role-arn"] = role.arn
        else:
            entry["arn"] = declaration.apply(_arn_of(channel, number))
        access[ROLES[principal.role]][principal.name] = entry
    return ChannelAccessResources(access=access, resources=resources)


def _arn_of(channel: ChannelSpec, number: int) -> Callable[[StackSpec], str | None]:
    """Reads the ARN of the channel's principal `number` from a resolved spec.

    In `channel` itself it may be the placeholder of an Output. Every spec of a declaration has the same channels and
    principals.
    """

    def arn(stack: StackSpec) -> str | None:
        return next(other for other in stack.channels if other.prefix == channel.prefix).principals[number].arn

    return arn


def _role(
    name: str,
    declaration: Declaration,
    channel: ChannelSpec,
    principal: PrincipalSpec,
    claims: TokenClaims,
    bucket: BucketResources,
    opts: pulumi.ResourceOptions,
) -> tuple[Any, pulumi.Resource]:
    """The role, and its policy."""
    from pulumi_aws import iam

    stack = declaration.stack
    keys = stack.bucket.aws
    trust = pulumi.Output.from_input(bucket.oidc_providers[claims.issuer]).apply(
        lambda arn: json.dumps(trust_policy(claims, arn), sort_keys=True)
    )
    full_name = role_name(stack.bucket.name, channel.prefix, principal, keys.roles.name_prefix)
    role = iam.Role(
        f"{name}-{principal.role}-{principal.name}",
        name=full_name,
        description=f"{principal.role} of the conda channel {channel.name} in {stack.bucket.name}",
        assume_role_policy=trust,
        max_session_duration=keys.roles.max_session_duration,
        path=keys.roles.path,
        permissions_boundary=keys.roles.permissions_boundary,
        tags=dict(stack.bucket.settings.tags) or None,
        # The name is fixed, so a replacement cannot be created before the old role is deleted.
        opts=after(opts, delete_before_replace=True, import_=full_name if full_name in bucket.existing_roles else None),
    )
    distribution = bucket.cdn.arn if bucket.cdn else pulumi.Output.from_input(NO_DISTRIBUTION)
    policy = iam.RolePolicy(
        f"{name}-{principal.role}-{principal.name}-rights",
        name="conda-channel",
        role=role.name,
        policy=pulumi.Output.all(declaration.apply(lambda stack: stack), distribution).apply(
            lambda args: json.dumps(permissions_of(args[0], channel, principal, args[1]), sort_keys=True),
        ),
        opts=opts,
    )
    return role, policy
