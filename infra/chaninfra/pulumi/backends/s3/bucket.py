"""A bucket on an S3-compatible store, as dynamic resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf, s3_statements
from chaninfra.channel.policy.statements import Statement
from chaninfra.channel.providers.model import BY_BUCKET_POLICY
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.base import BucketResources, after
from chaninfra.pulumi.backends.s3.principals import access_keys, access_policies
from chaninfra.pulumi.bucket_config import public_acl, settings_documents
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey, Bucket, BucketNotifications, BucketPolicy, BucketSettings
from chaninfra.pulumi.notifications import notifications_of


def bucket(declaration: Declaration, store: StoreInput, opts: pulumi.ResourceOptions) -> BucketResources:
    """The bucket, its declared settings, the access keys, a bucket policy: for public channels, and on stores whose
    users have no policies for the access keys; and the notifications for followers.

    Settings, policy and notifications are changed one after the other: of two changes at once, some stores lose one.
    """
    name, stack = declaration.name, declaration.stack
    spec = stack.bucket
    own = Bucket(
        f"{name}-bucket",
        {"store": store, "adopt": spec.adopt, "force-destroy": spec.force_destroy},
        after(opts, protect=spec.protect or None),
    )
    resources: list[pulumi.Resource] = [own]
    if settings := {**settings_documents(spec.settings), **public_acl(stack)}:
        resources.append(BucketSettings(f"{name}-settings", {"store": store, "settings": settings}, after(opts, own)))
    # Some admin APIs give a key rights on the bucket itself, which must be there.
    keys = access_keys(declaration, store, after(opts, own))
    named = keys if spec.key_way in BY_BUCKET_POLICY else {}
    if s3_statements(stack, keys=dict.fromkeys(named, "")):
        statements = _statements(stack, named)
        # Stores refuse a policy that names users who do not exist yet.
        needed = after(opts, *resources, *named.values())
        policy: dict[str, Any] = {"store": store, "provider": spec.provider.name, "statements": statements}
        resources.append(BucketPolicy(f"{name}-policy", policy, needed))
    if notifications := notifications_of(stack):
        inputs: dict[str, Any] = {"store": store, "provider": spec.provider.name, "notifications": notifications}
        resources.append(BucketNotifications(f"{name}-notifications", inputs, after(opts, *resources)))
    policies = access_policies(declaration, store, opts)
    return BucketResources(resources=[*resources, *keys.values(), *policies], keys=keys)


def _statements(stack: StackSpec, keys: Mapping[KeyOf, AccessKey]) -> pulumi.Input[list[Statement]]:
    if not keys:
        return s3_statements(stack)
    ids = pulumi.Output.all(*(key.access_key_id for key in keys.values()))
    return ids.apply(lambda values: s3_statements(stack, keys=dict(zip(keys, values, strict=True))))
