"""Describe an s3:// channel that has no channel.json, from options, environment and the provider's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaninfra.channel.access import Visibility
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.spec.build import build_spec
from chaninfra.cli.channel_argument.located import store_of
from chaninfra.cli.channel_argument.parse import S3
from chaninfra.cli.store_flags import StoreFlags


@dataclass(frozen=True, kw_only=True)
class NewChannel:
    """The settings of a channel without a channel.json that neither its URL nor the store options say.

    `name` None is the last segment of the prefix, `subdirs` () the default subdirs; `public_url` None is derived from
    the endpoint, `page` None from the visibility.
    """

    name: str | None = None
    subdirs: Sequence[str] = ()
    visibility: Visibility = "private"
    public_url: str | None = None
    page: bool | None = None


def assume(reference: S3, flags: StoreFlags, new: NewChannel) -> Descriptor:
    """The descriptor that `pulumi up` would write for the same settings.

    Raises ConfigurationError if the provider needs an endpoint or a region and none is given.
    """
    where = str(reference)
    store = store_of(reference, flags)
    raw: dict[str, Any] = {
        "provider": store.provider.name,
        "bucket": reference.bucket,
        "prefix": reference.prefix,
        "endpoint-url": store.endpoint_url,
        "region": store.region,
        "force-path-style": flags.path_style,
        "name": new.name,
        "visibility": new.visibility,
        "public-url": new.public_url,
        "page": new.page,
        "subdirs": [*new.subdirs] or None,
    }
    spec = build_spec({key: value for key, value in raw.items() if value is not None}, where=where)
    return build_descriptor(spec.bucket, spec.channels[0])
