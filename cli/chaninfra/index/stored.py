"""What is at the key of a package: the bytes that it should have, or others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectMeta, is_etag_of
from chaninfra.index.channel import Channel

_PART = 8 << 20


@dataclass(frozen=True, kw_only=True)
class Content:
    """The bytes of a package: size in bytes, hex digests. None: not told; one digest is."""

    size: int | None
    md5: str | None
    sha256: str | None

    def difference(self, size: int | None, md5: str, sha256: str) -> str | None:
        """How bytes with this size and these digests differ from it; None: they are the same."""
        if None not in (self.size, size) and self.size != size:
            return f"{size:,} bytes instead of {self.size:,}"
        if self.sha256 not in (None, sha256):
            return f"the sha256 {sha256} instead of {self.sha256}"
        if self.md5 not in (None, md5):
            return f"the md5 {md5} instead of {self.md5}"
        return None


def look_for(channel: Channel, path: str, content: Content) -> ObjectMeta | Literal["absent", "differs"]:
    """What is at the key of the package `<subdir>/<file>`: its object, nothing (`absent`), or other bytes (`differs`).

    Raises StorageError; with the code ARCHIVED for an object that nobody can read.
    """
    entry = channel.writer.head(channel.descriptor.key(path))
    if entry is None:
        return "absent"
    if not _is(channel, entry, content):
        return "differs"
    # The answer to HEAD does not tell: one that was restored for some days keeps its storage class.
    channel.writer.get_range(entry.key, entry.etag, 0, 1)
    return entry


def _is(channel: Channel, entry: ObjectMeta, content: Content) -> bool:
    if content.size not in (None, entry.size):
        return False
    if is_etag_of(entry.etag, content.md5):
        return True
    # The ETag of an encrypted or multipart object is not its md5, so the bytes are compared.
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    try:
        for start in range(0, entry.size, _PART):
            data = channel.writer.get_range(entry.key, entry.etag, start, min(_PART, entry.size - start))
            md5.update(data)
            sha256.update(data)
    except ConflictError:
        # The object was replaced while it was read.
        return False
    return content.difference(entry.size, md5.hexdigest(), sha256.hexdigest()) is None
