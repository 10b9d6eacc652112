"""Test doubles: an ObjectStore in memory, and a Runtime without threads.

The store honours conditions, and its ETags are hashes of the content, as those of S3 are.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import (
    SMALL,
    Condition,
    IfAbsent,
    IfMatch,
    ObjectBody,
    ObjectMeta,
    StoredObject,
    TooLargeError,
)

T = TypeVar("T")


class MemoryStore:
    """An ObjectStore in memory.

    `requests` counts requests by kind (`get`, `put`, …), `log` lists them as (kind, key). `before(kind, key)` is called
    before each request, and may raise or change the objects.
    """

    def __init__(self, before: Callable[[str, str], None] = lambda kind, key: None) -> None:
        self.objects: dict[str, ObjectBody] = {}
        self.modified: dict[str, datetime] = {}
        self.etags: dict[str, str] = {}
        """ETags that are no md5, by key."""
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.requests: Counter[str] = Counter()
        self.log: list[tuple[str, str]] = []
        self.before = before

    def _request(self, kind: str, key: str) -> None:
        self.requests[kind] += 1
        self.log.append((kind, key))
        self.before(kind, key)

    def entry(self, key: str) -> ObjectMeta:
        """The metadata of an existing object."""
        return ObjectMeta(
            key=key,
            size=len(self.objects[key].data),
            etag=self.etags.get(key) or etag(self.objects[key].data),
            modified=self.modified.get(key, self.now),
            metadata=self.objects[key].metadata,
        )

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """See ObjectStore."""
        self._request("get", key)
        found = self.objects.get(key)
        if found is None:
            return None
        if len(found.data) > most:
            raise TooLargeError(self.entry(key), most)
        return StoredObject(
            data=found.data,
            content_type=found.content_type,
            cache_control=found.cache_control,
            metadata=found.metadata,
            entry=self.entry(key),
        )

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""
        self._request("head", key)
        return self.entry(key) if key in self.objects else None

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        self._request("get_range", key)
        if key not in self.objects or self.entry(key).etag != etag:
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        return self.objects[key].data[start : start + length]

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore; all in one page."""
        self._request("list", prefix)
        start = f"{prefix}/" if prefix else ""
        yield from [self.entry(key) for key in sorted(self.objects) if key.startswith(start)]

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore."""
        self._request("put", key)
        current = etag(self.objects[key].data) if key in self.objects else None
        if (isinstance(condition, IfAbsent) and current is not None) or (
            isinstance(condition, IfMatch) and condition.etag != current
        ):
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        self.objects[key] = body
        self.modified[key] = self.now
        return etag(body.data)

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore; one request for all keys."""
        deleted = [*keys]
        self._request("delete", deleted[0] if deleted else "")
        for key in deleted:
            self.objects.pop(key, None)


class SequentialRuntime:
    """A deterministic Runtime: `submit` runs the call at once, time stands still, revisions are `<name><count>`."""

    waits = 1

    def __init__(self, name: str = "r", now: int = 1_767_225_600_000) -> None:
        self._name = name
        self._count = 0
        self.time = now

    def submit(self, call: Callable[[], T], /) -> Callable[[], T]:
        """See Runtime."""
        try:
            result = call()
        except Exception as error:
            # Python deletes `error` at the end of the block.
            failed = error

            def fail() -> T:
                raise failed

            return fail
        return lambda: result

    def new_revision(self) -> str:
        """See Runtime."""
        self._count += 1
        return f"{self._name}{self._count}"

    def now_ms(self) -> int:
        """See Runtime."""
        return self.time

    def pause(self, attempt: int) -> None:
        """See Runtime."""


@lru_cache(maxsize=10_000)
def etag(data: bytes) -> str:
    """The ETag of these bytes: their md5 in quotes."""
    return f'"{hashlib.md5(data).hexdigest()}"'  # noqa: S324 - as stores name content
