"""`chaninfra ls` of records that other tools wrote."""

from __future__ import annotations

import pytest

from chaninfra.cli.commands.ls import _date


@pytest.mark.parametrize(
    ("timestamp", "printed"),
    [
        (0, "1970-01-01"),
        (1_767_225_600_000, "2026-01-01"),
        (None, "?"),
        (10**18, "?"),
        (-(10**18), "?"),
        (10**400, "?"),
    ],
)
def test_an_unknown_or_impossible_date_is_a_question_mark(timestamp: int | None, printed: str) -> None:
    assert _date(timestamp) == printed
