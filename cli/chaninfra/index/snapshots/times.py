"""Times as users give them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

FORM = "2026-11-01T12:00Z, or 2026-11-01"
"""What to give, for messages."""
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?")


def time_in(text: str) -> datetime | None:
    """The time in this text, in UTC unless it says otherwise; None: it is none."""
    try:
        found = datetime.fromisoformat(text) if _FORM.fullmatch(text) else None
        return None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
