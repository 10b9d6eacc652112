"""The times that `chaninfra notice add --expires` takes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.commands.notice import _until

NOW = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ("30d", "2026-12-27T06:00:00+00:00"),
        ("12h", "2026-11-27T18:00:00+00:00"),
        ("9999d", "2054-04-13T06:00:00+00:00"),
        ("2027-01-31", "2027-01-31T00:00:00+00:00"),
        ("2027-01-31T12:00+02:00", "2027-01-31T10:00:00+00:00"),
    ],
)
def test_a_time_is_a_span_or_a_point(given: str, until: str) -> None:
    assert _until(given, NOW).isoformat() == until


@pytest.mark.parametrize("given", ["", "soon", "0d", "30", "1w", "30d\n", "-1d", "99999d", "2027-13-01", "\u0663d"])
def test_what_is_none_says_what_to_give(given: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a time") as caught:
        _until(given, NOW)
    assert caught.value.where == "--expires"
    assert caught.value.remedy == "give 30d, 12h, 2027-01-31T12:00Z or 2027-01-31"
