"""Where the channel.json of an s3:// channel is read, from options, environment and the provider's row.

Loads no model of the stack config: most commands read channel.json, which says the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chaninfra.channel import patterns
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.locate import locate, provider_row
from chaninfra.channel.spec.names import check_prefix
from chaninfra.cli.channel_argument.credentials import said_endpoint
from chaninfra.cli.channel_argument.parse import S3
from chaninfra.cli.store_flags import StoreFlags


@dataclass(frozen=True, kw_only=True)
class Store:
    """A provider, and what is given of its endpoint and region; None: as its row says."""

    provider: Provider
    endpoint_url: str | None
    region: str | None


def store_of(reference: S3, flags: StoreFlags) -> Store:
    """The store that options and environment name.

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
    return Store(provider=row, endpoint_url=endpoint_url, region=region)


def located(reference: S3, flags: StoreFlags) -> Descriptor | None:
    """A descriptor by which the channel.json can be read: what it says beside the location is a placeholder.

    None if the names are not valid, which `assume` says why. Raises ConfigurationError as `assume` does.
    """
    if not (re.fullmatch(patterns.BUCKET, reference.bucket) and re.fullmatch(patterns.PREFIX, reference.prefix)):
        return None
    where = str(reference)
    store = store_of(reference, flags)
    location = locate(
        store.provider,
        reference.bucket,
        where=where,
        endpoint_url=store.endpoint_url,
        region=store.region,
        force_path_style=flags.path_style,
    )
    if not re.fullmatch(patterns.REGION, location.region):
        return None
    check_prefix(reference.prefix, where)
    return Descriptor(
        name=reference.bucket,
        provider=store.provider.name,
        bucket=location.bucket,
        prefix=reference.prefix,
        url=where,
        endpoint_url=location.endpoint_url,
        region=location.region,
        force_path_style=location.force_path_style,
        visibility="private",
        auth="pixi",
        subdirs=(NOARCH,),
    )


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
