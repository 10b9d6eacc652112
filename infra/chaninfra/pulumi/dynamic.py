"""The dynamic resources: what no Pulumi provider has, on AWS too.

FROZEN: the state of every stack refers to this module and these classes by name (as pickles) and to these type tokens.
Renaming one breaks `pulumi destroy` of existing stacks. The classes only forward to `chaninfra.pulumi.handlers`, which
may change.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown

from chaninfra.channel.errors import ConfigurationError
from chaninfra.pulumi import handlers
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.errors import told_plainly

Props = dict[str, Any]


class _Provider(ResourceProvider):
    # The pickle holds no secret; as plain text it can be read in the state and compared.
    serialize_as_secret_always = False
    noun = ""

    def configure(self, req: ConfigureRequest) -> None:
        self._config = req.config

    def _handler(self, props: Props) -> handlers.Handler[Any, Any]:
        return handlers.HANDLERS[self.noun](Session(props["store"], self._config))

    def check(self, _olds: Props, news: Props) -> CheckResult:
        if isinstance(news["store"], Unknown):
            # A preview of a component whose channel is not made yet.
            return CheckResult(news, [])
        with told_plainly():
            failure = self._handler(news).check(_olds, news)
        return CheckResult(news, [CheckFailure(*failure)] if failure else [])

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        if isinstance(_news["store"], Unknown):
            return DiffResult(changes=True)
        with told_plainly():
            difference = self._handler(_olds).diff(_olds, _news)
        return DiffResult(changes=difference.changes, replaces=list(difference.replaces))

    def create(self, props: Props) -> CreateResult:
        with told_plainly():
            return CreateResult(*self._handler(props).create(props))

    def read(self, id_: str, props: Props) -> ReadResult:
        with told_plainly():
            found = self._handler(props).read(props)
        return ReadResult("" if found is None else id_, found or {})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        with told_plainly():
            return UpdateResult(self._handler(_news).update(_olds, _news))

    def delete(self, _id: str, _props: Props) -> None:
        with told_plainly():
            self._handler(_props).delete(_props)


class PreflightProvider(_Provider):
    """See `handlers.preflight`."""

    noun = "preflight"


class BucketProvider(_Provider):
    """See `handlers.bucket`."""

    noun = "bucket"


class BucketPolicyProvider(_Provider):
    """See `handlers.bucket_policy`."""

    noun = "policy"


class SkeletonProvider(_Provider):
    """See `handlers.skeleton`."""

    noun = "skeleton"


class DescriptorProvider(_Provider):
    """See `handlers.descriptor`."""

    noun = "descriptor"


class DestroyGuardProvider(_Provider):
    """See `handlers.destroy_guard`."""

    noun = "guard"


class BucketSettingsProvider(_Provider):
    """See `handlers.bucket_settings`."""

    noun = "settings"


class BucketNotificationsProvider(_Provider):
    """See `handlers.notifications`."""

    noun = "notifications"


class AccessKeyProvider(_Provider):
    """See `handlers.access_key`."""

    noun = "access-key"


class AccessPolicyProvider(_Provider):
    """See `handlers.access_policy`."""

    noun = "access-policy"


class EventBridgeProvider(_Provider):
    """See `handlers.event_bridge`."""

    noun = "event-bridge"


class PageProvider(_Provider):
    """See `handlers.page`."""

    noun = "page"


class _LaterProvider(_Provider):
    """The provider of a resource in the state that only a later chaninfra has: every call refuses."""

    def _handler(self, props: Props) -> handlers.Handler[Any, Any]:
        raise ConfigurationError(
            "the stack's state has a resource of a later version of chaninfra, which this one does not know",
            remedy="upgrade chaninfra",
        )


def __getattr__(name: str) -> type[_Provider]:
    """What a state is told that names a provider of a later version; Python asks here for what it does not find."""
    if not re.fullmatch(r"[A-Z][A-Za-z]*Provider", name):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _LaterProvider


class _Resource(Resource):
    provider: ClassVar[type[_Provider]]

    def __init__(self, name: str, props: dict[str, Input[Any]], opts: ResourceOptions | None = None) -> None:
        # A copy, since Pulumi adds a key to it.
        super().__init__(self.provider(), name, {**props}, opts)


class Preflight(_Resource, module="chaninfra", name="Preflight"):
    """Refuses a declaration before any change; all other resources depend on it."""

    provider = PreflightProvider


class Bucket(_Resource, module="chaninfra", name="Bucket"):
    """A bucket on an S3-compatible store."""

    provider = BucketProvider


class BucketPolicy(_Resource, module="chaninfra", name="BucketPolicy"):
    """Our statements in a bucket policy."""

    provider = BucketPolicyProvider


class Skeleton(_Resource, module="chaninfra", name="Skeleton"):
    """The empty index files of a new channel."""

    provider = SkeletonProvider


class ChannelDescriptor(_Resource, module="chaninfra", name="ChannelDescriptor"):
    """The channel.json of a channel."""

    provider = DescriptorProvider
    document: Output[str]
    probed: Output[dict[str, bool] | None]


class DestroyGuard(_Resource, module="chaninfra", name="DestroyGuard"):
    """Refuses its own deletion while the bucket holds packages. It depends on all others, so it is deleted first."""

    provider = DestroyGuardProvider


class BucketSettings(_Resource, module="chaninfra", name="BucketSettings"):
    """The declared settings of a bucket on an S3-compatible store."""

    provider = BucketSettingsProvider


class BucketNotifications(_Resource, module="chaninfra", name="BucketNotifications"):
    """Our notifications of a bucket, which tell the followers of its channels."""

    provider = BucketNotificationsProvider


class AccessKey(_Resource, module="chaninfra", name="AccessKey"):
    """An access key of a principal; its secret is encrypted in the state."""

    provider = AccessKeyProvider
    access_key_id: Output[str]
    secret_access_key: Output[str]

    def __init__(self, name: str, props: dict[str, Input[Any]], opts: ResourceOptions | None = None) -> None:
        """`props` are the inputs. Pulumi needs the names of the outputs among them."""
        secret = ResourceOptions(additional_secret_outputs=["secret_access_key"])
        outputs = {"access_key_id": None, "secret_access_key": None}
        super().__init__(name, {**props, **outputs}, ResourceOptions.merge(opts, secret))


class AccessPolicy(_Resource, module="chaninfra", name="AccessPolicy"):
    """A policy of a MinIO server, for principals with a token."""

    provider = AccessPolicyProvider


class EventBridge(_Resource, module="chaninfra", name="EventBridge"):
    """Events of a bucket on AWS that go to EventBridge."""

    provider = EventBridgeProvider


class Page(_Resource, module="chaninfra", name="Page"):
    """The page of a channel."""

    provider = PageProvider
