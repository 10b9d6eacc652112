"""The index files of a subdir: names, Content-Types, compression.

repodata.json and repodata.json.zst: CEP 36; repodata_shards.msgpack.zst, the shard index: CEP 16; run_exports.json, and
the same compressed: CEP 12 (https://conda.org/learn/ceps/cep-0036, cep-0016 and cep-0012).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chaninfra.channel.conda.index_settings import Format, IndexSettings
from chaninfra.channel.objects import ObjectBody

REPODATA = "repodata.json"

FILE_NAMES: dict[Format, str] = {
    "json": REPODATA,
    "zst": "repodata.json.zst",
    "shards": "repodata_shards.msgpack.zst",
    "run_exports": "run_exports.json",
    "run_exports_zst": "run_exports.json.zst",
}
"""Format → the file in each subdir."""

STALE = frozenset(
    {
        *(f"current_repodata.{suffix}" for suffix in ("json", "json.bz2", "json.zst", "jlap")),
        *(f"repodata.{suffix}" for suffix in ("json.bz2", "jlap")),
    }
)
"""Index files of other indexers that clients read in place of ours: classic conda the first ones, older clients the
others. chaninfra writes none of them."""

CONTENT_TYPES: dict[Format, str] = {
    "json": "application/json",
    "zst": "application/zstd",
    "shards": "application/x-msgpack",
    "run_exports": "application/json",
    "run_exports_zst": "application/zstd",
}

MAX_REPODATA = 1 << 30
"""Largest repodata.json that is read or written, in bytes: a million records take 450 MB."""

MAX_ZST = MAX_REPODATA // 2
"""Largest repodata.json.zst that is read, in bytes: repodata shrinks to a quarter or less."""

MAX_SHARD_INDEX = 32 << 20
"""Largest shard index, in bytes, compressed or not: the entry of a name takes some 60 bytes, conda-forge has 30,000."""

MAX_SHARD = 64 << 20
"""Largest shard, in bytes, compressed or not: what conda reads (26.7.2)."""

_MAX_WINDOW = 1 << 27
"""Largest zstd window, in bytes: that of the highest compression level."""
_PIECE = 1 << 8
"""Compressed bytes that are decompressed at a time. Four of them can be a block of 128 KiB, so a piece has at most
8 MiB."""

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


def decompress(data: bytes, most: int) -> bytearray | None:
    """The decompressed bytes; None if `data` is not one or more whole zstd frames, or has more than `most` bytes.

    The size that a frame promises is not trusted, and no more than `most` bytes and some MiB are ever held.
    """
    import zstandard

    plain = bytearray()
    view = memoryview(data)
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        while len(view):
            frame = decompressor.decompressobj()
            start = 0
            while not frame.eof and start < len(view):
                plain += frame.decompress(view[start : start + _PIECE])
                start += _PIECE
                if len(plain) > most:
                    return None
            if not frame.eof:
                return None
            # Other readers go on after the end of a frame.
            view = view[min(start, len(view)) - len(frame.unused_data) :]
    except zstandard.ZstdError:
        return None
    return plain if len(data) else None


def body(data: bytes, kind: Format, settings: IndexSettings, metadata: Mapping[str, str] | None = None) -> ObjectBody:
    """An index file with its headers."""
    return ObjectBody(
        data=data,
        content_type=CONTENT_TYPES[kind],
        cache_control=settings.cache_control,
        metadata=metadata or {},
    )
