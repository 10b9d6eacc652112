"""Times that are given as an option: `30s`, `10m`, `1h` or `1d`, and points in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def seconds_of(given: str | None, option: str) -> float | None:
    """The seconds in the time that was given with the option. Raises ConfigurationError."""
    if given is None:
        return None
    # Imported here, since most commands are given none.
    import re

    from chaninfra.channel import patterns
    from chaninfra.channel.conda.index_settings import seconds_in
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown

    if not re.search(patterns.DURATION, given):
        raise ConfigurationError(
            f"{shown(given)} is not a time", where=option, remedy="write 10s to 7d, for example 30s, 10m or 1h"
        )
    return float(seconds_in(given))


def time_of(given: str | None, option: str) -> datetime | None:
    """The point in time that was given with the option: `2026-11-01T12:00Z`, or `2026-11-01`, which is its first moment
    in UTC. Raises ConfigurationError.
    """
    import re
    from datetime import UTC, datetime

    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown

    if given is None:
        return None
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
    try:
        found = datetime.fromisoformat(given) if re.fullmatch(form, given) else None
        when = None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        when = None
    if when is None:
        raise ConfigurationError(
            f"{shown(given)} is not a time", where=option, remedy="give 2026-11-01T12:00Z, or 2026-11-01"
        )
    return when
