"""The provider's row and the location of a bucket; loads no model of the stack config, so that commands start fast."""

from __future__ import annotations

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location, check_endpoint
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.names import check_bucket_name
from chaninfra.channel.text import nearest, shown


def provider_row(name: str | None, endpoint_url: str | None, where: str, key: tuple[str, ...] = ()) -> Provider:
    """The provider `name`; without a name, `custom` if there is an endpoint, else `aws`.

    `where` and `key` say where the name is written. Raises ConfigurationError for an unknown name.
    """
    chosen = name or ("custom" if endpoint_url else "aws")
    if chosen not in PROVIDERS:
        raise ConfigurationError(
            f"unknown provider {shown(chosen)}", where=where, key=key, remedy=nearest(chosen, PROVIDERS)
        )
    return PROVIDERS[chosen]


def locate(
    provider: Provider,
    bucket: str,
    *,
    where: str,
    endpoint_url: str | None = None,
    region: str | None = None,
    force_path_style: bool | None = None,
    variables: dict[str, str] | None = None,
) -> Location:
    """The location of a bucket; what is None comes from the provider's row in PROVIDERS.

    `variables` are the values for the placeholders of the provider's endpoint (`account-id`). Raises
    ConfigurationError if the row has no value for what is missing.
    """
    path_style = provider.addressing.value == "path" if force_path_style is None else force_path_style
    region = region or provider.region.value
    if region is None:
        raise ConfigurationError(
            f"{provider.title} needs a region", where=where, key=("region",), remedy="set `region`"
        )
    if endpoint_url is None:
        endpoint_url = provider.endpoint_url({"region": region, **(variables or {})})
    if endpoint_url is None:
        needed = " and ".join(f"`{name}`" for name in provider.needed) or "`endpoint-url`"
        raise ConfigurationError(
            f"{provider.title} needs an endpoint",
            where=where,
            key=("endpoint-url",),
            remedy=f"set {needed}" + (", or `endpoint-url` itself" if provider.needed else ""),
        )
    check_endpoint(endpoint_url, where)
    check_bucket_name(bucket, endpoint_url, path_style, where)
    return Location(
        bucket=bucket,
        endpoint_url=endpoint_url.rstrip("/"),
        region=region,
        force_path_style=path_style,
        dialect=provider.dialect,
    )
