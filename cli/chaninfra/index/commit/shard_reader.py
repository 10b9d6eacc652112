"""Reads shards, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from chaninfra.channel.conda.index_files import MAX_SHARD
from chaninfra.channel.conda.shards import NewShard, Shard, parse_shard, shard_key
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex


class LostShardError(ForeignIndexError):
    """A shard that the index names is missing or damaged."""


class ShardReader:
    """The shards of a subdir by their digests. What was read or made once is kept: shards never change."""

    def __init__(self, subdir_index: SubdirIndex) -> None:
        self._subdir_index = subdir_index
        self._known: dict[bytes, Shard] = {}
        self._given_up: set[bytes] = set()

    def add(self, new: NewShard) -> None:
        """Keep a shard that was made."""
        self._known[new.digest] = new.shard

    def give_up(self, digests: Iterable[bytes]) -> None:
        """Take these shards for empty: they are missing or damaged, and the caller has their records."""
        for digest in digests:
            self._known[digest] = Shard(records={})
            self._given_up.add(digest)

    def is_given_up(self, digest: bytes | None) -> bool:
        """Whether the shard is taken for empty because it is missing or damaged."""
        return digest in self._given_up

    def find(self, hashes: Mapping[str, bytes]) -> dict[str, Shard | None]:
        """Package name → its shard; None: it is missing or damaged. `hashes`: package name → sha256."""
        unknown = {name: digest for name, digest in hashes.items() if digest not in self._known}
        found = run_all(self._subdir_index.runtime, [partial(self._get, *entry) for entry in unknown.items()])
        for digest, shard in zip(unknown.values(), found, strict=True):
            if shard is not None:
                self._known[digest] = shard
        return {name: self._known.get(digest) for name, digest in hashes.items()}

    def read(self, hashes: Mapping[str, bytes], names: Iterable[str]) -> dict[str, Shard]:
        """Package name → its shard, for those of `names` that have one. Raises LostShardError."""
        found = self.find({name: hashes[name] for name in names if name in hashes})
        shards = {name: shard for name, shard in found.items() if shard is not None}
        if lost := sorted(found.keys() - shards.keys()):
            raise LostShardError(
                f"the shard of {lost[0]} is missing or damaged",
                where=self._subdir_index.key(shard_key(hashes[lost[0]])),
                remedy="run `chaninfra reindex`",
            )
        return shards

    def _get(self, name: str, digest: bytes) -> Shard | None:
        stored = get_within(self._subdir_index.store, self._subdir_index.key(shard_key(digest)), MAX_SHARD)
        return parse_shard(stored.data, name, digest) if isinstance(stored, StoredObject) else None
