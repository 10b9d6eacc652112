"""The components for a conda channel in its own bucket, and for a bucket with several channels.

No `from __future__ import annotations` here: Pulumi reads the annotations at run time to make the plugin's schema.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec
from chaninfra.channel.spec.warnings import warnings
from chaninfra.pulumi.backends import BACKENDS, BucketResources
from chaninfra.pulumi.bucket_session import store_input
from chaninfra.pulumi.components.args import ChannelBucketArgs, CondaChannelArgs
from chaninfra.pulumi.components.channel import ChannelResources, channel_resources
from chaninfra.pulumi.declaration import Declaration, declare
from chaninfra.pulumi.dynamic import DestroyGuard, Preflight
from chaninfra.pulumi.errors import user_errors
from chaninfra.pulumi.old_engine import warn_of_old_engine

CHANNEL = "chaninfra:index:CondaChannel"
"""Type token of a channel, in its own bucket or not. It is in the URNs of every stack."""

_CHANNEL_BUCKET = "chaninfra:index:ChannelBucket"

# `get_provider` takes a type token and reads only its package, `aws`.
_AWS = "aws:index:none"


class CondaChannel(pulumi.ComponentResource):
    """A conda channel in its own bucket, with access for publishers, readers, maintainers and promoters."""

    descriptor: pulumi.Output[dict[str, Any]]
    """The channel descriptor (`schemas/channel.schema.json`): input of `chaninfra`, Publisher and Reader."""

    access: pulumi.Output[dict[str, Any]]
    """publishers, readers, maintainers, promoters → name → kind, and role-arn, arn or access-key-id
    (`schemas/access.schema.json` for one channel)."""

    keys: pulumi.Output[dict[str, Any]]
    """publishers, readers, maintainers, promoters → name → access-key-id and secret-access-key, for principals with an
    access key. A secret."""

    url: pulumi.Output[str]
    """The channel's URL for pixi, s3://BUCKET/PREFIX."""

    public_url: pulumi.Output[str | None]
    """The https URL, if the channel is public."""

    page_url: pulumi.Output[str | None]
    """The URL of the channel's page, which opens in a browser, if the channel is public and has one (`page`)."""

    def __init__(self, name: str, args: CondaChannelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(CHANNEL, name, None, opts)
        bucket = _Bucket(self, _declaration("CondaChannel", name, args, self))
        channel = bucket.channel(name, bucket.declaration.stack.channels[0], self)
        bucket.complete([channel])
        self.descriptor = channel.descriptor
        self.access = pulumi.Output.from_input(channel.access)
        self.keys = pulumi.Output.secret(channel.keys)
        self.url = channel.descriptor.apply(lambda document: document["url"])
        self.public_url = channel.descriptor.apply(lambda document: document.get("public-url"))
        self.page_url = channel.page_url
        self.register_outputs(
            {
                "descriptor": self.descriptor,
                "access": self.access,
                "keys": self.keys,
                "url": self.url,
                "publicUrl": self.public_url,
                "pageUrl": self.page_url,
            }
        )


class _ChannelBucketComponent(pulumi.ComponentResource):
    """A bucket with several channels; a subclass decides where its declaration comes from."""

    descriptors: pulumi.Output[dict[str, Any]]
    """Channel name → its descriptor."""

    access: pulumi.Output[dict[str, Any]]
    """Channel name → its access (`schemas/access.schema.json`)."""

    keys: pulumi.Output[dict[str, Any]]
    """Channel name → its access keys. A secret."""

    page_urls: pulumi.Output[dict[str, str]]
    """Channel name → the URL of its page, which opens in a browser, for public channels that have one (`page`)."""

    def _make(self, declaration: Declaration) -> None:
        bucket = _Bucket(self, declaration)
        channels = {
            channel.name: _Channel(declaration.name_of(channel), channel, bucket, pulumi.ResourceOptions(parent=self))
            for channel in declaration.stack.channels
        }
        resources = {name: channel.resources for name, channel in channels.items()}
        bucket.complete([*resources.values()])
        self.descriptors = pulumi.Output.from_input({name: each.descriptor for name, each in resources.items()})
        self.access = pulumi.Output.from_input({name: each.access for name, each in resources.items()})
        self.keys = pulumi.Output.secret({name: each.keys for name, each in resources.items() if each.keys})
        urls = pulumi.Output.all(**{name: each.page_url for name, each in resources.items()})
        self.page_urls = urls.apply(lambda every: {name: url for name, url in every.items() if url is not None})
        self.register_outputs(
            {
                "descriptors": self.descriptors,
                "access": self.access,
                "keys": self.keys,
                "pageUrls": self.page_urls,
            }
        )


class ChannelBucket(_ChannelBucketComponent):
    """A bucket with several conda channels, which share its settings and its bucket policy."""

    def __init__(self, name: str, args: ChannelBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(_CHANNEL_BUCKET, name, None, opts)
        self._make(_declaration("ChannelBucket", name, args, self))


class StackBucket(_ChannelBucketComponent):
    """The ChannelBucket of the stack program, which builds its declaration from the stack config."""

    def __init__(self, declaration: Declaration, opts: pulumi.ResourceOptions) -> None:
        super().__init__(_CHANNEL_BUCKET, declaration.name, None, opts)
        self._make(declaration)


class _Bucket:
    """The resources of a bucket, children of `component`."""

    def __init__(self, component: pulumi.ComponentResource, declaration: Declaration) -> None:
        warn_of_old_engine()
        self.declaration = declaration
        name, spec = declaration.name, declaration.stack.bucket
        for problem in warnings(declaration.stack, where=declaration.where):
            pulumi.log.warn(str(problem), component)
        # Secrets are read from the namespace of the stack's own config, whatever the project's name is.
        self._store = store_input(spec, pulumi.Config().name)
        self._guarded: dict[str, Any] = {
            "store": self._store,
            "prefixes": sorted(channel.prefix for channel in declaration.stack.channels),
            "adopt": spec.adopt,
            "force-destroy": spec.force_destroy,
        }
        self._opts = pulumi.ResourceOptions(parent=component)
        checked = {**self._guarded, **(_region_of_provider(component) if spec.provider.backend == "aws" else {})}
        preflight = Preflight(f"{name}-preflight", checked, self._opts)
        after = pulumi.ResourceOptions(parent=component, depends_on=[preflight])
        self._bucket: BucketResources = BACKENDS[spec.provider.backend].bucket(declaration, self._store, after)
        self._ready: list[pulumi.Resource] = [preflight, *self._bucket.resources]

    def channel(self, name: str, channel: ChannelSpec, parent: pulumi.ComponentResource) -> ChannelResources:
        """The resources of a channel: children of `parent`, created after the bucket; their names begin with `name`."""
        opts = pulumi.ResourceOptions(parent=parent, depends_on=self._ready)
        return channel_resources(name, channel, self.declaration, self._store, self._bucket, opts)

    def complete(self, channels: Sequence[ChannelResources]) -> None:
        """Declares what follows the channels, and guards bucket and channels against `pulumi destroy`; call it once all
        channels are declared.

        There is one guard per bucket, not one per channel: the guard of an empty channel would let that channel be
        deleted before the guard of another channel refuses.
        """
        made = [resource for channel in channels for resource in channel.resources]
        following = BACKENDS[self.declaration.stack.bucket.provider.backend].follow(
            self.declaration,
            self._store,
            self._bucket,
            pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[*self._ready, *made])),
        )
        needed = [*self._ready, *made, *following]
        opts = pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=needed))
        DestroyGuard(f"{self.declaration.name}-guard", self._guarded, opts)


