"""The resources of one channel in a bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pulumi

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import dump, url_of_page
from chaninfra.channel.page.put import page_digests
from chaninfra.channel.spec.model import ChannelSpec, Distribution
from chaninfra.pulumi.backends import BACKENDS, BucketResources
from chaninfra.pulumi.backends.base import after
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import ChannelDescriptor, Page, Skeleton
from chaninfra.pulumi.handlers.descriptor import as_written


@dataclass(frozen=True, kw_only=True)
class ChannelResources:
    """The resources of a channel, and its parts of the component's outputs."""

    resources: list[pulumi.Resource]
    descriptor: pulumi.Output[dict[str, Any]]
    """channel.json as written, known once it is written."""
    page_url: pulumi.Output[str | None]
    """The URL of the channel's page; None if it has none, or not everybody can read it."""
    access: dict[str, dict[str, Any]]
    """publishers, readers, maintainers, promoters → name → kind and role-arn, arn or access-key-id."""
    keys: dict[str, dict[str, Any]]
    """publishers, readers, maintainers, promoters → name → access-key-id and secret-access-key."""


def channel_resources(
    name: str,
    channel: ChannelSpec,
    declaration: Declaration,
    store: StoreInput,
    bucket_resources: BucketResources,
    opts: pulumi.ResourceOptions,
) -> ChannelResources:
    """The index files, the descriptor, the page, and what grants the principals access; the names of these resources
    begin with `name`."""
    bucket = declaration.stack.bucket
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
            "document": _document(declaration, channel, bucket_resources),
            # An output: the result of the probe.
            "probed": None,
        },
        opts,
    )
    pages: list[pulumi.Resource] = []
    if channel.page:
        # After what it reads; so it is deleted before the skeleton, which deletes what is left.
        contents: dict[str, Any] = {"store": store, "prefix": channel.prefix, "contents": page_digests()}
        pages.append(Page(f"{name}-page", contents, after(opts, skeleton, written)))
    access = BACKENDS[bucket.provider.backend].grant(name, declaration, channel, bucket_resources, opts)
    descriptor = pulumi.Output.all(written.document, written.probed).apply(lambda both: as_written(*both))
    return ChannelResources(
        resources=[skeleton, written, *pages, *access.resources],
        descriptor=descriptor,
        page_url=descriptor.apply(lambda document: _page_url(document) if channel.page else None),
        access=access.access,
        keys=access.keys,
    )


def _page_url(document: Mapping[str, Any]) -> str | None:
    url = document.get("public-url")
    return url_of_page(url, behind_cdn=document.get("cdn") is not None) if url else None


def _document(declaration: Declaration, channel: ChannelSpec, resources: BucketResources) -> pulumi.Input[str]:
    """The descriptor's JSON text; with a CDN an Output, since it contains the distribution's domain name."""
    bucket, cdn = declaration.stack.bucket, resources.cdn
    if cdn is None:
        return dump(build_descriptor(bucket, channel)).decode()

    def described(id_: str, domain_name: str) -> str:
        return dump(build_descriptor(bucket, channel, Distribution(id=id_, domain_name=domain_name))).decode()

    return pulumi.Output.all(cdn.id, cdn.domain_name).apply(lambda values: described(*values))


def _index_input(settings: IndexSettings) -> dict[str, Any]:
    """The index settings that the bytes and headers of the index files depend on."""
    document: dict[str, Any] = json.loads(msgspec.json.encode(settings))
    return {"formats": list(settings.formats), **{key: document[key] for key in ("compression-level", "cache-control")}}
