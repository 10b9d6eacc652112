"""A descriptor made from flags, the environment and a provider's row: for a channel that has none, or none yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, build_descriptor
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.build import build_spec, provider_row
from chaninfra.cli.channel_argument.parse import S3
from chaninfra.cli.store_flags import StoreFlags

_ENDPOINT_VARIABLES = ("S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


@dataclass(frozen=True, kw_only=True)
class NewChannel:
    """What only the user can say of a channel that has no descriptor."""

    name: str | None = None
    subdirs: Sequence[str] = ()
    visibility: Literal["private", "public"] = "private"
    public_url: str | None = None


def assume(reference: S3, flags: StoreFlags, wanted: NewChannel) -> Descriptor:
    """The descriptor that `pulumi up` would write for the same settings. Raises ConfigurationError."""
    where = str(reference)
    endpoint_url = flags.endpoint_url
    if endpoint_url is None and flags.provider is None:
        endpoint_url = _environment(_ENDPOINT_VARIABLES)
    row = provider_row(flags.provider, endpoint_url, "--provider")
    if endpoint_url is None and row.endpoint.value is None:
        endpoint_url = _environment(_ENDPOINT_VARIABLES)
    region = (
        flags.region or _environment(("S3_REGION",)) or (_usual_region(flags) if row.region.value is None else None)
    )
    _check(row, where, endpoint_url, region)
    raw: dict[str, Any] = {
        "provider": row.name,
        "bucket": reference.bucket,
        "prefix": reference.prefix,
        "endpoint-url": endpoint_url,
        "region": region,
        "force-path-style": flags.path_style,
        "name": wanted.name,
        "visibility": wanted.visibility,
        "public-url": wanted.public_url,
        "subdirs": [*wanted.subdirs] or None,
    }
    spec = build_spec({key: value for key, value in raw.items() if value is not None}, where=where)
    return build_descriptor(spec.bucket, spec.channels[0])


def _check(row: Provider, where: str, endpoint_url: str | None, region: str | None) -> None:
    """What is missing, in the words of the command line."""
    known = region or row.region.value
    if (
        endpoint_url is None
        and row.endpoint_url({"region": known} if known else {}) is None
        and row.needed != ("region",)
    ):
        raise ConfigurationError(
            f"{row.title} needs an endpoint",
            where=where,
            remedy=f"--endpoint-url {row.endpoint.value or 'https://HOST'}",
        )
    if known is None:
        raise ConfigurationError(f"{row.title} needs a region", where=where, remedy="--region REGION, or AWS_REGION")


def _usual_region(flags: StoreFlags) -> str | None:
    """The region that any AWS tool would use."""
    found = _environment(("AWS_REGION", "AWS_DEFAULT_REGION"))
    if found is not None:
        return found
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        configured = Session(profile=flags.profile).get_config_variable("region")
    except BotoCoreError as error:
        raise ConfigurationError(str(error), remedy="give --region, or check the AWS configuration files") from error
    return str(configured) if configured else None


def _environment(names: Sequence[str]) -> str | None:
    return next((value for value in map(os.environ.get, names) if value), None)
