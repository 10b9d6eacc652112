"""Builds the doctor's examination from CHANNEL and the flags.

Other commands stop if the channel's own channel.json or the credentials are not usable; here that is a finding.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.roles import Role
from chaninfra.cli.channel_argument.credentials import check_endpoint_is_said, credentials_for, endpoint_refusal
from chaninfra.cli.channel_argument.find import find, found_in_bucket, overridden, single
from chaninfra.cli.remedies import remedies_for
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.checks.names import read_names
from chaninfra.doctor.examination import Examination

_MAX_NAMES_BYTES = 1 << 30
_NAMES_SECONDS = 900.0


def examination_of(text: str | None, flags: StoreFlags, role: Role | None, names_from: str | None) -> Examination:
    """The examination of the channel that CHANNEL (`text`) names.

    Raises ConfigurationError if there is no such channel, its endpoint must not get credentials, or there is no such
    list of names, EngineError if a stack cannot be
    read.
    """
    found = single(find(text, flags, "given"))
    names = read_names(_bytes(names_from), names_from) if names_from else None
    credentials_error = None
    try:
        credentials = credentials_for(found, flags, "read")
    except CredentialsError as error:
        credentials, credentials_error = None, error
    return Examination(
        given=found.descriptor,
        origin=found.origin,
        remedies=remedies_for(text, flags),
        credentials=credentials,
        credentials_error=credentials_error,
        without_credentials=endpoint_refusal(found, flags) is not None,
        apply_flags=partial(_in_bucket, assumed=found.descriptor, flags=flags)
        if found.origin == "assumed"
        else partial(overridden, flags=flags),
        role=role,
        names=names,
        names_from=names_from or "",
    )


def _in_bucket(stored: Descriptor, assumed: Descriptor, flags: StoreFlags) -> Descriptor:
    """The channel.json of a bucket with the flags.

    Raises ConfigurationError if credentials must not be sent to its endpoint.
    """
    found = found_in_bucket(stored, assumed, flags)
    check_endpoint_is_said(found, flags)
    return found.descriptor


def _bytes(where: str) -> bytes:
    if "://" in where:
        from chaninfra.cli.channel_argument.fetch import fetch

        return fetch(where, _MAX_NAMES_BYTES, _NAMES_SECONDS)
    try:
        return Path(where).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=where, remedy="--names-from takes a file or an https URL"
        ) from error
