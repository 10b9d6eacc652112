"""A store in memory that honours conditions: an ObjectStore whose ETags are hashes of the content, as S3's are."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody, ObjectMeta, StoredObject

T = TypeVar("T")


class MemoryStore:
    """`requests` counts them by kind; `before` is told of each one, and may raise or change what is there."""

    def __init__(self, before: Callable[[str, str], None] = lambda kind, key: None) -> None:
        self.objects: dict[str, ObjectBody] = {}
        self.modified: dict[str, datetime] = {}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.requests: Counter[str] = Counter()
        self.log: list[tuple[str, str]] = []
        self.before = before

    def _request(self, kind: str, key: str) -> None:
        self.requests[kind] += 1
        self.log.append((kind, key))
        self.before(kind, key)

    def entry(self, key: str) -> ObjectMeta:
        """What the store says of an object that is there."""
        return ObjectMeta(
            key=key,
            size=len(self.objects[key].data),
            etag=etag(self.objects[key].data),
            modified=self.modified.get(key, self.now),
        )

    def get(self, key: str) -> StoredObject | None:
        """See ObjectStore."""
        self._request("get", key)
        found = self.objects.get(key)
        if found is None:
            return None
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

    def part(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        self._request("part", key)
        if key not in self.objects or self.entry(key).etag != etag:
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        return self.objects[key].data[start : start + length]

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore; all in one page."""
        self._request("list", prefix)
        start = f"{prefix}/" if prefix else ""
        yield from [self.entry(key) for key in sorted(self.objects) if key.startswith(start)]

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        """See ObjectStore."""
        self._request("put", key)
        there = etag(self.objects[key].data) if key in self.objects else None
        if (condition is Condition.CREATE and there is not None) or (
            isinstance(condition, IfMatch) and condition.etag != there
        ):
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        self.objects[key] = body
        self.modified[key] = self.now
        return etag(body.data)

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore; one request for all."""
        gone = [*keys]
        self._request("delete", gone[0] if gone else "")
        for key in gone:
            self.objects.pop(key, None)


class Alone:
    """Means without threads, time or chance: calls are made at once, one after the other."""

    def __init__(self, name: str = "r", now: int = 1_767_225_600_000) -> None:
        self._name = name
        self._count = 0
        self.time = now

    def submit(self, call: Callable[[], T], /) -> Callable[[], T]:
        """See Means."""
        try:
            made = call()
        except Exception as error:
            # Bound now: Python forgets the name at the end of the block.
            failed = error

            def fail() -> T:
                raise failed

            return fail
        return lambda: made

    def new_revision(self) -> str:
        """See Means."""
        self._count += 1
        return f"{self._name}{self._count}"

    def now_ms(self) -> int:
        """See Means."""
        return self.time

    def pause(self, attempt: int) -> None:
        """See Means."""


def etag(data: bytes) -> str:
    """The ETag of these bytes."""
    return f'"{hashlib.md5(data).hexdigest()}"'  # noqa: S324 - as stores name content
