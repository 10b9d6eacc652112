"""A profile for the AWS configuration file, `~/.aws/config`.

Format: AWS SDKs and Tools Reference Guide, pages "Shared config and credentials files", "IAM Identity Center credential
provider" and "Service-specific endpoints".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.rendered import Document, Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest

# Our names of the addressing styles → those of the setting `s3.addressing_style`.
_ADDRESSING_STYLES = {"path": "path", "virtual-host": "virtual"}


def profile(request: ManifestRequest) -> Rendered:
    """The profile, and the login by IAM Identity Center if the request has one.

    Section name → settings. Raises ConfigurationError for a login on another store than AWS, and for values that the
    file cannot hold.
    """
    access = request.in_only_bucket()
    descriptor = access.descriptor
    name = profile_name(request)
    # Both come before the region of a profile, for pixi and for conda.
    notes = [PRINTED_BY, f"To use it: export AWS_PROFILE={name}; unset AWS_REGION AWS_DEFAULT_REGION"]
    sections: Document = {}
    settings: dict[str, Any] = {}
    if request.sso:
        sso = request.sso
        if access.store_kind != "aws":
            raise ConfigurationError(
                "a login by IAM Identity Center is possible only on AWS",
                where=descriptor.url,
                remedy="remove the --sso-… options",
            )
        notes.append(f"To log in: aws sso login --profile {name}")
        sections[f"sso-session {name}"] = {
            "sso_start_url": sso.start_url,
            "sso_region": sso.region or descriptor.region,
            "sso_registration_scopes": "sso:account:access",
        }
        settings = {"sso_session": name, "sso_account_id": sso.account_id, "sso_role_name": sso.role_name}
    settings |= {"region": descriptor.region, "output": "json"}
    sections[f"profile {name}"] = settings
    if access.store_kind != "aws":
        settings |= {"services": name, "s3": {"addressing_style": _ADDRESSING_STYLES[access.addressing_style]}}
        # For S3 only, so that other services, such as STS, keep their AWS endpoints.
        sections[f"services {name}"] = {"s3": {"endpoint_url": descriptor.endpoint_url}}
    _check_lines(sections)
    return Rendered(tuple(notes), sections)


def profile_name(request: ManifestRequest) -> str:
    """The profile's name (default: the first channel's name). Raises ConfigurationError for an invalid name."""
    name = request.profile or request.channels[0].descriptor.name
    if not re.fullmatch(r"[A-Za-z0-9_.+@-]+", name):
        raise ConfigurationError(
            f"{name!r} is not a valid profile name", remedy="use --profile NAME with letters, digits, - and _"
        )
    return name


def _check_lines(values: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for a value that is empty, or that would add lines to the file."""
    for value in values.values():
        if isinstance(value, Mapping):
            _check_lines(value)
        elif not value.isprintable() or not value.strip():
            raise ConfigurationError(
                f"{value!r} cannot be a value in an AWS configuration file", remedy="correct the value"
            )
