"""What the dynamic resources do, one module a noun. Props are the inputs and, after `create`, the outputs."""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.pulumi.resources.access_key import AccessKeyOperations
from chaninfra.pulumi.resources.access_policy import AccessPolicyOperations
from chaninfra.pulumi.resources.base import Difference, Operations
from chaninfra.pulumi.resources.bucket import BucketOperations
from chaninfra.pulumi.resources.descriptor import DescriptorOperations
from chaninfra.pulumi.resources.guard import GuardOperations
from chaninfra.pulumi.resources.policy import PolicyOperations
from chaninfra.pulumi.resources.preflight import PreflightOperations
from chaninfra.pulumi.resources.settings import SettingsOperations
from chaninfra.pulumi.resources.skeleton import SkeletonOperations
from chaninfra.pulumi.session import Session

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
