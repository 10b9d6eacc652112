"""Remedies that repeat CHANNEL and the store options of the command line."""

from __future__ import annotations

import os
from contextlib import suppress

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError
from chaninfra.cli.channel_argument.parse import S3, VARIABLE, Stack, parse_channel
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.remedies import Remedies


def remedies_for(text: str | None, flags: StoreFlags) -> Remedies:
    """The remedies for the channel that CHANNEL (`text`) names.

    None is $CHANINFRA_CHANNEL, else the selected stack; their command lines have no CHANNEL either. Access keys are not
    repeated. Raises ConfigurationError for a malformed CHANNEL.
    """
    style = flags.path_style
    values = {
        "--provider": flags.provider,
        "--endpoint-url": flags.endpoint_url,
        "--region": flags.region,
        "--force-path-style": None if style is None else str(style).lower(),
        "--profile": flags.profile,
    }
    given = {flag: value for flag, value in values.items() if value is not None}
    match parse_channel(text or os.environ.get(VARIABLE) or "stack:"):
        case S3():
            return Remedies(source="s3", channel=text, flags=given)
        case Stack(name):
            return Remedies(source="stack", channel=text, flags=given, stack=name)
    return Remedies(source="descriptor", channel=text, flags=given)


def name_channel(error: ChaninfraError, text: str | None, flags: StoreFlags) -> None:
    """Give the commands in the error that have no CHANNEL the one of the command line (`text`), and its store
    options, so that they can be pasted; and doubt no names that are known to be right.
    """
    if isinstance(error, DeniedError):
        from chaninfra.channel.s3.error_codes import NOT_PERMITTED
        from chaninfra.cli.channel_argument.stored import names_are_right

        if error.remedy == NOT_PERMITTED and names_are_right():
            error.remedy = "ask for the permission; `chaninfra doctor` says what these credentials may do"
    if "`chaninfra " in f"{error.message}{error.remedy}":
        # A malformed CHANNEL is what the error is about.
        with suppress(ConfigurationError):
            remedies = remedies_for(text, flags)
            # The message of several errors has their remedies.
            error.message = remedies.filled(error.message)
            error.remedy = error.remedy and remedies.filled(error.remedy)
