"""JSON documents of one version that several writers change by If-Match: read within a limit, strictly; and changed so
that no writer's change is lost, and nothing is written that could not be read.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, UNWRITABLE
from chaninfra.channel.errors import ConflictError, StorageError, remedy_if_denied
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError
from chaninfra.index.runtime import ATTEMPTS, Runtime

CONTENT_TYPE = "application/json"

D = TypeVar("D", bound=Struct)


class DocumentError(StorageError):
    """The document cannot be used: it is damaged, or of a later version."""


class FullError(StorageError):
    """The document would be larger than what is read of it."""


class DamagedError(DocumentError):
    """The document is damaged."""


def _anything(document: Struct) -> None:
    """Accept what the model accepts."""


@dataclass(frozen=True, kw_only=True)
class JsonDocument(Generic[D]):
    """What one document is, and what it says to whoever cannot read or change it."""

    model: type[D]
    """Of the whole document; without arguments: what there is where the object is absent."""
    name: str
    """As messages call it beside its key."""
    max_bytes: int
    """Most bytes that are read or written, as JSON."""
    remedy: str
    """What to do about a damaged one."""
    remedy_if_full: str
    remedy_if_denied: str | None = None
    """For a write that is denied; None: what the store's error says."""
    check: Callable[[D], None] = _anything
    """Raises ValueError for what the model accepts, and the document must not have."""
    sorted_key: str | None = None
    """The key of the object whose keys are written in order; None: all is written as it is."""
    indented: bool = True
    cache_control: str = "no-cache"
    always_written: bool = False
    """Whether it is written even if nothing changes, as the proof that this is permitted."""
    replaces_damaged: bool = False
    """Whether a change takes a damaged one for an empty one, instead of an error that somebody has to mend."""

    def read(self, store: ObjectStore, key: str) -> tuple[D, Condition]:
        """The document, and the condition for replacing it, by one GET. Raises DocumentError; StorageError."""
        document, condition, damaged = self.read_or_empty(store, key)
        if damaged is not None:
            raise damaged
        return document, condition

    def read_or_empty(self, store: ObjectStore, key: str) -> tuple[D, Condition, DocumentError | None]:
        """As `read`; for a damaged one an empty one, and what is wrong with it.

        Raises DocumentError for one of a later version; StorageError.
        """
        try:
            stored = store.get(key, self.max_bytes)
        except TooLargeError as error:
            return self.model(), IfMatch(error.entry.etag), self._damaged(key, error.message, error)
        if stored is None:
            return self.model(), IfAbsent(), None
        condition = IfMatch(stored.entry.etag)
        try:
            return self.parse(stored.data, key), condition, None
        except DamagedError as error:
            return self.model(), condition, error

    def parse(self, data: bytes, key: str) -> D:
        """The document in these bytes; `key` is for the message. Raises DamagedError; DocumentError for one of a later
        version.
        """
        try:
            return self._decoded(data)
        except MALFORMED as error:
            check_version(data, key)
            raise self._damaged(key, f"is not valid: {error}", error) from error

    def update(self, store: ObjectStore, runtime: Runtime, key: str, change: Callable[[D], D]) -> D:
        """Change the document by If-Match, and return it; nothing is written if the change changes nothing, see
        `always_written`.

        `change` may be called again with what another writer wrote meanwhile, or this one, whose answer was lost.
        Raises what it raises; ConflictError where other writers won all attempts; DocumentError; FullError;
        StorageError, also for a document that nobody could read.
        """
        for attempt in range(ATTEMPTS):
            before, condition, damaged = self.read_or_empty(store, key)
            if damaged is not None and not self.replaces_damaged:
                raise damaged
            after = change(before)
            if after == before and damaged is None and not self.always_written:
                return before
            data = self._encoded(key, after)
            body = ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=self.cache_control)
            try:
                with nullcontext() if self.remedy_if_denied is None else remedy_if_denied(self.remedy_if_denied):
                    store.put(key, body, condition)
            except ConflictError:
                runtime.pause(attempt)
                continue
            return after
        raise ConflictError(f"other writers changed {self.name} first, {ATTEMPTS} times", where=key, remedy="try again")

    def _decoded(self, data: bytes) -> D:
        document = msgspec.json.decode(data, type=self.model)
        self.check(document)
        return document

    def _encoded(self, key: str, document: D) -> bytes:
        if self.sorted_key is not None:
            ordered = dict(sorted(getattr(document, self.sorted_key).items()))
            document = msgspec.structs.replace(document, **{self.sorted_key: ordered})
        try:
            data = msgspec.json.encode(document)
            if self.indented:
                data = msgspec.json.format(data, indent=2) + b"\n"
        except UNWRITABLE as error:
            raise _invalid(key, error) from error
        if len(data) > self.max_bytes:
            raise FullError(
                f"would be larger than {self.max_bytes >> 20} MiB, and then nobody could read it",
                where=key,
                remedy=self.remedy_if_full,
            )
        try:
            self._decoded(data)
        except MALFORMED as error:
            raise _invalid(key, error) from error
        return data

    def _damaged(self, key: str, message: str, cause: Exception) -> DamagedError:
        error = DamagedError(message, where=key, remedy=self.remedy)
        error.__cause__ = cause
        return error


def _invalid(key: str, error: Exception) -> StorageError:
    return StorageError(
        f"would not be valid, and then nobody could read it: {error}",
        where=key,
        remedy="it stays as it was. What is given is to be checked before: this is a bug in chaninfra, so report it "
        "with the command",
    )


@prepared
class _Versioned(Struct):
    version: int = 1


def check_version(data: bytes, key: str) -> None:
    """Raise DocumentError for a document that says that it is of a later version; its key is for the message."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
    except MALFORMED:
        return
    if version > 1:
        raise DocumentError(
            f"version {version} of this file is newer than this version of chaninfra",
            where=key,
            remedy="upgrade chaninfra",
        ) from None
