"""The components: a bucket, and the conda channels in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pulumi

from chaninfra.channel.cdn import Distribution
from chaninfra.channel.descriptor import FILE_NAME, describe, dump
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.spec import ChannelSpec, StackSpec
from chaninfra.pulumi.backends import BACKENDS
from chaninfra.pulumi.dynamic import ChannelDescriptor, DestroyGuard, Preflight, Skeleton
from chaninfra.pulumi.resources.descriptor import as_written
from chaninfra.pulumi.session import store_input


class ChannelBucket(pulumi.ComponentResource):
    """A bucket for channels, and its one policy.

    `ready` are the resources that must be there before a channel is put in.
    """

    def __init__(
        self,
        name: str,
        stack: StackSpec,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("chaninfra:index:ChannelBucket", name, None, opts)
        bucket = stack.bucket
        self.spec = bucket
        self.stack = stack
        self.name = name
        # Secrets are looked up by the namespace of the stack's own config, whatever the project is called.
        self.store = store_input(bucket, pulumi.Config().name)
        self._destroy: dict[str, Any] = {
            "store": self.store,
            "prefixes": sorted(channel.prefix for channel in stack.channels),
            "adopt": bucket.adopt,
            "force-destroy": bucket.force_destroy,
        }
        preflight = Preflight(f"{name}-preflight", self._destroy, pulumi.ResourceOptions(parent=self))
        self.backend = BACKENDS[bucket.provider.backend]
        after = pulumi.ResourceOptions(parent=self, depends_on=[preflight])
        self.made = self.backend.bucket(name, stack, self.store, after)
        self.ready: list[pulumi.Resource] = [preflight, *self.made.resources]
        self.register_outputs({})

    def guard(self, channels: Sequence[CondaChannel]) -> None:
        """Guards the bucket and all its channels against `pulumi destroy`; called once they are all declared.

        One guard for the bucket: with one a channel, that of an empty channel would give way, and the channel with
        it, before another refuses.
        """
        needed = [*self.ready, *(resource for channel in channels for resource in channel.ready)]
        DestroyGuard(f"{self.name}-guard", self._destroy, pulumi.ResourceOptions(parent=self, depends_on=needed))


class CondaChannel(pulumi.ComponentResource):
    """A conda channel in a bucket: its skeleton, its descriptor, and the roles of those who have access.

    `descriptor` is the channel's descriptor as a document (`schemas/channel.schema.json`), known once it is written;
    `access` its part of the stack output `access` (`schemas/access.schema.json`), `keys` its part of the secret one.
    """

    descriptor: pulumi.Output[dict[str, Any]]
    access: dict[str, dict[str, Any]]
    keys: dict[str, dict[str, Any]]

    def __init__(
        self,
        name: str,
        channel: ChannelSpec,
        bucket: ChannelBucket,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("chaninfra:index:CondaChannel", name, None, opts)
        after = pulumi.ResourceOptions(parent=self, depends_on=bucket.ready)
        shared = {"store": bucket.store, "prefix": channel.prefix, "adopt": bucket.spec.adopt}
        skeleton = Skeleton(
            f"{name}-skeleton",
            {
                **shared,
                "subdirs": list(channel.subdirs),
                "index": _index_input(channel.index),
                "force-destroy": bucket.spec.force_destroy,
            },
            after,
        )
        written = ChannelDescriptor(
            f"{name}-descriptor",
            {
                **shared,
                "key": channel.key(FILE_NAME),
                "document": _document(bucket, channel),
                # An output: what the probe found.
                "probed": None,
            },
            after,
        )
        granted = bucket.backend.grant(name, bucket.stack, channel, bucket.made, after)
        self.ready: list[pulumi.Resource] = [skeleton, written, *granted.resources]
        self.access = granted.access
        self.keys = granted.keys
        self.descriptor = pulumi.Output.all(written.document, written.probed).apply(lambda both: as_written(*both))
        self.register_outputs({"descriptor": self.descriptor, "access": self.access})


def _document(bucket: ChannelBucket, channel: ChannelSpec) -> pulumi.Input[str]:
    """The text of the descriptor; behind a CDN it is known once that is there."""
    cdn = bucket.made.cdn
    if cdn is None:
        return dump(describe(bucket.spec, channel)).decode()

    def described(id_: str, domain_name: str) -> str:
        return dump(describe(bucket.spec, channel, Distribution(id=id_, domain_name=domain_name))).decode()

    return pulumi.Output.all(cdn.id, cdn.domain_name).apply(lambda known: described(*known))


def _index_input(settings: IndexSettings) -> dict[str, Any]:
    """What the skeleton's bytes and headers depend on."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(settings))
    return {key: document[key] for key in ("formats", "compression-level", "cache-control")}
