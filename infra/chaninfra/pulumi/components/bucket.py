"""The components: a conda channel in a bucket of its own, and a bucket with several.

No `from __future__ import annotations` here: the annotations are read when the components are hosted for other
languages.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec
from chaninfra.pulumi.backends import BACKENDS, BucketResources
from chaninfra.pulumi.bucket_session import store_input
from chaninfra.pulumi.components.args import ChannelBucketArgs, CondaChannelArgs
from chaninfra.pulumi.components.channel import ChannelResources, channel_resources
from chaninfra.pulumi.declaration import Declaration, declare
from chaninfra.pulumi.dynamic import DestroyGuard, Preflight
from chaninfra.pulumi.errors import users_mistakes

CHANNEL = "chaninfra:index:CondaChannel"
"""The type of a channel, of its own bucket or not; it is in the URNs of every stack."""

_AWS = "aws:index:none"


class CondaChannel(pulumi.ComponentResource):
    """A conda channel in a bucket of its own, with the access of publishers, readers and maintainers."""

    descriptor: pulumi.Output[dict[str, Any]]
    """The channel's descriptor (`schemas/channel.schema.json`): what `chaninfra` and a Publisher or Reader take."""

    access: pulumi.Output[dict[str, Any]]
    """publishers, readers, maintainers → name → kind, and role-arn, arn or access-key-id (`schemas/access.schema.json`,
    of one channel)."""

    keys: pulumi.Output[dict[str, Any]]
    """publishers, readers, maintainers → name → access-key-id, secret-access-key, of those with a key; a secret."""

    url: pulumi.Output[str]
    """The channel as pixi names it, s3://BUCKET/PREFIX."""

    public_url: pulumi.Output[str | None]
    """The https URL of a public channel."""

    def __init__(self, name: str, args: CondaChannelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(CHANNEL, name, None, opts)
        bucket = _Bucket(self, _declared("CondaChannel", name, args, self))
        parts = channel_resources(
            name, bucket.declared.stack.channels[0], bucket.declared, bucket.store, bucket.made, bucket.after(self)
        )
        bucket.guard([parts])
        self.descriptor = parts.descriptor
        self.access = pulumi.Output.from_input(parts.access)
        self.keys = pulumi.Output.secret(parts.keys)
        self.url = parts.descriptor.apply(lambda document: document["url"])
        self.public_url = parts.descriptor.apply(lambda document: document.get("public-url"))
        self.register_outputs(
            {
                "descriptor": self.descriptor,
                "access": self.access,
                "keys": self.keys,
                "url": self.url,
                "publicUrl": self.public_url,
            }
        )


class ChannelBucket(pulumi.ComponentResource):
    """A bucket with several conda channels, which share its settings and its one policy."""

    descriptors: pulumi.Output[dict[str, Any]]
    """The descriptor of each channel, by its name."""

    access: pulumi.Output[dict[str, Any]]
    """The access of each channel (`schemas/access.schema.json`), by its name."""

    keys: pulumi.Output[dict[str, Any]]
    """The access keys of each channel, by its name; a secret."""

    def __init__(self, name: str, args: ChannelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("chaninfra:index:ChannelBucket", name, None, opts)
        bucket = _Bucket(self, _declared("ChannelBucket", name, args, self))
        parts = {
            channel.name: _Channel(bucket.declared.named(channel), channel, bucket, pulumi.ResourceOptions(parent=self))
            for channel in bucket.declared.stack.channels
        }
        bucket.guard([channel.parts for channel in parts.values()])
        self.descriptors = pulumi.Output.from_input({key: channel.parts.descriptor for key, channel in parts.items()})
        self.access = pulumi.Output.from_input({key: channel.parts.access for key, channel in parts.items()})
        keys = {key: channel.parts.keys for key, channel in parts.items() if channel.parts.keys}
        self.keys = pulumi.Output.secret(keys)
        self.register_outputs({"descriptors": self.descriptors, "access": self.access, "keys": self.keys})


class _Bucket:
    """The resources of a bucket, children of `component`."""

    def __init__(self, component: pulumi.ComponentResource, declared: Declaration) -> None:
        self.declared = declared
        name, spec = declared.name, declared.stack.bucket
        # Secrets are looked up by the namespace of the stack's own config, whatever the project is called.
        self.store = store_input(spec, pulumi.Config().name)
        self._destroy: dict[str, Any] = {
            "store": self.store,
            "prefixes": sorted(channel.prefix for channel in declared.stack.channels),
            "adopt": spec.adopt,
            "force-destroy": spec.force_destroy,
        }
        self._own = pulumi.ResourceOptions(parent=component)
        preflight = Preflight(f"{name}-preflight", self._destroy, self._own)
        after = pulumi.ResourceOptions(parent=component, depends_on=[preflight])
        self.made: BucketResources = BACKENDS[spec.provider.backend].bucket(declared, self.store, after)
        self._ready: list[pulumi.Resource] = [preflight, *self.made.resources]

    def after(self, parent: pulumi.ComponentResource) -> pulumi.ResourceOptions:
        """The options of a channel's resources: children of `parent`, made once the bucket is there."""
        return pulumi.ResourceOptions(parent=parent, depends_on=self._ready)

    def guard(self, channels: Sequence[ChannelResources]) -> None:
        """Guards the bucket and all its channels against `pulumi destroy`; called once they are all declared.

        One guard for the bucket: with one a channel, that of an empty channel would give way, and the channel with
        it, before another refuses.
        """
        needed = [*self._ready, *(resource for channel in channels for resource in channel.resources)]
        opts = pulumi.ResourceOptions.merge(self._own, pulumi.ResourceOptions(depends_on=needed))
        DestroyGuard(f"{self.declared.name}-guard", self._destroy, opts)


class _Channel(pulumi.ComponentResource):
    """One of several channels of a bucket."""

    def __init__(self, name: str, channel: ChannelSpec, bucket: _Bucket, opts: pulumi.ResourceOptions) -> None:
        super().__init__(CHANNEL, name, None, opts)
        self.parts = channel_resources(name, channel, bucket.declared, bucket.store, bucket.made, bucket.after(self))
        self.register_outputs({"descriptor": self.parts.descriptor, "access": self.parts.access})


def aws_region() -> str | None:
    """The region of the AWS provider that Pulumi makes by default, where something says it."""
    config = pulumi.Config("aws").get("region")
    return config or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _declared(kind: str, name: str, args: Mapping[str, Any], component: pulumi.ComponentResource) -> Declaration:
    with users_mistakes():
        if kind == "CondaChannel" and "channels" in args:
            raise ConfigurationError(
                "it is one channel", where=f"{kind} {name!r}, key channels", remedy="declare a ChannelBucket"
            )
        declared = declare(kind, name, args, aws_region())
        bucket = declared.stack.bucket
        if bucket.provider.backend == "aws" and component.get_provider(_AWS) is None:
            _check_default_provider(bucket, declared.where)
    return declared


def _check_default_provider(bucket: BucketSpec, where: str) -> None:
    """Raise ConfigurationError where the AWS provider that Pulumi makes by default would make the bucket elsewhere."""
    told = {
        "region": (bucket.location.region, aws_region() or bucket.location.region),
        "profile": (bucket.profile, pulumi.Config("aws").get("profile")),
        "endpoint-url": (bucket.location.endpoint_url if bucket.own_endpoint else None, None),
    }
    for key, (wanted, default) in told.items():
        if wanted != default:
            raise ConfigurationError(
                f"the default provider of AWS has {default or 'none of its own'}, and not {wanted or 'none'}",
                where=f"{where}, key {key}",
                remedy="give the component a provider of AWS that has it too, by the resource option `providers`",
            )
