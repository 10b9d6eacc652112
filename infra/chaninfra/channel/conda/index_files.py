"""The index files of a subdir: names, Content-Types, compression, and the object that is put."""

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

CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "zst": "application/zstd",
    "shards": "application/x-msgpack",
}

SHARDS = "shards"

IMMUTABLE = "max-age=31536000, immutable"


def compressor(level: int) -> Callable[[bytes], bytes]:
    """What makes of bytes one zstd frame that says its size; for one thread.

    To make it takes as long as to compress a shard.
    """
    # Imported where it is used: `doctor --list` needs only the names of this module, and starts faster.
    import zstandard

    return zstandard.ZstdCompressor(level=level).compress


def compress(data: bytes, level: int) -> bytes:
    """The bytes as one zstd frame that says its size."""
    return compressor(level)(data)


def decompress(data: bytes) -> bytes | None:
    """What was compressed, or None where that is no zstd."""
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return None


def body(data: bytes, kind: Format, settings: IndexSettings) -> ObjectBody:
    """An index file as it is put."""
    return ObjectBody(data=data, content_type=CONTENT_TYPES[kind], cache_control=settings.cache_control)
