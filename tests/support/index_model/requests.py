"""The requests of a process that the model checker runs: a store that replays answers, and a store that gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import SMALL, Condition, IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject
from support.index_model.memory_store import SequentialRuntime, etag

LONG_AGO = 946_684_800_000
"""When objects were put, in ms since 1970: long ago, so that no age limit protects them from gc."""


class Held(NamedTuple):
    """An object in the store."""

    data: bytes
    metadata: tuple[tuple[str, str], ...] = ()
    modified: int = LONG_AGO
    """When it was put, in ms since 1970."""


Objects = frozenset[tuple[str, Held]]
"""The objects in the store, as (key, object)."""

PAUSE = ("pause",)


Answer = tuple[Any, int]
"""What a process is answered, and when, in ms since 1970."""


class ViolationError(AssertionError):
    """A schedule breaks an invariant."""


class Waiting(BaseException):
    """Ends a process that waits for an answer. A BaseException, so that no `except Exception` catches it."""


class Replay:
    """An ObjectStore that replays answers, and then asks `ask` for more."""

    def __init__(self, answers: list[Answer], ask: Callable[[tuple[Any, ...]], Answer]) -> None:
        self._answers = iter(answers)
        self._more = ask
        self.time = 0

    def _ask(self, *request: Any) -> Any:
        given = next(self._answers, None)
        answer, self.time = self._more(request) if given is None else given
        if isinstance(answer, ChaninfraError):
            # A new error each time: a raised error keeps its traceback.
            raise type(answer)(answer.message)
        return answer

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        found: StoredObject | None = self._ask("get", key, most)
        return found

    def head(self, key: str) -> ObjectMeta | None:
        found: ObjectMeta | None = self._ask("head", key)
        return found

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        found: bytes = self._ask("get_range", key, etag, start, length)
        return found

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        return iter(self._ask("list", prefix))

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        put: str = self._ask("put", key, body.data, tuple(body.metadata.items()), condition)
        return put

    def delete(self, keys: Iterable[str]) -> None:
        if deleted := [*keys]:
            self._ask("delete", *deleted)

    def pause(self) -> None:
        self._ask("pause")


class ReplayRuntime(SequentialRuntime):
    """A runtime whose pauses are requests to the model checker, and whose clock is that of the answers."""

    def __init__(self, replay: Replay, name: str, now: int) -> None:
        super().__init__(name, now)
        self._replay = replay

    def now_ms(self) -> int:
        """See Runtime."""
        return max(self.time, self._replay.time)

    def pause(self, attempt: int) -> None:
        """See Runtime."""
        self._replay.pause()


def answer_to(objects: Objects, request: tuple[Any, ...], now: int) -> tuple[Objects, Any, Any]:
    """The objects after the request; the answer; and a short form that differs between different answers."""
    kind, *rest = request
    if kind == "pause":
        return objects, None, (kind,)
    there = by_key(objects)
    if kind == "list":
        # A listing does not tell metadata.
        found = [
            _entry(key, there[key]._replace(metadata=())) for key in sorted(there) if key.startswith(f"{rest[0]}/")
        ]
        return objects, found, (kind, tuple((entry.key, entry.etag, entry.modified) for entry in found))
    if kind == "delete":
        return frozenset((key, held) for key, held in objects if key not in rest), None, (kind,)
    key = rest[0]
    held = there.get(key)
    tag = etag(held.data) if held is not None else None
    if kind == "get_range":
        if held is None or tag != rest[1]:
            return objects, ConflictError(f"{key} was changed by another writer meanwhile"), (kind, "lost")
        return objects, held.data[rest[2] : rest[2] + rest[3]], (kind, tag, rest[2])
    if kind in ("get", "head"):
        if held is None:
            return objects, None, (kind, None)
        entry = _entry(key, held)
        read = StoredObject(data=held.data, content_type="", metadata=dict(held.metadata), entry=entry)
        return objects, read if kind == "get" else entry, (kind, tag, held.metadata, held.modified)
    _, new, metadata, condition = rest
    if (isinstance(condition, IfAbsent) and tag is not None) or (
        isinstance(condition, IfMatch) and condition.etag != tag
    ):
        return objects, ConflictError(f"{key} was changed by another writer meanwhile"), (kind, "lost")
    return frozenset({**there, key: Held(new, metadata, now)}.items()), etag(new), (kind, etag(new))


@lru_cache(maxsize=10_000)
def by_key(objects: Objects) -> Mapping[str, Held]:
    """The objects by their keys."""
    return dict(objects)


def _entry(key: str, held: Held) -> ObjectMeta:
    return ObjectMeta(
        key=key,
        size=len(held.data),
        etag=etag(held.data),
        modified=datetime.fromtimestamp(held.modified / 1000, UTC),
        metadata=dict(held.metadata),
    )
