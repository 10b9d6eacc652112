"""Points in time that are given with an option."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.durations import time_of


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T12:00Z", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01 12:00", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:30+02:00", "2026-11-01T10:00:30+00:00"),
        ("0001-01-01", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_times_are_of_utc_unless_they_say_otherwise(given: str, meant: str) -> None:
    found = time_of(given, "--at")
    assert found is not None
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "given",
    [
        *("", "now", "yesterday", "2026", "2026-13-01", "2026-02-30", "2026-11-01T25:00Z", "1764547200", "01.11.2026"),
        *("2026-11-01T12:00Z\n", "2026-11-01T12", "2026-W01-1", "20261101", "0001-01-01T00:00+23:00"),
        "\u0662026-11-01",
    ],
)
def test_what_is_no_time(given: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a time") as caught:
        time_of(given, "--at")
    assert caught.value.where == "--at"
    assert caught.value.remedy == "give 2026-11-01T12:00Z, or 2026-11-01"
