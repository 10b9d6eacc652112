"""The index files of a subdir: names, Content-Types, compression.

repodata.json and repodata.json.zst: CEP 36; repodata_shards.msgpack.zst, the shard index: CEP 16
(https://conda.org/learn/ceps/cep-0036, https://conda.org/learn/ceps/cep-0016).
"""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.channel.conda.index_settings import Format, IndexSettings
from chaninfra.channel.objects import ObjectBody

REPODATA = "repodata.json"

FILE_NAMES: dict[Format, str] = {
    "json": REPODATA,
    "zst": "repodata.json.zst",
    "shards": "repodata_shards.msgpack.zst",
}
"""Format → the file in each subdir."""

CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "zst": "application/zstd",
    "shards": "application/x-msgpack",
}

SHARDS = "shards"
"""The folder of the shards, in each subdir."""

IMMUTABLE = "max-age=31536000, immutable"
"""The Cache-Control header of a shard."""


def compressor(level: int) -> Callable[[bytes], bytes]:
    """A function that compresses bytes to one zstd frame, which records its size. Not for use by several threads.

    To create it takes as long as to compress a shard, so use one for many shards.
    """
    # Imported where it is used: `doctor --list` needs only the names of this module, and starts faster.
    import zstandard

    return zstandard.ZstdCompressor(level=level).compress


def compress(data: bytes, level: int) -> bytes:
    """The bytes as one zstd frame, which records its size."""
    return compressor(level)(data)


def decompress(data: bytes) -> bytes | None:
    """The decompressed bytes, or None if `data` is not zstd."""
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return None


def body(data: bytes, kind: Format, settings: IndexSettings) -> ObjectBody:
    """An index file with its headers."""
    return ObjectBody(data=data, content_type=CONTENT_TYPES[kind], cache_control=settings.cache_control)
