"""The credentials for a channel: the one place that decides whether they may be sent to its endpoint."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.channel.s3.endpoint import SaidEndpoint, named_endpoint
from chaninfra.cli.channel_argument.endpoint_trust import refusal
from chaninfra.cli.channel_argument.parse import LOOPBACK
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.s3.credentials import Credentials
    from chaninfra.cli.channel_argument.find import Found
    from chaninfra.cli.store_flags import StoreFlags

_NAMES = (
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


def said_endpoint(flags: StoreFlags) -> SaidEndpoint | None:
    """The endpoint that the user says beside CHANNEL: by the flag, a variable, or a profile.

    Raises ConfigurationError for a URL that is not valid.
    """
    if flags.endpoint_url:
        return SaidEndpoint(flags.endpoint_url.rstrip("/"), "--endpoint-url")
    return named_endpoint(flags.profile)


def endpoint_refusal(found: Found, flags: StoreFlags) -> ConfigurationError | None:
    """Why no credentials may be sent to the endpoint of the channel; None if they may."""
    endpoint_url = found.descriptor.endpoint_url
    return refusal(
        endpoint_url, found.named_by, said_endpoint(flags), where=found.where or "CHANNEL", read_at=found.read_at
    )


def check_endpoint_is_said(found: Found, flags: StoreFlags) -> None:
    """Raise ConfigurationError if credentials must not be sent to, or configured for, the channel's endpoint."""
    problem = endpoint_refusal(found, flags)
    if problem is not None:
        raise problem


def credentials_for(found: Found, flags: StoreFlags, access: Literal["read", "write"]) -> Credentials | None:
    """The credentials to send to the channel's endpoint; None: requests are anonymous.

    A public channel can be read at any endpoint, without credentials. Raises ConfigurationError if the endpoint must
    not get them, CredentialsError if `write` finds none or those that are named are not usable.
    """
    problem = endpoint_refusal(found, flags)
    if problem is not None:
        if access == "write":
            raise problem
        if found.descriptor.visibility == "public":
            if _are_named(flags) or os.environ.get("AWS_ACCESS_KEY_ID"):
                streams.note(f"read without credentials, since it is public: {problem.message}")
            return None
    credentials = required_credentials(flags) if access == "write" else _credentials(flags)
    if credentials is not None:
        if problem is not None:
            raise problem
        note_plain_http(found.descriptor.endpoint_url)
    return credentials


def required_credentials(flags: StoreFlags) -> Credentials:
    """The credentials of the flags, else those that the AWS tools find. Raises CredentialsError if there are none."""
    from chaninfra.channel.s3.credentials import resolve

    return resolve(
        access_key_id=flags.access_key_id,
        secret_access_key=flags.secret_access_key,
        session_token=flags.session_token,
        profile=flags.profile,
    )


def _credentials(flags: StoreFlags) -> Credentials | None:
    """The credentials, or None if neither the options nor the environment nor an AWS configuration file has any.

    Raises CredentialsError if the options or the environment name credentials that are not usable.
    """
    try:
        return required_credentials(flags)
    except CredentialsError:
        if _are_named(flags):
            raise
        return None


def _are_named(flags: StoreFlags) -> bool:
    named = flags.access_key_id or flags.secret_access_key or flags.profile
    return bool(named) or any(map(os.environ.get, _NAMES))


@cache
def note_plain_http(endpoint_url: str) -> None:
    """Say once that requests are readable on the way, unless they stay on this machine."""
    parts = urlsplit(endpoint_url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        streams.note(f"{endpoint_url} is plain http: anyone on the way can read and change what is sent")
