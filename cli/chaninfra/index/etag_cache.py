"""Cache of sha256 by ETag, for packages whose ETag is not their md5: multipart uploads, and objects of some encrypted
buckets.

With it a re-index sees that such a package was not uploaded again, and does not read it. If the cache is lost, the
packages are read once more. It is the object `.chaninfra/seen/<subdir>.json.zst` of the channel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.index_files import CONTENT_TYPES, compress, decompress
from chaninfra.channel.conda.object_names import ETAG_CACHE_FOLDER
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConflictError, DeniedError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.subdir_index import SubdirIndex

EtagCache = Mapping[str, tuple[str, str]]
"""File name → (ETag of the object, sha256 of its bytes in hex)."""

_LEVEL = 3
_MAX_BYTES = 192 << 20
"""Largest cache that is used, compressed or not: the entry of a package takes some 150 bytes."""


@prepared
class _Document(Struct):
    packages: dict[str, tuple[str, str]]


def read_etag_cache(subdir_index: SubdirIndex) -> EtagCache:
    """The cache of the subdir; empty if it is missing, damaged or too large."""
    return _parse(get_within(subdir_index.store, _key(subdir_index), _MAX_BYTES))


def _parse(stored: StoredObject | ObjectMeta | None) -> EtagCache:
    if not isinstance(stored, StoredObject):
        return {}
    try:
        return msgspec.json.decode(decompress(stored.data, _MAX_BYTES) or b"", type=_Document).packages
    except MALFORMED:
        return {}


def write_etag_cache(subdir_index: SubdirIndex, before: EtagCache, new: EtagCache, existing: Collection[str]) -> None:
    """Write the cache if it changed, `before` as it was read: with the new entries, those that others have added
    meanwhile, and only for the files in `existing`. Without the permission to write it (publishers lack it) nothing
    happens.
    """
    if before.items() | new.items() == before.items() and before.keys() <= {*existing}:
        return
    with suppress(DeniedError):
        for attempt in range(ATTEMPTS):
            stored = get_within(subdir_index.store, _key(subdir_index), _MAX_BYTES)
            if _put(subdir_index, stored, {**_parse(stored), **new}, existing):
                return
            subdir_index.runtime.pause(attempt)


def _put(
    subdir_index: SubdirIndex, stored: StoredObject | ObjectMeta | None, cache: EtagCache, existing: Collection[str]
) -> bool:
    """Whether it was put in place of what was stored."""
    after = {file: entry for file, entry in sorted(cache.items()) if file in existing}
    data = compress(msgspec.json.encode(_Document(after)), _LEVEL)
    body = ObjectBody(data=data, content_type=CONTENT_TYPES["zst"], cache_control="no-store")
    entry = stored.entry if isinstance(stored, StoredObject) else stored
    try:
        subdir_index.store.put(_key(subdir_index), body, IfMatch(entry.etag) if entry else IfAbsent())
    except ConflictError:
        return False
    return True


def _key(subdir_index: SubdirIndex) -> str:
    return subdir_index.layout.key(ETAG_CACHE_FOLDER, f"{subdir_index.subdir}.json.zst")
