"""Builds the descriptor of a channel from the spec of its stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from chaninfra.channel.access import Visibility
from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.location import https_url, join
from chaninfra.channel.outputs.descriptor import Cdn, DescribedIndex, Descriptor

if TYPE_CHECKING:
    from chaninfra.channel.spec.model import BucketSpec, ChannelSpec, Distribution


def build_descriptor(bucket: BucketSpec, channel: ChannelSpec, distribution: Distribution | None = None) -> Descriptor:
    """The descriptor of a channel of the stack.

    `distribution` is the CDN in front of the bucket. Its domain name is that of the public URL, unless the stack config
    has `cdn.domain`.
    """
    location = bucket.location
    host = (bucket.cdn.domain if bucket.cdn else None) or (distribution.domain_name if distribution else None)
    return Descriptor(
        name=channel.name,
        provider=bucket.provider.name,
        bucket=location.bucket,
        prefix=channel.prefix,
        url=f"s3://{join(location.bucket, channel.prefix)}",
        public_url=https_url(host, channel.prefix) if host else channel.public_url,
        endpoint_url=location.endpoint_url,
        region=location.region,
        force_path_style=location.force_path_style,
        visibility=channel.visibility,
        auth=channel.auth,
        subdirs=channel.subdirs,
        index=DescribedIndex(
            monolith=channel.index.monolith,
            history_days=channel.index.history_days,
            compression_level=channel.index.compression_level,
            cache_control=channel.index.cache_control,
            writers=channel.index.writers,
            follow=UNSET if channel.index.follow is UNSET else Follow(overwrites=channel.index.overwrites),
        ),
        cdn=Cdn(kind="cloudfront", id=distribution.id) if distribution else None,
        snapshots=channel.snapshots,
        retention=dict(channel.retention) if channel.retention else UNSET,
        mirrors=dict(channel.mirrors) if channel.mirrors else UNSET,
        page=page_setting(channel.visibility, channel.page),
    )


def page_setting(visibility: Visibility, page: bool) -> bool | UnsetType:
    """The value of `page` in channel.json for a channel that has a page, or has none."""
    return UNSET if page == (visibility == "public") else page
