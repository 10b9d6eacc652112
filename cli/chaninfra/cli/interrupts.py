"""Being told to stop, by whomever: what has to be tidied up is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def tidied_up() -> Iterator[None]:
    """Within, SIGTERM is raised as Ctrl-C is, so that every `with` and `finally` runs."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
