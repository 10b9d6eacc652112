"""Principals on an S3-compatible store: access keys, and on MinIO policies for token principals."""

from __future__ import annotations

from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf
from chaninfra.channel.policy.documents import permissions_of
from chaninfra.channel.policy.whole_buckets import of_whole_buckets
from chaninfra.channel.providers.model import BY_BUCKET_POLICY, WHOLE_BUCKET
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.role_names import ROLE_ARNS, role_name
from chaninfra.pulumi.backends.base import BucketResources, ChannelAccessResources, access_entry, empty_access
from chaninfra.pulumi.bucket_session import StoreInput, at_admin_url
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey, AccessPolicy
from chaninfra.pulumi.user_admin import ADMIN_APIS

# MinIO's user names have at most 64 characters; a hyphen and 12 hex digits follow, see handlers.access_key.
_LONGEST = 51


def has_keys(stack: StackSpec) -> bool:
    """Whether the stack makes access keys."""
    principals = [principal for channel in stack.channels for principal in channel.principals]
    return stack.bucket.key_way in ADMIN_APIS and any(principal.key is not None for principal in principals)


def access_keys(declaration: Declaration, store: StoreInput, opts: pulumi.ResourceOptions) -> dict[KeyOf, AccessKey]:
    """The access keys of all principals with one; empty if the store has no admin API."""
    stack = declaration.stack
    way = stack.bucket.key_way
    if way not in ADMIN_APIS:
        return {}
    keys: dict[KeyOf, AccessKey] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.key is not None:
                by_bucket_policy = way in BY_BUCKET_POLICY
                # Short if the bucket policy repeats it: versitygw limits a policy to about 4 KB.
                user = principal.name if by_bucket_policy else user_name(channel.prefix, stack.bucket.name, principal)
                inputs: dict[str, Any] = {
                    "store": at_admin_url(store, stack.bucket),
                    "way": way,
                    "user": user,
                    "policy": {} if by_bucket_policy else _policy(stack, channel, principal),
                    "rotate": str(principal.key.rotate),
                }
                name = f"{declaration.name_of(channel)}-{principal.role}-{principal.name}-key"
                keys[channel.prefix, principal.role, principal.name] = AccessKey(name, inputs, opts)
    return keys


def _policy(stack: StackSpec, channel: ChannelSpec, principal: PrincipalSpec) -> dict[str, Any]:
    policy = permissions_of(stack, channel, principal)
    return of_whole_buckets(policy) if stack.bucket.key_way in WHOLE_BUCKET else policy


def user_name(prefix: str, bucket: str, principal: PrincipalSpec) -> str:
    """The prefix of the name of a principal's user."""
    # Not from the channel's display name, which may change while its keys stay.
    last = prefix.rsplit("/", 1)[-1] or bucket
    return f"{last}-{principal.role}-{principal.name}"[:_LONGEST]


def access_policies(declaration: Declaration, store: StoreInput, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """On MinIO the policies of token principals, for the server's OpenID settings to name; elsewhere empty."""
    stack = declaration.stack
    if stack.bucket.provider.oidc.value != "minio-openid":
        return []
    return [
        AccessPolicy(
            f"{declaration.name_of(channel)}-{principal.role}-{principal.name}-policy",
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
    _name: str,
    declaration: Declaration,
    channel: ChannelSpec,
    bucket: BucketResources,
    _opts: pulumi.ResourceOptions,
) -> ChannelAccessResources:
    """The access key or the role ARN of each principal; `bucket` has already declared what grants the access."""
    stack = declaration.stack
    access = empty_access(channel)
    keys: dict[str, dict[str, Any]] = {}
    for principal in channel.principals:
        plural = ROLES[principal.role]
        entry = access_entry(principal)
        if principal.token is not None:
            arn_of = ROLE_ARNS[stack.bucket.provider.oidc.value]
            entry["role-arn"] = arn_of(_full_name(stack, channel, principal), principal.token)
        key = bucket.keys.get((channel.prefix, principal.role, principal.name))
        if key is not None:
            entry["access-key-id"] = key.access_key_id
            keys.setdefault(plural, {})[principal.name] = {
                "access-key-id": key.access_key_id,
                "secret-access-key": key.secret_access_key,
            }
        access[plural][principal.name] = entry
    return ChannelAccessResources(access=access, keys=keys)


def _full_name(stack: StackSpec, channel: ChannelSpec, principal: PrincipalSpec) -> str:
    return role_name(stack.bucket.name, channel.prefix, principal)
