"""A store whose writes stay in this process: a command runs as it is, reports what it would do, and changes nothing.

So a dry run compares, refuses and counts by the code that a real one runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from threading import Lock

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import (
    SMALL,
    Condition,
    IfMatch,
    ObjectBody,
    ObjectMeta,
    ObjectStore,
    StoredObject,
    TooLargeError,
)


class DryStore:
    """An ObjectStore that reads from another one, and writes to memory."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._written: dict[str, StoredObject | None] = {}
        """Key → what was written; None: deleted."""
        self._lock = Lock()

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """See ObjectStore."""
        if key not in self._written:
            return self._store.get(key, most)
        found = self._written[key]
        if found is not None and found.entry.size > most:
            raise TooLargeError(found.entry, most)
        return found

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""
        if key not in self._written:
            return self._store.head(key)
        found = self._written[key]
        return found.entry if found else None

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        if key not in self._written:
            return self._store.get_range(key, etag, start, length)
        found = self._written[key]
        if found is None or found.entry.etag != etag:
            raise ConflictError(f"{key} was changed meanwhile", remedy="try again")
        return found.data[start : start + length]

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore."""
        written = {key: found for key, found in self._written.items() if not prefix or key.startswith(f"{prefix}/")}
        yield from (entry for entry in self._store.list(prefix) if entry.key not in written)
        yield from (found.entry for _, found in sorted(written.items()) if found)

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore; in memory."""
        # As stores name content; not used for security.
        etag = f'"{hashlib.md5(body.data, usedforsecurity=False).hexdigest()}"'
        entry = ObjectMeta(
            key=key, size=len(body.data), etag=etag, modified=datetime.now(UTC), metadata=dict(body.metadata)
        )
        with self._lock:
            if condition is not None:
                now = self.head(key)
                if (now.etag if now else None) != (condition.etag if isinstance(condition, IfMatch) else None):
                    raise ConflictError(f"{key} was changed by another writer meanwhile")
            self._written[key] = StoredObject(
                data=body.data,
                content_type=body.content_type,
                cache_control=body.cache_control,
                metadata=body.metadata,
                entry=entry,
            )
        return etag

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore; in memory."""
        self._written.update(dict.fromkeys(keys))
