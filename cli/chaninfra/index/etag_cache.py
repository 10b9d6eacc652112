"""A cache for packages whose ETag is not their md5: multipart uploads, and all objects of some encrypted buckets.

It tells that such a package was not replaced since it was read. Without the cache they are only read once more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.index_files import CONTENT_TYPES, compress, decompress
from chaninfra.channel.conda.object_names import ETAG_CACHE_FOLDER
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.subdir_index import SubdirIndex

EtagCache = Mapping[str, tuple[str, str]]
"""File name → the ETag of the object, and the sha256 (hex) of its bytes."""

_LEVEL = 3


@prepared
class _Document(Struct):
    packages: dict[str, tuple[str, str]]


def read_etag_cache(target: SubdirIndex) -> EtagCache:
    """The cache of the subdir; empty if it is missing or damaged. Raises StorageError."""
    stored = target.store.get(_key(target))
    try:
        return msgspec.json.decode(decompress(stored.data) or b"", type=_Document).packages if stored else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}


def write_etag_cache(target: SubdirIndex, before: EtagCache, new: EtagCache, there: Collection[str]) -> None:
    """Write the cache: `before` and `new`, for the files in `there`. Publishers may not write it, which is no error."""
    after = {file: seen for file, seen in {**before, **new}.items() if file in there}
    if after == before:
        return
    data = compress(msgspec.json.encode(_Document(dict(sorted(after.items())))), _LEVEL)
    with suppress(DeniedError):
        target.store.put(
            _key(target), ObjectBody(data=data, content_type=CONTENT_TYPES["zst"], cache_control="no-store")
        )


def _key(target: SubdirIndex) -> str:
    return target.layout.key(ETAG_CACHE_FOLDER, f"{target.subdir}.json.zst")
