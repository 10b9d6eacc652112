"""Kills or fails what runs on a store in memory, at a request."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import Any

from chaninfra.channel.errors import ChaninfraError, UnreachableError
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


def failed_at(number: int, store: MemoryStore, run: Callable[[], object], *, executed: bool) -> bool:
    """Run it, with an error for its request of this number (from 0), that ends a command if the engine cannot get over
    it; `executed`: for a PUT after it was done. Whether it made so many requests.
    """
    numbers, original = count(), store.put
    failed: list[bool] = []

    def fail(kind: str, key: str) -> None:
        if not (executed and kind == "put") and next(numbers) == number:
            failed.append(True)
            raise UnreachableError("no answer", where=key)

    def put(*given: Any) -> Any:
        etag = original(*given)
        if next(numbers) == number:
            failed.append(True)
            raise UnreachableError("no answer", where=given[0])
        return etag

    store.before = fail
    if executed:
        store.put = put  # type: ignore[method-assign]
    try:
        run()
    except ChaninfraError:
        pass
    finally:
        store.before = lambda kind, key: None
        store.put = original  # type: ignore[method-assign]
    return bool(failed)
