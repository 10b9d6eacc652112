"""The times that `chaninfra notice add --expires` takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.commands.notice import _listed_json, _listed_text, _made_json, _made_text, _until
from chaninfra.index.notices import Notices, new_notice

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


def test_times_are_printed_as_all_others() -> None:
    """notices.json keeps `+00:00`, which every conda reads."""
    made = new_notice("Some news", "info", now=NOW, until=NOW + timedelta(days=1), id_="n1")
    opened = SimpleNamespace(url=lambda name: f"s3://b/c/{name}")
    assert made.expires_at == "2026-11-28T06:00:00+00:00"
    assert _made_text(cast(Any, opened), made) == "n1: in s3://b/c/notices.json until 2026-11-28T06:00:00Z"
    assert _made_json(cast(Any, opened), made)["expires"] == "2026-11-28T06:00:00Z"
    entries = Notices().having(made).entries
    assert "2026-11-28T06:00:00Z" in _listed_text(entries)
    assert _listed_json(entries)[0]["created"] == "2026-11-27T06:00:00Z"
