"""What the dynamic resources do, one handler per kind of resource.

A handler's props are the inputs that `backends` and `components` declare, and after `create` also the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.access_key import AccessKeyHandler
from chaninfra.pulumi.handlers.access_policy import AccessPolicyHandler
from chaninfra.pulumi.handlers.base import Difference, Handler
from chaninfra.pulumi.handlers.bucket import BucketHandler
from chaninfra.pulumi.handlers.bucket_policy import BucketPolicyHandler
from chaninfra.pulumi.handlers.bucket_settings import BucketSettingsHandler
from chaninfra.pulumi.handlers.descriptor import DescriptorHandler
from chaninfra.pulumi.handlers.destroy_guard import DestroyGuardHandler
from chaninfra.pulumi.handlers.event_bridge import EventBridgeHandler
from chaninfra.pulumi.handlers.notifications import NotificationsHandler
from chaninfra.pulumi.handlers.page import PageHandler
from chaninfra.pulumi.handlers.preflight import PreflightHandler
from chaninfra.pulumi.handlers.skeleton import SkeletonHandler

__all__ = ["HANDLERS", "Difference", "Handler"]

HANDLERS: dict[str, Callable[[Session], Handler[Any, Any]]] = {
    "preflight": PreflightHandler,
    "bucket": BucketHandler,
    "settings": BucketSettingsHandler,
    "policy": BucketPolicyHandler,
    "notifications": NotificationsHandler,
    "access-key": AccessKeyHandler,
    "access-policy": AccessPolicyHandler,
    "skeleton": SkeletonHandler,
    "descriptor": DescriptorHandler,
    "guard": DestroyGuardHandler,
    "event-bridge": EventBridgeHandler,
    "page": PageHandler,
}
"""Noun of a provider in `chaninfra.pulumi.dynamic` → its handler."""
