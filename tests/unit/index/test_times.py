"""Times as documents have them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from chaninfra.index.times import now_text, now_with_offset, time_text
from support.index_model.memory_store import SequentialRuntime


def test_times_are_in_utc_and_whole_seconds() -> None:
    runtime = SequentialRuntime("t", 1_000_000_000_999)
    assert now_text(runtime) == "2001-09-09T01:46:40Z"
    assert now_with_offset(runtime) == "2001-09-09T01:46:40+00:00"
    assert time_text(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00Z"
