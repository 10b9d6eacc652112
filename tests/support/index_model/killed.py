"""Kills what runs on a store in memory, at a request."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count

from support.index_model.memory_store import MemoryStore


class KilledError(BaseException):
    """What no code catches."""


def killed_at(number: int, store: MemoryStore, run: Callable[[], object], kinds: Collection[str] = ()) -> bool:
    """Run it, and kill it before its request of this number (from 0) of these kinds, or of any kind; whether it made so
    many.
    """
    numbers = count()

    def kill(kind: str, key: str) -> None:
        # Nor does it make a later request.
        if (not kinds or kind in kinds) and next(numbers) >= number:
            raise KilledError

    store.before = kill
    try:
        run()
    except KilledError:
        return True
    finally:
        store.before = lambda kind, key: None
    return False
