"""Times as the documents of a channel have them: in UTC, without parts of a second."""

from __future__ import annotations

from datetime import UTC, datetime

from chaninfra.index.runtime import Runtime


def time_of(ms: int) -> datetime:
    """The time so many ms after the beginning of 1970."""
    return datetime.fromtimestamp(ms // 1000, UTC)


def time_text(time: datetime) -> str:
    """The time as `2026-11-27T06:00:00Z`: of snapshots, patches and deletions."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now_text(runtime: Runtime) -> str:
    """The time, as `time_text`."""
    return time_text(time_of(runtime.now_ms()))


def now_with_offset(runtime: Runtime) -> str:
    """The time as `2026-11-27T06:00:00+00:00`: of yanks."""
    return time_of(runtime.now_ms()).isoformat()
