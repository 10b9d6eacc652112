"""A store whose writes stay in this process: a command runs as it is, reports what it would do, and changes nothing.

So a dry run compares, refuses and counts by the code that a real one runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
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
        self._written: dict[str, _Written | None] = {}
        """None: deleted."""
        self._lock = Lock()

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """See ObjectStore."""
        if key not in self._written:
            return self._store.get(key, most)
        found = self._written[key]
        if found is not None and found.entry.size > most:
            raise TooLargeError(found.entry, most)
        return found.stored() if found else None

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
        return found.part(start, length)

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore."""
        written = {key: found for key, found in self._written.items() if not prefix or key.startswith(f"{prefix}/")}
        yield from (entry for entry in self._store.list(prefix) if entry.key not in written)
        yield from (found.entry for _, found in sorted(written.items()) if found)

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore; in memory."""
        # As stores name content; not used for security.
        md5 = hashlib.md5(body.data, usedforsecurity=False).hexdigest()
        return self._put(_Written(_entry(key, len(body.data), md5, body.metadata), body), condition)

    def put_file(self, key: str, path: Path, size: int, md5: str, condition: Condition | None) -> str:
        """`put` of a file, whose bytes stay on disk: there may be many."""
        return self._put(_Written(_entry(key, size, md5, {}), path), condition)

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore; in memory."""
        self._written.update(dict.fromkeys(keys))

    def _put(self, written: _Written, condition: Condition | None) -> str:
        key = written.entry.key
        with self._lock:
            if condition is not None:
                now = self.head(key)
                if (now.etag if now else None) != (condition.etag if isinstance(condition, IfMatch) else None):
                    raise ConflictError(f"{key} was changed by another writer meanwhile")
            self._written[key] = written
        return written.entry.etag


@dataclass(frozen=True)
class _Written:
    """What would be in the store."""

    entry: ObjectMeta
    content: ObjectBody | Path

    def stored(self) -> StoredObject:
        if isinstance(self.content, Path):
            return StoredObject(data=self.content.read_bytes(), content_type="", entry=self.entry)
        return StoredObject(
            data=self.content.data,
            content_type=self.content.content_type,
            cache_control=self.content.cache_control,
            metadata=self.content.metadata,
            entry=self.entry,
        )

    def part(self, start: int, length: int) -> bytes:
        if not isinstance(self.content, Path):
            return self.content.data[start : start + length]
        with self.content.open("rb") as file:
            file.seek(start)
            return file.read(length)


def _entry(key: str, size: int, md5: str, metadata: Mapping[str, str]) -> ObjectMeta:
    return ObjectMeta(key=key, size=size, etag=f'"{md5}"', modified=datetime.now(UTC), metadata=dict(metadata))
