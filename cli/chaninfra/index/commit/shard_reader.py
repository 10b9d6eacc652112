"""Reads shards, each once, and no more of them than the store has: a shard index may name any number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from chaninfra.channel.conda.index_files import MAX_SHARD, SHARDS
from chaninfra.channel.conda.shards import NewShard, Shard, is_shard, parse_shard, shard_key
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_AT_ONCE = 1000
"""Shards that are asked for before one that is missing makes the reader list the others: a listing has so many keys in
each answer."""


class LostShardError(ForeignIndexError):
    """A shard that the index names is missing or damaged."""


class ShardReader:
    """The shards of a subdir by their digests. What was read or made once is kept: shards never change."""

    def __init__(self, subdir_index: SubdirIndex) -> None:
        self._subdir_index = subdir_index
        self._known: dict[bytes, tuple[str, Shard]] = {}
        """Digest → the package name, and the shard."""
        self._put_at: dict[bytes, datetime] = {}
        self._given_up: set[tuple[str, bytes]] = set()

    def add(self, new: NewShard) -> None:
        """Keep a shard that was made."""
        self._known[new.digest] = new.name, new.shard

    def give_up(self, hashes: Mapping[str, bytes]) -> None:
        """Take these shards for empty: they are missing or damaged, and the caller has their records."""
        self._given_up.update(hashes.items())

    def is_given_up(self, name: str, digest: bytes | None) -> bool:
        """Whether the shard is taken for empty because it is missing or damaged."""
        return (name, digest) in self._given_up

    def are_given_up(self, hashes: Mapping[str, bytes | None]) -> bool:
        """Whether all shards that are taken for empty are among these: package name → sha256."""
        return all(hashes.get(name) == digest for name, digest in self._given_up)

    def put_at(self, digest: bytes) -> datetime | None:
        """When the shard was put, by the store's clock; None: it was not read."""
        return self._put_at.get(digest)

    def find(self, hashes: Mapping[str, bytes]) -> dict[str, Shard | None]:
        """Package name → its shard; None: it is missing or damaged. `hashes`: package name → sha256.

        A shard has the records of one name. Where several names have the same, it is that of the first of them.
        """
        first: dict[bytes, str] = {}
        for name, digest in hashes.items():
            if digest not in self._known and (name, digest) not in self._given_up:
                first.setdefault(digest, name)
        unknown, listed = [*first], None
        for start in range(0, len(unknown), _AT_ONCE):
            part = unknown[start : start + _AT_ONCE]
            asked = part if listed is None else [digest for digest in part if digest in listed]
            found = run_all(self._subdir_index.runtime, [partial(self._get, first[each], each) for each in asked])
            for digest, shard in zip(asked, found, strict=True):
                if shard is not None:
                    self._known[digest] = first[digest], shard
            if listed is None and None in found and len(unknown) > start + _AT_ONCE:
                listed = listed_shards(self._subdir_index)
        return {name: self._shard(name, digest) for name, digest in hashes.items()}

    def missing(self, hashes: Mapping[str, bytes]) -> set[str]:
        """The package names whose shard the store does not have now."""
        if len(hashes) > _AT_ONCE:
            listed = listed_shards(self._subdir_index)
            return {name for name, digest in hashes.items() if digest not in listed}
        head, key = self._subdir_index.store.head, self._subdir_index.key
        heads = [partial(head, key(shard_key(digest))) for digest in hashes.values()]
        found = run_all(self._subdir_index.runtime, heads)
        return {name for name, entry in zip(hashes, found, strict=True) if entry is None}

    def read(self, hashes: Mapping[str, bytes], names: Iterable[str]) -> dict[str, Shard]:
        """Package name → its shard, for those of `names` that have one. Raises LostShardError."""
        found = self.find({name: hashes[name] for name in names if name in hashes})
        shards = {name: shard for name, shard in found.items() if shard is not None}
        if lost := sorted(found.keys() - shards.keys()):
            raise LostShardError(
                f"the shard of {lost[0]} is missing or damaged",
                where=self._subdir_index.key(shard_key(hashes[lost[0]])),
                remedy="run `chaninfra reindex --force`, which reads every shard",
            )
        return shards

    def _shard(self, name: str, digest: bytes) -> Shard | None:
        if (name, digest) in self._given_up:
            return Shard(records={})
        known = self._known.get(digest)
        return known[1] if known is not None and known[0] == name else None

    def _get(self, name: str, digest: bytes) -> Shard | None:
        stored = get_within(self._subdir_index.store, self._subdir_index.key(shard_key(digest)), MAX_SHARD)
        if not isinstance(stored, StoredObject):
            return None
        self._put_at[digest] = stored.entry.modified
        return parse_shard(stored.data, name, digest)


def listed_shards(subdir_index: SubdirIndex) -> set[bytes]:
    """The digests of the shards that the store has, by one listing."""
    folder = subdir_index.key(SHARDS)
    keys = (f"{SHARDS}/{entry.key.removeprefix(f'{folder}/')}" for entry in subdir_index.store.list(folder))
    return {bytes.fromhex(key.removeprefix(f"{SHARDS}/").partition(".")[0]) for key in keys if is_shard(key)}
