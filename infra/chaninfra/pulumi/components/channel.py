"""The resources of one channel in a bucket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pulumi

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.outputs.descriptor import build_descriptor, dump
from chaninfra.channel.spec.model import ChannelSpec, Distribution
from chaninfra.pulumi.backends import BACKENDS, BucketResources
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import ChannelDescriptor, Skeleton
from chaninfra.pulumi.handlers.descriptor import as_written


@dataclass(frozen=True, kw_only=True)
class ChannelResources:
    """What a channel consists of: its resources, its descriptor as a document, known once it is written, and its parts
    of the outputs `access` and `keys`."""

    resources: list[pulumi.Resource]
    descriptor: pulumi.Output[dict[str, Any]]
    access: dict[str, dict[str, Any]]
    keys: dict[str, dict[str, Any]]


def channel_resources(
    name: str,
    channel: ChannelSpec,
    declared: Declaration,
    store: dict[str, Any],
    made: BucketResources,
    opts: pulumi.ResourceOptions,
) -> ChannelResources:
    """The skeleton, the descriptor, and the roles of those who have access; their names begin with `name`."""
    bucket = declared.stack.bucket
    shared = {"store": store, "prefix": channel.prefix, "adopt": bucket.adopt}
    skeleton = Skeleton(
        f"{name}-skeleton",
        {
            **shared,
            "subdirs": list(channel.subdirs),
            "index": _index_input(channel.index),
            "force-destroy": bucket.force_destroy,
        },
        opts,
    )
    written = ChannelDescriptor(
        f"{name}-descriptor",
        {
            **shared,
            "key": channel.key(CHANNEL_JSON),
            "document": _document(declared, channel, made),
            # An output: what the probe found.
            "probed": None,
        },
        opts,
    )
    granted = BACKENDS[bucket.provider.backend].grant(name, declared, channel, made, opts)
    return ChannelResources(
        resources=[skeleton, written, *granted.resources],
        descriptor=pulumi.Output.all(written.document, written.probed).apply(lambda both: as_written(*both)),
        access=granted.access,
        keys=granted.keys,
    )


def _document(declared: Declaration, channel: ChannelSpec, made: BucketResources) -> pulumi.Input[str]:
    """The text of the descriptor; behind a CDN it is known once that is there."""
    bucket, cdn = declared.stack.bucket, made.cdn
    if cdn is None:
        return dump(build_descriptor(bucket, channel)).decode()

    def described(id_: str, domain_name: str) -> str:
        return dump(build_descriptor(bucket, channel, Distribution(id=id_, domain_name=domain_name))).decode()

    return pulumi.Output.all(cdn.id, cdn.domain_name).apply(lambda known: described(*known))


def _index_input(settings: IndexSettings) -> dict[str, Any]:
    """What the skeleton's bytes and headers depend on."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(settings))
    return {key: document[key] for key in ("formats", "compression-level", "cache-control")}
