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


def days_ms(given: str | None, option: str) -> int | None:
    """The ms in the days that were given with the option: `7d`. Raises ConfigurationError."""
    if given is None:
        return None
    import re

    from chaninfra.channel import patterns
    from chaninfra.channel.conda.retention import ms_in
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown

    if not re.search(patterns.DAYS, given):
        raise ConfigurationError(
            f"{shown(given)} is not a number of days", where=option, remedy="write 1d to 3650d, for example 7d"
        )
    return ms_in(given)


def time_of(given: str | None, option: str) -> datetime | None:
    """The point in time that was given with the option: `2026-11-01T12:00Z`, or `2026-11-01`, which is its first moment
    in UTC. Raises ConfigurationError.
    """
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown
    from chaninfra.index.snapshots.times import FORM, time_in

    if given is None:
        return None
    when = time_in(given)
    if when is None:
        raise ConfigurationError(f"{shown(given)} is not a time", where=option, remedy=f"give {FORM}")
    return when
