"""The errors of a store that is a source: what to do about them is said with the options of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    InvalidRepodataError,
)
from chaninfra.channel.objects import TooLargeError

VARIABLES = ("FROM_S3_ACCESS_KEY_ID", "FROM_S3_SECRET_ACCESS_KEY", "FROM_S3_SESSION_TOKEN")
"""The variables that have the access key of a source."""
GIVE_CREDENTIALS = (
    "give credentials that may read the source: --from-profile NAME, or the variables "
    f"{VARIABLES[0]} and {VARIABLES[1]}"
)
_OPTION = re.compile("--(?=(?:provider|endpoint-url|region|profile)(?![a-z-]))")
_VARIABLE = re.compile("(?<![A-Z_])(?=S3_[A-Z])")


class WebPageError(InvalidRepodataError):
    """What should be a file of a channel is a page for people."""


@contextmanager
def naming_it() -> Iterator[None]:
    """Within, where it is looked whether there is a channel, an answer that no channel gives is the error of whoever
    named it: a ConfigurationError.
    """
    try:
        yield
    except (BucketMissingError, WebPageError) as error:
        raise ConfigurationError(error.message, where=error.where, remedy=error.remedy) from error


@contextmanager
def of_source() -> Iterator[None]:
    """Within, errors have remedies for a source."""
    try:
        yield
    except ChaninfraError as error:
        error.remedy = _remedy(error)
        raise


def _remedy(error: ChaninfraError) -> str | None:
    match error:
        case DeniedError() if not (isinstance(error, CredentialsError) and error.code):
            return GIVE_CREDENTIALS
        case TooLargeError():
            return "whoever writes the source has to index it again"
        case BucketMissingError():
            return "check the bucket's name, and its store: --from-endpoint-url, or --from-provider and --from-region"
    if error.remedy is None:
        return None
    if isinstance(error, CredentialsError):
        return f"{_VARIABLE.sub('FROM_', error.remedy)}. These are the credentials of the source"
    return (
        _VARIABLE.sub("FROM_", _OPTION.sub("--from-", error.remedy))
        .replace("`region`", "the region")
        .replace("`endpoint-url`", "--from-endpoint-url")
    )
