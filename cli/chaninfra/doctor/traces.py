"""Which tool wrote an index file that has no commit stamp: each leaves traces in the form of the file.

What is read here is bounded: the shard index that was read already, and both ends of a repodata.json.
"""

from __future__ import annotations

import msgspec

from chaninfra.channel.conda.commit_stamp import OUR_KEY
from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX, decompress
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectMeta, ObjectStore

ANOTHER = "another tool"
CONDA_INDEX = "conda-index"
RATTLER_INDEX = "rattler-index"
OLDER = "an older chaninfra"
KEEPING = "another tool, which kept what chaninfra had written into it"
COPIED = "chaninfra, but lost its object metadata, as by a copy"

_END = 4096
"""Bytes read at each end of a repodata.json."""


def writer_of_shard_index(data: bytes) -> str:
    """Which tool wrote the shard index in these bytes; `another tool` if they do not tell."""
    try:
        document = msgspec.msgpack.decode(decompress(data, MAX_SHARD_INDEX) or b"", type=dict[str, msgspec.Raw])
        info = msgspec.msgpack.decode(document.get("info", msgspec.Raw(b"\x80")), type=dict[str, msgspec.Raw])
        base = msgspec.msgpack.decode(info.get("shards_base_url", msgspec.Raw(b"\xc0")))
    except MALFORMED:
        return ANOTHER
    if OUR_KEY in document:
        return KEEPING
    if OUR_KEY in info:
        return OLDER
    # conda-index 0.13 and rattler-index 0.28 as they write it.
    if base == "" and "version" in document:
        return CONDA_INDEX
    return RATTLER_INDEX if base == "./shards/" and "version" not in document else ANOTHER


def writer_of_repodata(store: ObjectStore, entry: ObjectMeta) -> str:
    """Which tool wrote the repodata.json; `another tool` if its two ends do not tell. Raises StorageError."""
    try:
        head = store.get_range(entry.key, entry.etag, 0, min(entry.size, _END)) if entry.size else b""
        tail = store.get_range(entry.key, entry.etag, max(0, entry.size - _END), _END) if entry.size else b""
    except ConflictError:
        return ANOTHER
    if b'"chaninfra":{"number":' in head:
        return COPIED
    if b'"chaninfra"' in head:
        return OLDER
    if head.startswith((b'{\n  "info"', b'{\n  "packages"')) or b'"removed":[],"repodata_version":' in tail:
        return CONDA_INDEX
    return RATTLER_INDEX if head.startswith(b'{"info":{') and b',"repodata_version":' in tail else ANOTHER
