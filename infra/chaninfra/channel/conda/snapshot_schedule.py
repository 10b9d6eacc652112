"""Snapshots that are made by the clock: how often, how many are kept, and what they are called.

The name of one is the beginning of its period, in UTC, so that two makers at once make one. What is called otherwise
was made by hand, and stays.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from chaninfra.channel import patterns
from chaninfra.channel.conda.index_settings import seconds_in

_NAME = re.compile(r"auto-([0-9]{8}T[0-9]{4}Z)")
_TIME = "%Y%m%dT%H%MZ"
_MONDAY_S = 4 * 86_400
"""The first Monday since 1970: weeks begin there, and so do days and hours."""


class SnapshotSchedule(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Snapshots that are made by the clock."""

    every: Annotated[
        str,
        Meta(
            description="How often one is made, from 1 hour to 30 days: `12h`, `1d` or `7d`. Counted in UTC: `1d` from "
            "midnight, `7d` from Monday.",
            pattern=patterns.HOURS_OR_DAYS,
            examples=["1d"],
        ),
    ]
    keep: Annotated[
        int,
        Meta(
            description="How many of them are kept; of more, the oldest are removed. Those made by hand are not "
            "counted, and stay. A channel has 1,000 snapshots at most.",
            ge=1,
            le=900,
            examples=[60],
        ),
    ]

    @property
    def seconds(self) -> int:
        """The seconds from one to the next."""
        return seconds_in(self.every)

    def begin(self, now_ms: int) -> datetime:
        """When the period began that it is now, in ms since 1970."""
        now = now_ms // 1000 - _MONDAY_S
        return datetime.fromtimestamp(now - now % self.seconds + _MONDAY_S, UTC)


def automatic_name(begin: datetime) -> str:
    """The name of the snapshot of the period that begins then."""
    return f"auto-{begin.astimezone(UTC).strftime(_TIME)}"


def begin_of(name: str) -> datetime | None:
    """The beginning of the period of the snapshot of this name; None: it was made by hand."""
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], _TIME).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
