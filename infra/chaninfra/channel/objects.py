"""Objects of an S3-compatible store: their types, the conditions of a PUT, and the ObjectStore protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol


class Condition(Enum):
    """A condition without a value."""

    CREATE = "If-None-Match: *"


@dataclass(frozen=True)
class IfMatch:
    """Replace only what has this ETag (If-Match)."""

    etag: str


@dataclass(frozen=True, kw_only=True)
class ObjectMeta:
    """An object without its bytes: `size` in bytes, `etag` as the store gives it, quotes included."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, kw_only=True)
class ObjectBody:
    """What is put: the bytes and the headers that they are served with."""

    data: bytes
    content_type: str
    cache_control: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StoredObject(ObjectBody):
    """An object as the store has it."""

    entry: ObjectMeta


class ObjectStore(Protocol):
    """What the rest of chaninfra knows of a store. Keys are whole keys in the bucket."""

    def get(self, key: str) -> StoredObject | None:
        """The object, or None where the store says that there is none."""

    def head(self, key: str) -> ObjectMeta | None:
        """The object without its bytes, or None where the store says that there is none."""

    def part(self, key: str, etag: str, start: int, length: int) -> bytes:
        """So many bytes of the object with this ETag; ConflictError where another one is there, or none, by now."""

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """Every object below the folder `prefix` ("": the whole bucket), in the store's order."""

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        """Put the object and return its ETag; ConflictError where the condition does not hold."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects; one that is not there is no error."""
