"""The log of a follower: one JSON object a line, in ASCII, so that nothing in it can end a line or move a cursor."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TextIO

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.text import without_secrets

Level = Literal["info", "warning", "error"]
_MAX_TEXT = 500
_MAX_NAMES = 50


class Log:
    """Writes lines to a stream, from any thread."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """`stream`: default stdout."""
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, event: str, level: Level = "info", **fields: object) -> None:
        """Write a line: its time, level and event, and the fields, shortened."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": time, "level": level, "event": event, **{name: _short(value) for name, value in fields.items()}}
        with self._lock:
            stream = self._stream or sys.stdout
            print(json.dumps(line), file=stream, flush=True)

    def failed(self, event: str, error: ChaninfraError, **fields: object) -> None:
        """Write what went wrong, and what to do."""
        message = without_secrets(error.message) if "://" in error.message else error.message
        where, remedy = error.where and without_secrets(error.where), error.remedy
        key = ".".join(error.key) if isinstance(error, ConfigurationError) else ""
        told = {"error": message, "where": where, "key": key, "remedy": remedy}
        self.write(event, "error", **{name: value for name, value in told.items() if value}, **fields)


def _short(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}..."
    if isinstance(value, Iterable) and not isinstance(value, dict):
        names = [*value]
        more = [f"and {len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else []
        return [_short(each) for each in names[:_MAX_NAMES]] + more
    return value
