"""What of a source is passed over, and why."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from chaninfra.channel.text import count, one_line

_MOST = 1000
"""So many messages are kept: an index may have any number of records that cannot be used."""
_LONGEST = 300
_MOST_PATHS = 200_000
"""So many paths are kept; if there are more, each may be one."""


class PassedOver:
    """The messages and the paths, for several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._why: dict[str, str] = {}
        self._more = 0
        self._paths: set[str] = set()
        self._all = False

    def add(self, path: str, why: str) -> None:
        """`path`: `<subdir>/<file>`, or a subdir; `why`: what is wrong with it. Both may be from anybody."""
        with self._lock:
            if path not in self._why and len(self._why) >= _MOST:
                self._more += 1
            else:
                self._why[path[:_LONGEST]] = why[:_LONGEST]
            if len(path) > _LONGEST:
                return  # No file has such a name.
            if len(self._paths) < _MOST_PATHS:
                self._paths.add(path)
            else:
                self._all = True

    def has(self, path: str) -> bool:
        """Whether something was passed over at this path, or may have been: there was more than is kept."""
        with self._lock:
            return self._all or path in self._paths

    def messages(self) -> Sequence[str]:
        """A message for each, and one for those that are too many, safe to print."""
        with self._lock:
            more = [f"and {count(self._more, 'more record')}"] if self._more else []
            return (*(f"{one_line(path)}: {one_line(why)}" for path, why in sorted(self._why.items())), *more)
