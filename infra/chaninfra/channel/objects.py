"""Objects of an S3-compatible store: their types, the conditions of a PUT, and the ObjectStore protocol.

Conditions of a PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chaninfra.channel.errors import StorageError

SMALL = 16 << 20
"""The most bytes that `ObjectStore.get` reads unless it is told otherwise: descriptors have some kB."""


@dataclass(frozen=True)
class IfAbsent:
    """Create the object; fail if the key exists (`If-None-Match: *`; obstore's mode "create")."""


@dataclass(frozen=True)
class IfMatch:
    """Replace the object only while it has this ETag (`If-Match`)."""

    etag: str


Condition = IfAbsent | IfMatch
"""The condition of a PUT."""


@dataclass(frozen=True, kw_only=True)
class ObjectMeta:
    """An object without its bytes: `size` in bytes, `etag` as the store gives it, with its quotes.

    `metadata`: its `x-amz-meta-*` headers; empty in a listing, which does not tell them.
    """

    key: str
    size: int
    etag: str
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ObjectBody:
    """The bytes to put, and the headers that the store serves them with."""

    data: bytes
    content_type: str
    cache_control: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StoredObject(ObjectBody):
    """An object that was read from the store: bytes, headers and metadata."""

    entry: ObjectMeta


class ObjectStore(Protocol):
    """The operations that chaninfra needs from a store. Keys are full keys in the bucket.

    Every method raises StorageError or one of its subclasses if the store does not answer as expected.
    """

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """The object, or None if the store says that the key does not exist.

        Raises TooLargeError, before its bytes are read, for an object of more than `most` bytes.
        """

    def head(self, key: str) -> ObjectMeta | None:
        """The object without its bytes, or None if the store says that the key does not exist."""

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        """At most `length` bytes from offset `start`, of the object with this ETag.

        Raises ConflictError if the object was replaced or deleted meanwhile.
        """

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """Every object below the folder `prefix` ("": the whole bucket), in the store's order."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """Put the object and return its ETag. Raises ConflictError if the condition does not hold."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects. A key that does not exist is no error."""


class TooLargeError(StorageError):
    """The object is larger than it may be, so it was not read; `entry` is the object."""

    def __init__(self, entry: ObjectMeta, most: int, *, where: str | None = None) -> None:
        size = f"{most >> 20:,} MiB" if most >= 1 << 20 else f"{most >> 10:,} KiB"
        super().__init__(
            f"is larger than {size}, so it was not read",
            where=where or entry.key,
            remedy="restore an older version of it, or delete it",
        )
        self.entry = entry


def get_within(store: ObjectStore, key: str, most: int) -> StoredObject | ObjectMeta | None:
    """The object; without its bytes where it has more than `most`. None: it does not exist."""
    try:
        return store.get(key, most)
    except TooLargeError as error:
        return error.entry


def exists(store: ObjectStore, key: str) -> bool:
    """Whether the object exists, by one GET whose body is not read: HEAD takes two requests for a missing object."""
    return get_within(store, key, 0) is not None


_MD5_ETAG = re.compile(r'"?([0-9a-f]{32})"?')


def md5_in(etag: str) -> str | None:
    """The md5 (hex) in an ETag, or None if the ETag does not have the form of one (a multipart upload's has not).

    The ETag of an object encrypted by SSE-KMS or SSE-C has this form too and is no md5 of the object's bytes, so a
    difference proves nothing: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    """
    found = _MD5_ETAG.fullmatch(etag)
    return found[1] if found else None


def quoted(etag: str) -> str:
    """The ETag with quotes, as in all other answers; some stores omit them in those to copies and completions."""
    plain = etag.strip('"')
    return f'"{plain}"'


def is_etag_of(etag: str, md5: str | None) -> bool:
    """Whether the ETag is that of bytes with this md5 (hex): the md5 itself, or what an upload of one part has, which a
    copy within a store may be. What `md5_in` says of a difference holds here too.
    """
    if md5 is None:
        return False
    found = _MD5_ETAG.fullmatch(etag)
    return (found[1] if found else etag.strip('"')) in (md5, _etag_of_one_part(md5))


def _etag_of_one_part(md5: str) -> str | None:
    """The ETag of an upload in parts is the md5 of the parts' md5s, and their number."""
    if not _MD5_ETAG.fullmatch(md5):
        return None
    return f"{hashlib.md5(bytes.fromhex(md5), usedforsecurity=False).hexdigest()}-1"
