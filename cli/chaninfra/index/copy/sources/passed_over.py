"""What of a source is passed over, and why."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from chaninfra.channel.text import count, one_line

_MOST = 1000
"""So many messages are kept: an index may have any number of records that cannot be used."""
_LONGEST = 300


class PassedOver:
    """The messages, for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._why: dict[str, str] = {}
        self._more = 0

    def add(self, path: str, why: str) -> None:
        """`path`: `<subdir>/<file>`, or a subdir; `why`: what is wrong with it. Both may be from anybody."""
        with self._lock:
            if path not in self._why and len(self._why) >= _MOST:
                self._more += 1
            else:
                self._why[path[:_LONGEST]] = why[:_LONGEST]

    def messages(self) -> Sequence[str]:
        """A message for each, and one for those that are too many, safe to print."""
        with self._lock:
            more = [f"and {count(self._more, 'more record')}"] if self._more else []
            return (*(f"{one_line(path)}: {one_line(why)}" for path, why in sorted(self._why.items())), *more)
