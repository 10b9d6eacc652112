"""A bucket of an S3-compatible store, by boto3 in dynamic resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from chaninfra.channel.policy.bucket import KeyOf, s3_statements
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.base import BucketResources, after
from chaninfra.pulumi.backends.s3.principals import access_keys, access_policies
from chaninfra.pulumi.bucket_config import public_acl, settings_documents
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import AccessKey, Bucket, BucketPolicy, BucketSettings
from chaninfra.pulumi.user_admin import BY_BUCKET_POLICY


def bucket(declared: Declaration, store: dict[str, Any], opts: pulumi.ResourceOptions) -> BucketResources:
    """The bucket, its settings where they are declared, the access keys, and the policy: of a public channel, and of
    keys that have none of their own."""
    name, stack = declared.name, declared.stack
    spec = stack.bucket
    own = Bucket(
        f"{name}-bucket",
        {"store": store, "adopt": spec.adopt, "force-destroy": spec.force_destroy},
        after(opts, protect=spec.protect or None),
    )
    made: list[pulumi.Resource] = [own]
    if settings := {**settings_documents(spec.settings), **public_acl(stack)}:
        made.append(BucketSettings(f"{name}-settings", {"store": store, "settings": settings}, after(opts, own)))
    keys = access_keys(declared, store, opts)
    # A policy may name only those who are there.
    named = keys if spec.provider.keys.value in BY_BUCKET_POLICY else {}
    if s3_statements(stack, keys=dict.fromkeys(named, "")):
        statements = _statements(stack, named)
        needed = after(opts, own, *named.values())
        made.append(BucketPolicy(f"{name}-policy", {"store": store, "statements": statements}, needed))
    return BucketResources(resources=[*made, *keys.values(), *access_policies(declared, store, opts)], keys=keys)


def _statements(stack: StackSpec, keys: Mapping[KeyOf, AccessKey]) -> Any:
    if not keys:
        return s3_statements(stack)
    ids = pulumi.Output.all(*(key.access_key_id for key in keys.values()))
    return ids.apply(lambda known: s3_statements(stack, keys=dict(zip(keys, known, strict=True))))
