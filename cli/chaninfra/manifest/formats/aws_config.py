"""A profile for the AWS configuration file, `~/.aws/config`.

Format: AWS SDKs and Tools Reference Guide, pages "Shared config and credentials files", "IAM Identity Center credential
provider" and "Service-specific endpoints".
"""

from __future__ import annotations

import re

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.request import PRINTED, ManifestRequest


def profile(settings: ManifestRequest) -> str:
    """The profile, with its login if there is one. Raises ConfigurationError for what the format cannot hold."""
    client = settings.one_bucket()
    name = profile_name(settings)
    lines = [f"# {PRINTED}", f"# To use it: export AWS_PROFILE={name}"]
    values: dict[str, str] = {}
    if settings.sso:
        if client.kind != "aws":
            raise ConfigurationError(
                "only AWS knows a login by IAM Identity Center",
                where=client.descriptor.url,
                remedy="take the --sso-… options out",
            )
        sso = settings.sso
        lines += [
            f"# To log in: aws sso login --profile {name}",
            f"[sso-session {name}]",
            f"sso_start_url = {_line(sso.start_url)}",
            f"sso_region = {_line(sso.region or client.descriptor.region)}",
            "sso_registration_scopes = sso:account:access",
            "",
        ]
        values = {"sso_session": name, "sso_account_id": sso.account_id, "sso_role_name": sso.role_name}
    values |= {"region": client.descriptor.region, "output": "json"}
    lines += [f"[profile {name}]", *(f"{key} = {_line(value)}" for key, value in values.items())]
    if client.kind != "aws":
        lines += _own_endpoint(client, name)
    return "\n".join(lines) + "\n"


def profile_name(settings: ManifestRequest) -> str:
    """The name that was given, else the first channel's. Raises ConfigurationError for one that is none."""
    name = settings.profile or settings.clients[0].descriptor.name
    if not re.fullmatch(r"[A-Za-z0-9_.+@-]+", name):
        raise ConfigurationError(
            f"{name!r} cannot be the name of a profile",
            remedy="give another: --profile NAME (letters, digits, - and _)",
        )
    return name


def _own_endpoint(client: ChannelAccess, name: str) -> list[str]:
    """For S3 alone, so that STS and all else stay where they are."""
    style = "path" if client.descriptor.force_path_style else "virtual"
    return [
        f"services = {name}",
        "s3 =",
        f"  addressing_style = {style}",
        "",
        f"[services {name}]",
        "s3 =",
        f"  endpoint_url = {_line(client.descriptor.endpoint_url)}",
    ]


def _line(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ConfigurationError(f"{value!r} cannot stand in an AWS configuration file", remedy="correct the value")
    return value
