"""The shards of a subdir that say something of withdrawn packages, and the shards that stand for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from chaninfra.channel.conda.filenames import V3
from chaninfra.channel.conda.index_files import MAX_SHARD, decompress
from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.shards import Shard, make_shards, names_file, parse_shard, shard_key
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import unpacked
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.replaced import Replacement
from chaninfra.index.commit.shard_reader import listed_shards
from chaninfra.index.commit.shard_writer import joined
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_SHA256 = re.compile("[0-9A-Fa-f]{64}")
_AT_ONCE = 500
"""Shards that are read at a time, so that not all of them are in memory together."""


@dataclass(frozen=True)
class Telling:
    """A shard that says something of a package."""

    name: str
    """The package name."""
    shard: Shard

    def sha256(self, files: Collection[str]) -> set[str]:
        """The hex sha256 of these files in their records, and in the records of their yanks."""
        part = joined("", [self.shard])
        places = [place for file in files if (place := part.find(file))]
        raws = [bytes(part.records[table][key]) for table, key in places]
        found: set[str | None] = set()
        for raw in raws:
            try:
                found.add(read_facts(raw, "sha256").sha256)
            except MALFORMED:
                continue
        found |= {unpacked(self.shard.yanks[file]).facts(file).sha256 for file in files if file in self.shard.yanks}
        return {each.lower() for each in found if each and _SHA256.fullmatch(each)}


@dataclass
class Shards:
    """Looks into the shards of a subdir, each once: they never change."""

    target: SubdirIndex
    files: Collection[str]
    unreadable: set[str] = field(default_factory=set)
    """The object keys of shards that have the name of a file, and cannot be read."""
    _silent: set[bytes] = field(default_factory=set)
    """Those that say nothing of the files."""
    _telling: dict[bytes, Telling] = field(default_factory=dict)

    def find(self, *, without: Collection[bytes] = ()) -> dict[bytes, Telling]:
        """Digest → shard, of those that are there now and say something of the files; `without` those that are known to
        say nothing.
        """
        there = listed_shards(self.target)
        self._silent.update(without)
        unknown = sorted(there - self._silent - self._telling.keys())
        for start in range(0, len(unknown), _AT_ONCE):
            part = unknown[start : start + _AT_ONCE]
            found = run_all(self.target.runtime, [partial(self._look, digest) for digest in part])
            for digest, telling in zip(part, found, strict=True):
                if telling is None:
                    self._silent.add(digest)
                else:
                    self._telling[digest] = telling
        return {digest: telling for digest, telling in self._telling.items() if digest in there}

    def _look(self, digest: bytes) -> Telling | None:
        key = self.target.key(shard_key(digest))
        stored = get_within(self.target.store, key, MAX_SHARD)
        if not isinstance(stored, StoredObject):
            return None
        name = names_file(stored.data, self.files)
        shard = parse_shard(stored.data, name, digest) if name is not None else None
        if name is None or shard is None:
            plain = decompress(stored.data, MAX_SHARD) or b""
            # One that can be read, of another name, may name a file whose name ends alike.
            if name is not None or (_is_damaged(stored.data) and any(file.encode() in plain for file in self.files)):
                self.unreadable.add(key)
            return None
        return Telling(name, shard)


def _is_damaged(data: bytes) -> bool:
    import msgspec

    try:
        msgspec.msgpack.decode(decompress(data, MAX_SHARD) or b"", type=dict[str, msgspec.Raw])
    except MALFORMED:
        return True
    return False


def put_rest(target: SubdirIndex, telling: Mapping[bytes, Telling], files: Collection[str]) -> dict[str, Replacement]:
    """Put for each of these shards one that has the rest; sha256 in hex → what stands for it.

    Rule: each of them has a revision of its own, so that no state of the index looks like another one.
    """
    uploads = []
    found: dict[str, Replacement] = {}
    for digest, each in telling.items():
        part = joined(target.subdir, [each.shard])
        places = [place for file in files if (place := part.find(file))]
        for table, key in places:
            part.records[table].pop(key)
        part.removed = [file for file in part.removed if file not in files]
        yanks = {file: yank for file, yank in each.shard.yanks.items() if file not in files}
        made = make_shards(
            part,
            [each.name],
            target.runtime.new_revision(),
            target.layout.index.compression_level,
            {each.name: each.shard.other},
            yanks,
        )
        new = next(iter(made), None)
        if new is not None:
            uploads.append(partial(target.store.put, target.key(shard_key(new.digest)), new.body))
        found[digest.hex()] = Replacement(
            shard=None if new is None else new.digest.hex(),
            packages=len(places),
            v3=sum(table.startswith(f"{V3}.") for table, _ in places),
        )
    run_all(target.runtime, uploads)
    return found


def keys_of(target: SubdirIndex, digests: Iterable[bytes]) -> list[str]:
    """The object keys of shards."""
    return sorted(target.key(shard_key(digest)) for digest in digests)
