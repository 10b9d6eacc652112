"""The store that a writer uses: what happens to the condition of a PUT on a store that may not honour it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock

from chaninfra.channel.errors import ConfigurationError, ConflictError, StorageError, UnsupportedError
from chaninfra.channel.objects import (
    SMALL,
    Condition,
    IfAbsent,
    IfMatch,
    ObjectBody,
    ObjectMeta,
    ObjectStore,
    StoredObject,
)
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.write_mode import is_known, probe_command, require_write_mode, single_writer
from chaninfra.channel.s3.conditional import NEVER_MATCHING, put_that_must_fail


def conditional_store(store: ObjectStore, descriptor: Descriptor) -> ObjectStore:
    """The store for writes to the channel: with conditions, or without them if one writer at a time is declared.

    Raises ConfigurationError if the store has no conditional writes and there may be several writers. If that is not
    known, the returned store tests the first conditional write of each kind, and its `put` raises the error. A store
    that checks the condition and then writes passes that test, see `write_mode.advice`.
    """
    if not is_known(descriptor):
        return _ProbingStore(store, descriptor)
    return store if require_write_mode(descriptor) == "conditional" else Unconditional(store)


def _no_conditional_writes(descriptor: Descriptor) -> ConfigurationError:
    return ConfigurationError(
        "the store has no conditional writes, so two publishers could overwrite each other",
        where=descriptor.url,
        remedy=single_writer(descriptor),
    )


class _Forwarding:
    """A store that forwards every call but `put`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """See ObjectStore."""
        return self._store.get(key, most)

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""
        return self._store.head(key)

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        return self._store.get_range(key, etag, start, length)

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore."""
        return self._store.list(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore."""
        self._store.delete(keys)


class Unconditional(_Forwarding):
    """A store that never gets a condition. For IfAbsent it is asked by HEAD first; IfMatch is dropped."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore."""
        if isinstance(condition, IfAbsent) and self._store.head(key) is not None:
            raise ConflictError(f"{key} exists already")
        return self._store.put(key, body)


class _ProbingStore(_Forwarding):
    """A store that tests at the first write with IfAbsent, and at the first with IfMatch, whether it is honoured.

    The test puts bytes again that were just put, under a condition that does not hold.
    """

    def __init__(self, store: ObjectStore, descriptor: Descriptor) -> None:
        super().__init__(store)
        self._single = descriptor.index.writers == "single"
        self._descriptor = descriptor
        self._probe = probe_command(descriptor)
        self._honoured: dict[type[Condition], bool] = {}
        self._lock = Lock()
        self._smallest: tuple[str, ObjectBody] | None = None
        """Key and body of the smallest package or shard put so far: no writer changes those, as one would an index."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore. Raises ConfigurationError if the condition is not honoured and many may write."""
        etag = self._put(key, body, condition)
        # Index files are replaced with IfMatch.
        if not isinstance(condition, IfMatch) and (
            self._smallest is None or len(body.data) < len(self._smallest[1].data)
        ):
            self._smallest = key, body
        return etag

    def _put(self, key: str, body: ObjectBody, condition: Condition | None) -> str:
        if condition is None:
            return self._store.put(key, body)
        kind = type(condition)
        with self._lock:
            if kind not in self._honoured:
                return self._first(key, body, condition)
        if self._honoured[kind]:
            return self._store.put(key, body, condition)
        if not self._single:
            # Another thread has found it out, with a write whose failure is told in another way.
            raise _no_conditional_writes(self._descriptor)
        return Unconditional(self._store).put(key, body, condition)

    def _first(self, key: str, body: ObjectBody, condition: Condition) -> str:
        kind = type(condition)
        # The store may ignore the condition, and would overwrite the object then.
        existing = self._store.head(key)
        if (existing.etag if existing else None) != (condition.etag if isinstance(condition, IfMatch) else None):
            raise ConflictError(f"{key} was changed by another writer meanwhile")
        try:
            etag = self._store.put(key, body, condition)
        except UnsupportedError as error:
            self._honoured[kind] = False
            if not self._single:
                raise _no_conditional_writes(self._descriptor) from error
            return self._store.put(key, body)
        except ConflictError as error:
            if existing is not None and (now := self._store.head(key)) and now.etag == existing.etag:
                raise StorageError(
                    f"the store refuses to replace {key} although the ETag is right (412); no other writer is at work",
                    where=self._descriptor.url,
                    remedy="find out how it wants conditions, with the credentials that deploy the channel: "
                    f"{self._probe}",
                ) from error
            raise
        # An index may be large, and other writers change it, so the test is on the smallest package or shard.
        test_key, test_body = self._smallest if self._smallest and self._smallest[0] != key else (key, body)
        failing = NEVER_MATCHING if isinstance(condition, IfMatch) else condition
        self._honoured[kind] = put_that_must_fail(self._store, test_key, test_body, failing) == "honoured"
        if not self._honoured[kind] and not self._single:
            raise _no_conditional_writes(self._descriptor)
        return etag
