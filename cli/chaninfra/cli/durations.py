"""Times that are given as an option: `30s`, `10m`, `1h` or `1d`."""

from __future__ import annotations


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
