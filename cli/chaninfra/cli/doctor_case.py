"""CHANNEL and the flags → a case for the doctor: the one reading of a channel that does not stop at what is wrong."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.channel.roles import Role
from chaninfra.cli.channel_argument.find import credentials_of, find, overridden, single
from chaninfra.cli.channel_argument.parse import S3, VARIABLE, Stack, parse_channel
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.checks.names import read_names
from chaninfra.doctor.examination import Case
from chaninfra.doctor.remedies import Remedies

_LARGEST = 1 << 30


def examined(text: str | None, flags: StoreFlags, role: Role | None, names_from: str | None) -> Case:
    """The case of the one channel that CHANNEL names.

    Raises ConfigurationError where there is no such channel or list of names, and what the engine raises.
    """
    found = single(find(text, flags, "given"))
    names = read_names(_bytes(names_from), names_from) if names_from else None
    problem = None
    try:
        credentials = credentials_of(flags)
    except CredentialsError as error:
        credentials, problem = None, error
    return Case(
        given=found.descriptor,
        origin=found.origin,
        remedies=_remedies(text, flags),
        credentials=credentials,
        problem=problem,
        overridden=partial(overridden, flags=flags),
        role=role,
        names=names,
        names_from=names_from or "",
    )


def _remedies(text: str | None, flags: StoreFlags) -> Remedies:
    style = flags.path_style
    given = {
        "--provider": flags.provider,
        "--endpoint-url": flags.endpoint_url,
        "--region": flags.region,
        "--force-path-style": None if style is None else str(style).lower(),
        "--profile": flags.profile,
    }
    kept = {flag: value for flag, value in given.items() if value is not None}
    match parse_channel(text or os.environ.get(VARIABLE) or "stack:"):
        case S3():
            return Remedies(source="place", channel=text, flags=kept)
        case Stack(name):
            return Remedies(source="stack", channel=text, flags=kept, stack=name)
    return Remedies(source="document", channel=text, flags=kept)


def _bytes(where: str) -> bytes:
    if "://" in where:
        from chaninfra.cli.channel_argument.fetch import fetch

        return fetch(where, _LARGEST)
    try:
        return Path(where).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=where, remedy="--names-from takes a file or an https URL"
        ) from error
