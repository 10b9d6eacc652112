"""Which states of an index `gc` keeps: all of the last day, then one an hour for a week, then one a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)
_HOURLY = timedelta(days=7)
"""Age up to which one state of the index an hour is kept."""


def thinned(history: Mapping[int, datetime], now_ms: int, days: int) -> list[int]:
    """The numbers of the commits whose state is not to be kept any longer. `history`: number → when its state was kept.

    The newest state is always kept: it is what another tool's index is compared with.
    """
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    swept: list[int] = []
    seen: set[tuple[str, int]] = set()
    for position, (number, when) in enumerate(sorted(history.items(), reverse=True)):
        age = now - when
        slot = ("hour", int(when.timestamp()) // 3600) if age <= _HOURLY else ("day", int(when.timestamp()) // 86400)
        if position and age > _DAY and (age > timedelta(days=days) or slot in seen):
            swept.append(number)
        seen.add(slot)
    return swept
