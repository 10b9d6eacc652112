"""Describe an s3:// channel that has no channel.json, from options, environment and the provider's row."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chaninfra.channel.config.channel import Visibility
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, build_descriptor
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.build import build_spec, provider_row
from chaninfra.cli.channel_argument.credentials import said_endpoint
from chaninfra.cli.channel_argument.parse import S3
from chaninfra.cli.store_flags import StoreFlags


@dataclass(frozen=True, kw_only=True)
class NewChannel:
    """The settings of a channel without a channel.json that neither its URL nor the store options say.

    `name` None is the last segment of the prefix, `subdirs` () the default subdirs; `public_url` None is derived from
    the endpoint.
    """

    name: str | None = None
    subdirs: Sequence[str] = ()
    visibility: Visibility = "private"
    public_url: str | None = None


def assume(reference: S3, flags: StoreFlags, new: NewChannel) -> Descriptor:
    """The descriptor that `pulumi up` would write for the same settings.

    Raises ConfigurationError if the provider needs an endpoint or a region and none is given.
    """
    where = str(reference)
    endpoint_url = flags.endpoint_url
    if endpoint_url is None and flags.provider is None:
        endpoint_url = _said(flags)
    row = provider_row(flags.provider, endpoint_url, "--provider")
    if endpoint_url is None and row.endpoint.value is None:
        endpoint_url = _said(flags)
    region = (
        flags.region or _first_variable(("S3_REGION",)) or (_aws_region(flags) if row.region.value is None else None)
    )
    _check_complete(row, where, endpoint_url, region)
    raw: dict[str, Any] = {
        "provider": row.name,
        "bucket": reference.bucket,
        "prefix": reference.prefix,
        "endpoint-url": endpoint_url,
        "region": region,
        "force-path-style": flags.path_style,
        "name": new.name,
        "visibility": new.visibility,
        "public-url": new.public_url,
        "subdirs": [*new.subdirs] or None,
    }
    spec = build_spec({key: value for key, value in raw.items() if value is not None}, where=where)
    return build_descriptor(spec.bucket, spec.channels[0])


def _check_complete(row: Provider, where: str, endpoint_url: str | None, region: str | None) -> None:
    """Raise ConfigurationError, with the option to add, if the endpoint or the region is missing."""
    known = region or row.region.value
    if (
        endpoint_url is None
        and row.endpoint_url({"region": known} if known else {}) is None
        and row.needed != ("region",)
    ):
        raise ConfigurationError(
            f"{row.title} needs an endpoint",
            where=where,
            remedy=f"give --endpoint-url {row.endpoint_form}",
        )
    if known is None:
        raise ConfigurationError(
            f"no endpoint is given, so the store is {row.title}, which needs a region"
            if endpoint_url is None
            else f"{row.title} needs a region",
            where=where,
            remedy="give --region REGION, or set AWS_REGION; for another store: --endpoint-url URL, or S3_ENDPOINT_URL",
        )


def _aws_region(flags: StoreFlags) -> str | None:
    """The region of the environment or the AWS configuration files, as every AWS tool finds it."""
    region = _first_variable(("AWS_REGION", "AWS_DEFAULT_REGION"))
    if region is not None:
        return region
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        configured = Session(profile=flags.profile).get_config_variable("region")
    except BotoCoreError as error:
        raise ConfigurationError(str(error), remedy="give --region, or check the AWS configuration files") from error
    return str(configured) if configured else None


def _said(flags: StoreFlags) -> str | None:
    said = said_endpoint(flags)
    return said.url if said else None


def _first_variable(names: Sequence[str]) -> str | None:
    return next((value for value in map(os.environ.get, names) if value), None)
