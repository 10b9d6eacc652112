"""The dynamic resources: what Pulumi has no provider for, on AWS too.

FROZEN: the state of every stack names this module, these classes and these type tokens, as pickles by reference. A
renamed one breaks `pulumi destroy` of stacks that exist, and code put in here would hide in the pickle where no diff
sees it. So the classes only pass on to `resources`, which may change.
"""

from __future__ import annotations

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

from chaninfra.pulumi import handlers
from chaninfra.pulumi.bucket_session import Session

Props = dict[str, Any]


class _Provider(ResourceProvider):
    # Nothing secret is in the pickle; in clear it can be read in the state and compared.
    serialize_as_secret_always = False
    noun = ""

    def configure(self, req: ConfigureRequest) -> None:
        self._config = req.config

    def _operations(self, props: Props) -> handlers.Operations:
        return handlers.OPERATIONS[self.noun](Session(props["store"], self._config))

    def check(self, _olds: Props, news: Props) -> CheckResult:
        if isinstance(news["store"], Unknown):
            # A preview, before the channel is made.
            return CheckResult(news, [])
        failure = self._operations(news).check(_olds, news)
        return CheckResult(news, [CheckFailure(*failure)] if failure else [])

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        if isinstance(_news["store"], Unknown):
            return DiffResult(changes=True)
        difference = self._operations(_olds).diff(_olds, _news)
        return DiffResult(changes=difference.changes, replaces=list(difference.replaces))

    def create(self, props: Props) -> CreateResult:
        return CreateResult(*self._operations(props).create(props))

    def read(self, id_: str, props: Props) -> ReadResult:
        found = self._operations(props).read(props)
        return ReadResult("" if found is None else id_, found or {})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult(self._operations(_news).update(_olds, _news))

    def delete(self, _id: str, _props: Props) -> None:
        self._operations(_props).delete(_props)


class PreflightProvider(_Provider):
    """See `resources.preflight`."""

    noun = "preflight"


class BucketProvider(_Provider):
    """See `resources.bucket`."""

    noun = "bucket"


class BucketPolicyProvider(_Provider):
    """See `resources.policy`."""

    noun = "policy"


class SkeletonProvider(_Provider):
    """See `resources.skeleton`."""

    noun = "skeleton"


class DescriptorProvider(_Provider):
    """See `resources.descriptor`."""

    noun = "descriptor"


class DestroyGuardProvider(_Provider):
    """See `resources.guard`."""

    noun = "guard"


class BucketSettingsProvider(_Provider):
    """See `resources.settings`."""

    noun = "settings"


class AccessKeyProvider(_Provider):
    """See `resources.access_key`."""

    noun = "access-key"


class AccessPolicyProvider(_Provider):
    """See `resources.access_policy`."""

    noun = "access-policy"


class _Resource(Resource):
    provider: ClassVar[type[_Provider]]

    def __init__(self, name: str, props: dict[str, Input[Any]], opts: ResourceOptions | None = None) -> None:
        # A copy, since Pulumi writes into it.
        super().__init__(self.provider(), name, {**props}, opts)


class Preflight(_Resource, module="chaninfra", name="Preflight"):
    """Looks before anything is made or changed; the first of all resources."""

    provider = PreflightProvider


class Bucket(_Resource, module="chaninfra", name="Bucket"):
    """A bucket of an S3-compatible store."""

    provider = BucketProvider


class BucketPolicy(_Resource, module="chaninfra", name="BucketPolicy"):
    """Our statements in the policy of a bucket."""

    provider = BucketPolicyProvider


class Skeleton(_Resource, module="chaninfra", name="Skeleton"):
    """The index files of a channel."""

    provider = SkeletonProvider


class ChannelDescriptor(_Resource, module="chaninfra", name="ChannelDescriptor"):
    """The channel.json of a channel."""

    provider = DescriptorProvider
    document: Output[str]
    probed: Output[dict[str, bool] | None]


class DestroyGuard(_Resource, module="chaninfra", name="DestroyGuard"):
    """Refuses to be deleted while packages are there; the last of all resources, so the first to be deleted."""

    provider = DestroyGuardProvider


class BucketSettings(_Resource, module="chaninfra", name="BucketSettings"):
    """The declared settings of a bucket of an S3-compatible store."""

    provider = BucketSettingsProvider


class AccessKey(_Resource, module="chaninfra", name="AccessKey"):
    """An access key of a principal; its secret is encrypted in the state."""

    provider = AccessKeyProvider
    access_key_id: Output[str]
    secret_access_key: Output[str]

    def __init__(self, name: str, props: dict[str, Input[Any]], opts: ResourceOptions | None = None) -> None:
        """`props` are the inputs; the outputs are named beside them, as Pulumi wants it."""
        secret = ResourceOptions(additional_secret_outputs=["secret_access_key"])
        outputs = {"access_key_id": None, "secret_access_key": None}
        super().__init__(name, {**props, **outputs}, ResourceOptions.merge(opts, secret))


class AccessPolicy(_Resource, module="chaninfra", name="AccessPolicy"):
    """A policy of a MinIO server, for those who come with a token."""

    provider = AccessPolicyProvider