class _Channel(pulumi.ComponentResource):
    """One of several channels in a bucket."""

    def __init__(self, name: str, channel: ChannelSpec, bucket: _Bucket, opts: pulumi.ResourceOptions) -> None:
        super().__init__(CHANNEL, name, None, opts)
        self.resources = bucket.channel(name, channel, self)
        self.register_outputs({"descriptor": self.resources.descriptor, "access": self.resources.access})


def aws_region() -> str | None:
    """The region of Pulumi's default AWS provider; None if neither config nor environment sets it."""
    config = pulumi.Config("aws").get("region")
    return config or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def _declaration(kind: str, name: str, args: Mapping[str, Any], component: pulumi.ComponentResource) -> Declaration:
    with user_errors():
        if kind == "CondaChannel" and "channels" in args:
            raise ConfigurationError(
                "a CondaChannel is one channel",
                where=f"{kind} {name!r}",
                key=("channels",),
                remedy="declare a ChannelBucket",
            )
        declaration = declare(kind, name, args, aws_region())
        bucket = declaration.stack.bucket
        if bucket.provider.backend == "aws" and component.get_provider(_AWS) is None:
            _check_default_provider(bucket, declaration.where)
    return declaration


def _region_of_provider(component: pulumi.ComponentResource) -> dict[str, Any]:
    """The preflight's input `provider-region`, if the user gave the component an AWS provider.

    Not for a component of another language's program, which has no outputs of the provider.
    """
    region = getattr(component.get_provider(_AWS), "region", None)
    return {} if region is None or isinstance(component, StackBucket) else {"provider-region": region}


def _check_default_provider(bucket: BucketSpec, where: str) -> None:
    """Raises ConfigurationError if Pulumi's default AWS provider would make the bucket elsewhere than declared."""
    wanted_and_default = {
        "region": (bucket.location.region, aws_region() or bucket.location.region),
        "profile": (bucket.profile, pulumi.Config("aws").get("profile")),
        "endpoint-url": (bucket.location.endpoint_url if bucket.own_endpoint else None, None),
    }
    for key, (wanted, default) in wanted_and_default.items():
        if wanted != default:
            raise ConfigurationError(
                f"Pulumi's default AWS provider has {default or 'none'}, not {wanted or 'none'}",
                where=where,
                key=(key,),
                remedy="give the component an aws.Provider with the same value, by the resource option `providers`",
            )
