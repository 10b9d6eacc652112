"""The store as a writer uses it: what becomes of a condition where the store may not honour it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock

from chaninfra.channel.errors import ConfigurationError, ConflictError, UnsupportedError
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody, ObjectMeta, ObjectStore, StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.write_mode import SINGLE, is_known, must_write

# What no object has.
_NOBODYS = IfMatch('"00000000000000000000000000000000"')


def conditional_store(store: ObjectStore, descriptor: Descriptor) -> ObjectStore:
    """The store for writes to the channel: with conditions, or without where one writer at a time is declared.

    Raises ConfigurationError where the store has no conditional writes, and many may write.
    """
    if not is_known(descriptor):
        return _ProbingStore(store, single=descriptor.index.writers == "single", where=descriptor.url)
    return store if must_write(descriptor) == "conditional" else Unconditional(store)


def _refused(where: str) -> ConfigurationError:
    return ConfigurationError(
        "the store has no conditional writes, so two publishers could overwrite each other",
        where=where,
        remedy=SINGLE,
    )


class _Forwarding:
    """A store that passes on what it is asked."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, key: str) -> StoredObject | None:
        """See ObjectStore."""
        return self._store.get(key)

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""
        return self._store.head(key)

    def part(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        return self._store.part(key, etag, start, length)

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore."""
        return self._store.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore."""
        self._store.delete(keys)


class Unconditional(_Forwarding):
    """A store that is never given a condition. What must not be overwritten is looked at first."""

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        """See ObjectStore."""
        if condition is Condition.CREATE and self._store.head(key) is not None:
            raise ConflictError(f"{key} is there already")
        return self._store.put(key, body)


class _ProbingStore(_Forwarding):
    """A store of which it is found out at the first write of each kind whether it honours the condition: the same bytes
    are put again under a condition that does not hold."""

    def __init__(self, store: ObjectStore, *, single: bool, where: str) -> None:
        super().__init__(store)
        self._single = single
        self._where = where
        self._honoured: dict[type, bool] = {}
        self._lock = Lock()
        self._small: tuple[str, ObjectBody] | None = None

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        """See ObjectStore. Raises ConfigurationError for a store that does not honour it, and many may write."""
        etag = self._put(key, body, condition)
        # Packages and shards, which nobody changes.
        if not isinstance(condition, IfMatch) and (self._small is None or len(body.data) < len(self._small[1].data)):
            self._small = key, body
        return etag

    def _put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None) -> str:
        if condition is None:
            return self._store.put(key, body)
        kind = type(condition)
        with self._lock:
            if kind not in self._honoured:
                return self._first(kind, key, body, condition)
        if self._honoured[kind]:
            return self._store.put(key, body, condition)
        return Unconditional(self._store).put(key, body, condition)

    def _first(self, kind: type, key: str, body: ObjectBody, condition: Condition | IfMatch) -> str:
        # It may not be honoured, and then it would overwrite.
        there = self._store.head(key)
        if (there.etag if there else None) != (condition.etag if isinstance(condition, IfMatch) else None):
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        try:
            etag = self._store.put(key, body, condition)
        except UnsupportedError as error:
            self._honoured[kind] = False
            if not self._single:
                raise _refused(self._where) from error
            return self._store.put(key, body)
        # The smallest object that we put: an index may be large, and is changed by others.
        again, same = self._small if self._small and self._small[0] != key else (key, body)
        try:
            self._store.put(again, same, _NOBODYS if isinstance(condition, IfMatch) else condition)
        except ConflictError:
            self._honoured[kind] = True
            return etag
        self._honoured[kind] = False
        if not self._single:
            raise _refused(self._where)
        return etag
