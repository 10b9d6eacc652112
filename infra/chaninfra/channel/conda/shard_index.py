"""The shard index of a subdir (CEP 16): it maps each package name to a shard. It is the authoritative index.

A shard index that chaninfra writes has a commit stamp in its top-level key `chaninfra`: see `commit_stamp`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from chaninfra.channel.conda.commit_stamp import OUR_KEY, CommitStamp, checksum
from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX, SHARDS, compress, decompress
from chaninfra.channel.conda.repodata import REBUILD, Repodata
from chaninfra.channel.conda.revisions import KEY
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.objects import ObjectStore, StoredObject, get_within

_Digest = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_MAX_UNKNOWN = 1 << 20
"""Most bytes of `info`, of the stamp and of each unknown key: decoded, they take up to a hundred times their memory."""


@prepared
class _Info(msgspec.Struct):
    """The types of what chaninfra reads in `info`."""

    subdir: str
    """Required: clients cannot read a shard index without it."""
    repodata_revisions: dict[str, dict[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class ShardIndex:
    """The content of a shard index."""

    hashes: Mapping[str, bytes]
    """Package name as clients look it up → sha256 of its shard, 32 raw bytes."""
    stamp: CommitStamp | None
    """None: another tool wrote it."""
    info: Mapping[str, Any]
    """`info`, without what chaninfra fills in: the URLs of the shards, and the time."""
    other: Mapping[str, msgspec.Raw] = field(default_factory=dict)
    """Keys that chaninfra does not know, as msgpack; they are written again, into the derived files too."""
    shards_base_url: str | None = field(default=None, compare=False)
    """Where it said that its shards are; None: it did not. `encode` says where those are that chaninfra writes."""

    @classmethod
    def empty(cls, subdir: str) -> ShardIndex:
        """A shard index without shards and without a stamp."""
        return cls(hashes={}, stamp=None, info={"subdir": subdir})

    @classmethod
    def parse(cls, data: bytes, *, where: str | None = None) -> ShardIndex | None:
        """The shard index in these bytes; None if they are damaged.

        One of a version later than that of CEP 16 may mean anything: with `where`, its key, it is a StorageError, and
        else None.
        """
        plain = decompress(data, MAX_SHARD_INDEX)
        try:
            # Raw, since decoded values can take a hundred times the memory of their bytes.
            document = msgspec.msgpack.decode(plain or b"", type=dict[str, msgspec.Raw])
            version = _version(document.pop("version", None))
            if version > 1:
                if where is None:
                    return None
                raise StorageError(
                    f"version {version} of the shard index is newer than this version of chaninfra",
                    where=where,
                    remedy="upgrade chaninfra",
                )
            shards = bytes(document.pop("shards", b""))
            hashes = msgspec.msgpack.decode(shards, type=dict[str, _Digest])
            if any(len(bytes(raw)) > _MAX_UNKNOWN for raw in document.values()):
                return None
            info = document.pop("info", msgspec.Raw(b""))
            msgspec.msgpack.decode(info, type=_Info)
            known = msgspec.msgpack.decode(info, type=dict[str, Any])
            ours = document.pop(OUR_KEY, None)
            check_plain([known, [msgspec.msgpack.decode(raw) for raw in document.values()]])
        except MALFORMED:
            return None
        shards_base_url = known.get("shards_base_url")
        for key in ("shards_base_url", "created_at", OUR_KEY):
            known.pop(key, None)
        if not known.get("base_url"):
            known.pop("base_url", None)
        return cls(
            hashes=hashes,
            stamp=_stamp(ours, shards),
            info=known,
            other=document,
            shards_base_url=shards_base_url if isinstance(shards_base_url, str) else None,
        )

    def keys(self) -> set[str]:
        """The keys of its shards, relative to the subdir."""
        return {shard_key(digest) for digest in self.hashes.values()}

    def encode(self, level: int, created_ms: int, *, shards_base_url: str = f"./{SHARDS}/") -> bytes:
        """The bytes of the shard index; `created_ms`: the time in ms since 1970. The stamp gets its checksum.

        `shards_base_url`: where the shards are, relative to the shard index.
        """
        created = datetime.fromtimestamp(created_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        base = self.info.get("base_url") or ""
        info = {**self.info, "base_url": base, "shards_base_url": shards_base_url, "created_at": created}
        shards = msgspec.msgpack.encode(dict(sorted(self.hashes.items())))
        # A repodata.json of another tool may have unknown keys of these names.
        document = {**self.other, "version": 1, "info": info, "shards": msgspec.Raw(shards)}
        if self.stamp is not None:
            document[OUR_KEY] = msgspec.structs.replace(self.stamp, checksum=checksum(shards))
        return compress(msgspec.msgpack.encode(document), level)


def _version(raw: msgspec.Raw | None) -> int:
    """The version of a shard index; 1 where it says none, or no number."""
    try:
        return msgspec.msgpack.decode(raw, type=int) if raw else 1
    except MALFORMED:
        return 1


def packed_keys(repodata: Repodata, *, where: str, salvage: bool = False) -> dict[str, msgspec.Raw]:
    """`info` and the unknown keys of a repodata.json as a shard index has them; `where` is its key, for the message.

    Raises InvalidRepodataError for one that no shard index can have; with `salvage` it is left out.
    """
    packed: dict[str, msgspec.Raw] = {}
    for key, value in (("info", msgspec.json.encode(repodata.info())), *repodata.other().items()):
        try:
            packed[key] = _packed(value)
        except MALFORMED as error:
            if not salvage:
                raise InvalidRepodataError(
                    f"{key[:80]!r} is not valid: {error}", where=where, remedy=REBUILD
                ) from error
    return packed


def _packed(value: msgspec.Raw | bytes) -> msgspec.Raw:
    """JSON as msgpack. Raises one of MALFORMED."""
    decoded = msgspec.json.decode(value)
    check_plain(decoded)
    packed = msgspec.msgpack.encode(decoded)
    if len(packed) > _MAX_UNKNOWN:
        raise ValueError(f"it is larger than {_MAX_UNKNOWN >> 10} KiB, and no shard index could have it")
    return msgspec.Raw(packed)


def with_shards(data: bytes, index: ShardIndex, level: int) -> bytes:
    """The shard index in these bytes, which `ShardIndex.parse` has read, with the map of shards and the numbers of
    `repodata_revisions` (CEP 48) of `index`, and else as it is.
    """
    document = msgspec.msgpack.decode(decompress(data, MAX_SHARD_INDEX) or b"", type=dict[str, msgspec.Raw])
    document["shards"] = msgspec.Raw(msgspec.msgpack.encode(dict(sorted(index.hashes.items()))))
    info = msgspec.msgpack.decode(document["info"], type=dict[str, Any])
    if info.get(KEY) != index.info.get(KEY):
        numbers = {KEY: index.info[KEY]} if KEY in index.info else {}
        rest = {key: value for key, value in info.items() if key != KEY}
        document["info"] = msgspec.Raw(msgspec.msgpack.encode({**rest, **numbers}))
    return compress(msgspec.msgpack.encode(document), level)


def read_shard_index(store: ObjectStore, key: str) -> ShardIndex | None:
    """The shard index at this key; None if there is none, or it is damaged or too large."""
    stored = get_within(store, key, MAX_SHARD_INDEX)
    return ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None


def _stamp(raw: msgspec.Raw | None, shards: bytes) -> CommitStamp | None:
    if raw is None:
        return None
    try:
        stamp = msgspec.msgpack.decode(raw, type=CommitStamp)
    except MALFORMED:
        return None
    return stamp if stamp.checksum == checksum(shards) else None
