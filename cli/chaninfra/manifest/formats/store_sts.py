"""The login of a CI job by an ID token on stores that are not AWS and have an STS of their own.

The AWS tools, chaninfra among them, exchange the token of AWS_WEB_IDENTITY_TOKEN_FILE for a session of AWS_ROLE_ARN,
and ask for it at AWS_ENDPOINT_URL_STS (AWS SDKs and Tools Reference Guide, "Assume role credential provider" and
"Service-specific endpoints").
"""

from __future__ import annotations

from collections.abc import Mapping

from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import OidcWay
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.request import ManifestRequest

STS_VARIABLE = "AWS_ENDPOINT_URL_STS"
ROLE_VARIABLE = "AWS_ROLE_ARN"
TOKEN_VARIABLE = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105 (the name of a variable)
STS_NOTE = f"{STS_VARIABLE}, the URL of the store's STS."

# `oidc` of a provider with an STS → whether that is at the endpoint of the store.
_AT_THE_ENDPOINT: Mapping[OidcWay, bool] = {"minio-openid": True, "versitygw-iam": False}


def has_sts(access: ClientChannel) -> bool:
    """Whether the store is not AWS, and has an STS that takes tokens."""
    return _way(access) in _AT_THE_ENDPOINT


def logs_in_there(access: ClientChannel, request: ManifestRequest) -> bool:
    """Whether a job that writes logs in at such an STS: it has to know a role."""
    return request.role_arn is not None and has_sts(access)


def sts_url(access: ClientChannel) -> str | None:
    """The URL of the store's STS; None if only who runs the store knows it."""
    return access.descriptor.endpoint_url if _AT_THE_ENDPOINT[_way(access)] else None


def _way(access: ClientChannel) -> OidcWay:
    row = PROVIDERS.get(access.descriptor.provider)
    return "none" if row is None else row.oidc.value
