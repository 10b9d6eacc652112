"""What the dynamic resources do, one module a noun. Props are the inputs and, after `create`, the outputs."""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.access_key import AccessKeyOperations
from chaninfra.pulumi.handlers.access_policy import AccessPolicyOperations
from chaninfra.pulumi.handlers.base import Difference, Operations
from chaninfra.pulumi.handlers.bucket import BucketOperations
from chaninfra.pulumi.handlers.bucket_policy import PolicyOperations
from chaninfra.pulumi.handlers.bucket_settings import SettingsOperations
from chaninfra.pulumi.handlers.descriptor import DescriptorOperations
from chaninfra.pulumi.handlers.destroy_guard import GuardOperations
from chaninfra.pulumi.handlers.preflight import PreflightOperations
from chaninfra.pulumi.handlers.skeleton import SkeletonOperations

__all__ = ["OPERATIONS", "Difference", "Operations"]

OPERATIONS: dict[str, Callable[[Session], Operations]] = {
    "preflight": PreflightOperations,
    "bucket": BucketOperations,
    "settings": SettingsOperations,
    "policy": PolicyOperations,
    "access-key": AccessKeyOperations,
    "access-policy": AccessPolicyOperations,
    "skeleton": SkeletonOperations,
    "descriptor": DescriptorOperations,
    "guard": GuardOperations,
}
