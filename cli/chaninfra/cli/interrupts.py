"""Clean up when the process is asked to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def tidied_up() -> Iterator[None]:
    """Within the block, SIGTERM raises SystemExit (exit code 143), so that every `with` and `finally` runs.

    Without it SIGTERM ends Python at once, and scratch objects would stay in the bucket.
    """
    previous = signal.signal(signal.SIGTERM, _raise_exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
