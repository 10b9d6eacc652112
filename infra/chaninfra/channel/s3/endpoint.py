"""The endpoint that the environment names, found as AWS's SDKs find it, and the comparison of endpoints.

AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from chaninfra.channel.errors import ConfigurationError, Remedy
from chaninfra.channel.location import check_endpoint

AWS_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""What AWS's SDKs read, the first that is set."""
VARIABLES = ("S3_ENDPOINT_URL", *AWS_VARIABLES)
"""The same, after the variable of `pixi upload s3`, `rattler-build upload s3` and chaninfra."""

# A key of the configuration files, and in capitals after `AWS_` a variable: endpoints that are set do not count.
_IGNORE = "ignore_configured_endpoint_urls"
_PORTS = {"http": 80, "https": 443}
_FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))


@dataclass(frozen=True)
class SaidEndpoint:
    """An endpoint URL that the user set, and where: `by` is a flag, a variable or a profile, for messages."""

    url: str
    by: str


def same_endpoint(one: str, other: str) -> bool:
    """Whether two endpoint URLs are of the same scheme, host and port."""
    return _parts(one) == _parts(other)


def _parts(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def named_endpoint(profile: str | None = None, variables: Sequence[str] = VARIABLES) -> SaidEndpoint | None:
    """The endpoint that a variable names, else the profile of the AWS configuration files; None if neither does.

    `profile` None is the one that the environment selects. Raises ConfigurationError for a URL that is not valid.
    """
    config = _Config(profile) if any(map(_mentions_endpoints, _FILES)) else None
    ignored = (os.environ.get(f"AWS_{_IGNORE.upper()}") or (config.ignored if config else "")).strip().lower() == "true"
    for name in variables:
        value = os.environ.get(name)
        if value and not (ignored and name in AWS_VARIABLES):
            return _checked(value, name)
    found = config.endpoint_url if config and not ignored else None
    by = profile or os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"
    return _checked(found, f"the profile {by}") if found else None


class _Config:
    """The profile's part of the AWS configuration files: its endpoint of S3, and whether endpoints are ignored."""

    def __init__(self, profile: str | None) -> None:
        # Imported here since it is slow, and hardly any profile has an endpoint.
        from botocore.configprovider import ConfiguredEndpointProvider
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        try:
            session = Session(profile=profile)
            scoped = session.get_scoped_config()
            self.ignored = str(scoped.get(_IGNORE, ""))
            # The environment is looked at elsewhere.
            found = ConfiguredEndpointProvider(session.full_config, scoped, "s3", environ={}).provide()
        except BotoCoreError as error:
            check = "check the AWS configuration files, or"
            remedy = Remedy(f"{check} give --profile", stack=f"{check} set `profile`")
            raise ConfigurationError(str(error), remedy=remedy) from error
        self.endpoint_url = str(found) if found else None


def _mentions_endpoints(file: tuple[str, str]) -> bool:
    """Whether an AWS configuration file has the word `endpoint_url`; a cheap look, since to parse it is slow."""
    variable, usual = file
    try:
        return b"endpoint_url" in Path(os.environ.get(variable) or usual).expanduser().read_bytes()
    except (OSError, RuntimeError):
        # RuntimeError: there is no home folder. What cannot be read is reported by whoever needs its keys.
        return False


def _checked(url: str, by: str) -> SaidEndpoint:
    check_endpoint(url, by)
    return SaidEndpoint(url.rstrip("/"), by)
