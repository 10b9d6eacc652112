"""Publishers, readers and maintainers on an S3-compatible store: access keys, and on MinIO policies for tokens."""

from __future__ import annotations

from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf
from chaninfra.channel.policy.documents import permissions_of
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.role_names import ROLE_ARNS, role_name
from chaninfra.pulumi.backends.base import BucketResources, ChannelAccessResources
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey, AccessPolicy
from chaninfra.pulumi.user_admin import ADMIN_APIS, BY_BUCKET_POLICY

# What is left of 64 characters, the longest name of a user, beside the key's own number.
_LONGEST = 51


def has_keys(stack: StackSpec) -> bool:
    """Whether there are access keys that we make."""
    principals = [principal for channel in stack.channels for principal in channel.principals]
    return stack.bucket.provider.keys.value in ADMIN_APIS and any(each.key is not None for each in principals)


def access_keys(declared: Declaration, store: dict[str, Any], opts: pulumi.ResourceOptions) -> dict[KeyOf, AccessKey]:
    """The keys of all principals that have one, where the store has a way to make them."""
    stack = declared.stack
    way = stack.bucket.provider.keys.value
    if way not in ADMIN_APIS:
        return {}
    made: dict[KeyOf, AccessKey] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.key is not None:
                of_bucket = way in BY_BUCKET_POLICY
                inputs: dict[str, Any] = {
                    "store": store,
                    "way": way,
                    # Short where the bucket's policy repeats it, which some servers hold in 4 KB.
                    "user": principal.name if of_bucket else user_name(channel.prefix, stack.bucket.name, principal),
                    "policy": {} if of_bucket else permissions_of(stack, channel, principal),
                    "rotate": str(principal.key.rotate),
                }
                name = f"{declared.named(channel)}-{principal.role}-{principal.name}-key"
                made[channel.prefix, principal.role, principal.name] = AccessKey(name, inputs, opts)
    return made


def user_name(prefix: str, bucket: str, principal: PrincipalSpec) -> str:
    """What the name of a principal's user begins with."""
    # Not the channel's name, which may change while its keys stay.
    last = prefix.rsplit("/", 1)[-1] or bucket
    return f"{last}-{principal.role}-{principal.name}"[:_LONGEST]


def access_policies(
    declared: Declaration, store: dict[str, Any], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """On MinIO the policies of those who come with a token; its OpenID settings then name them."""
    stack = declared.stack
    if stack.bucket.provider.oidc.value != "minio-openid":
        return []
    return [
        AccessPolicy(
            f"{declared.named(channel)}-{principal.role}-{principal.name}-policy",
            {
                "store": store,
                "name": _full_name(stack, channel, principal),
                "policy": permissions_of(stack, channel, principal),
            },
            opts,
        )
        for channel in stack.channels
        for principal in channel.principals
        if principal.token is not None
    ]


def grant(
    _name: str, declared: Declaration, channel: ChannelSpec, made: BucketResources, _opts: pulumi.ResourceOptions
) -> ChannelAccessResources:
    """What each principal is known by: its access key, or the role that it assumes with its token."""
    stack = declared.stack
    access: dict[str, dict[str, Any]] = {key: {} for key in ROLES.values()}
    keys: dict[str, dict[str, Any]] = {}
    for principal in channel.principals:
        group = ROLES[principal.role]
        entry: dict[str, Any] = {"kind": principal.kind}
        if principal.token is not None:
            arn_of = ROLE_ARNS[stack.bucket.provider.oidc.value]
            entry["role-arn"] = arn_of(_full_name(stack, channel, principal), principal.token)
        key = made.keys.get((channel.prefix, principal.role, principal.name))
        if key is not None:
            entry["access-key-id"] = key.access_key_id
            keys.setdefault(group, {})[principal.name] = {
                "access-key-id": key.access_key_id,
                "secret-access-key": key.secret_access_key,
            }
        access[group][principal.name] = entry
    return ChannelAccessResources(access=access, keys=keys)


def _full_name(stack: StackSpec, channel: ChannelSpec, principal: PrincipalSpec) -> str:
    return role_name(stack.bucket.name, channel.prefix, principal)
