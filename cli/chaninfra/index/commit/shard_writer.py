"""The shards that a commit makes: those of the packages that its change touches.

What was made for a package is kept while another attempt of the commit finds the same old shard: a publisher of the
package would have written a new one, so what a HEAD has told of its files still holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from chaninfra.channel.conda.filenames import V3, package_name
from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.revisions import KEY, with_v3
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import Shard, make_shards, shard_key
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Applied, Change, apply
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.workers import MANY

MAX_SHARD_AGE_MS = 24 * 60 * 60 * 1000
"""Max age in ms of uploaded shards that a commit may still reference. Must stay below gc.KEPT, or gc could delete a
shard just before the index names it."""


@dataclass(frozen=True)
class _Made:
    """What was made for one package."""

    old: bytes | None
    """The digest of the shard that it was built on; None: the package had none."""
    new: bytes | None
    """The digest of the shard that it should have."""
    more: int
    """By how many records the number of records grows."""
    v3: tuple[int, tuple[int, ...]]
    """The same for records of the tables below v3; and their times of indexing."""


class ShardWriter:
    """Applies a change to the shards of a subdir, and uploads the new ones."""

    def __init__(self, subdir_index: SubdirIndex, change: Change, shards: ShardReader, *, always: bool) -> None:
        """`always`: also the packages of records that are there already get a new shard."""
        self.applied = Applied()
        self._subdir_index = subdir_index
        self._change = change
        self._shards = shards
        self._always = always
        self._names = change.touched
        self._made: dict[str, _Made] = {}
        self._patches: Patches = {}
        self._uploads: list[Callable[[], None]] = []
        self._started_ms = subdir_index.runtime.now_ms()

    def apply(self, index: ShardIndex) -> bool:
        """Apply the change to `index`, of packages that have another shard there than at the attempt before, or of all
        of them where there are other patches than then, and start to upload the new shards. Returns whether the index
        changes.

        Raises LostShardError, and StorageError for a record that is not valid, or patches that are not.
        """
        if not self._names:
            return False
        # Rule: the patches are read later than the index that this attempt replaces. Who patches writes them first and
        # commits then, so either this attempt sees them, or its PUT fails.
        reading = self._subdir_index.runtime.submit(partial(read_patches, self._subdir_index))
        todo = {
            name for name in self._names if name not in self._made or self._made[name].old != index.hashes.get(name)
        }
        # Read side by side with the patches; they are kept.
        self._shards.read(index.hashes, todo)
        patches, _ = reading()
        if self._made and patches != self._patches:
            todo = self._names
        self._patches = patches
        if todo:
            self._apply(index, self._names if self._change.is_of_odd_names else todo)
        return any(made.old != made.new for made in self._made.values())

    def _apply(self, index: ShardIndex, todo: set[str]) -> None:
        settings, runtime = self._subdir_index.layout.index, self._subdir_index.runtime
        old = self._shards.read(index.hashes, todo)
        part = joined(self._subdir_index.subdir, old.values())
        change = self._change.only(todo)
        yanks = {file: yank for shard in old.values() for file, yank in shard.yanks.items()}
        recovered = {
            file: yank.packed()
            for file, yank in change.recovered.items()
            if index.stamp is None or self._shards.is_given_up(package_name(file), index.hashes.get(package_name(file)))
        }
        yanks |= recovered
        applied = apply(self._subdir_index, part, yanks, change, self._patches)
        applied.names.update(map(package_name, recovered))
        self.applied.update(todo, applied)
        again = {new.name for new in change.records.values()} if self._always else set()
        names = (applied.names | again) & todo
        kept = {name: shard.other for name, shard in old.items()}
        for name in todo:
            digest = index.hashes.get(name)
            gone = name in names
            before, after = old.get(name), Shard(records={}) if gone else old.get(name)
            self._made[name] = _Made(
                digest, None if gone else digest, -_count(before) if gone else 0, _v3(before, after)
            )
        workers = self._subdir_index.workers
        if workers is not None and len(names) >= MANY:
            workers.start()
        uploads: list[tuple[str, ObjectBody]] = []
        made = make_shards(part, names, runtime.new_revision(), settings.compression_level, kept, yanks, change.anew)
        for number, new in enumerate(made):
            before = old.get(new.name)
            self._shards.add(new)
            self._made[new.name] = _Made(
                index.hashes.get(new.name),
                new.digest,
                new.shard.count - _count(before),
                _v3(before, new.shard),
            )
            uploads.append((self._subdir_index.key(shard_key(new.digest)), new.body))
            # Of many, several share a call: starting one takes as long as a request.
            if len(uploads) > min(number // 64, 15):
                self._uploads.append(self._subdir_index.submit(_put, uploads))
                uploads = []
        if uploads:
            self._uploads.append(self._subdir_index.submit(_put, uploads))

    def finish(self) -> bool:
        """Wait for the uploads. Returns whether an index may reference the shards; `apply` makes others if not.

        Rule: an index references no shard that was uploaded more than a day before, since gc deletes the shards that
        it has seen unreferenced a week before.
        """
        while self._uploads:
            self._uploads.pop()()
        now = self._subdir_index.runtime.now_ms()
        if now - self._started_ms <= MAX_SHARD_AGE_MS:
            return True
        self._made.clear()
        self._started_ms = now
        return False

    def hashes(self, index: ShardIndex) -> dict[str, bytes]:
        """The map of shards of `index`, with those that were made."""
        hashes = dict(index.hashes)
        for name, made in self._made.items():
            if made.new is None:
                hashes.pop(name, None)
            else:
                hashes[name] = made.new
        return hashes

    def touched(self) -> list[str]:
        """The names of the packages whose shard has changed."""
        return [name for name, made in self._made.items() if made.old != made.new]

    def count(self, before: int) -> int:
        """The number of records, which was `before` by the commit stamp."""
        # Rule: who has made the lost shards again has corrected the number, too.
        uncorrected = self._shards.are_given_up({name: made.old for name, made in self._made.items()})
        miscounted = self._change.miscounted if uncorrected else 0
        return max(0, before + miscounted + sum(made.more for made in self._made.values()))

    def info(self, info: Mapping[str, Any]) -> dict[str, Any]:
        """`info` with the numbers of `repodata_revisions` (CEP 48) brought forward.

        The oldest time is exact where no record was removed since the last complete index.
        """
        known = (info.get(KEY) or {}).get(V3, {})
        before = known.get("n_packages")
        count = (before if isinstance(before, int) else 0) + sum(made.v3[0] for made in self._made.values())
        times = [time for made in self._made.values() for time in made.v3[1]]
        times += [known[key] for key in ("oldest", "newest") if isinstance(known.get(key), int)]
        return with_v3(info, count, times)


def _put(subdir_index: SubdirIndex, uploads: Sequence[tuple[str, ObjectBody]]) -> None:
    for key, body in uploads:
        subdir_index.store.put(key, body)


def joined(subdir: str, shards: Iterable[Shard]) -> Repodata:
    """The records of these shards together."""
    repodata = Repodata.empty(subdir)
    for shard in shards:
        for table, records in shard.records.items():
            repodata.records.setdefault(table, {}).update(records)
        repodata.removed += shard.removed
    return repodata


def _count(shard: Shard | None) -> int:
    return shard.count if shard else 0


def _v3(before: Shard | None, after: Shard | None) -> tuple[int, tuple[int, ...]]:
    times: list[int] = []
    more = 0
    for table, records in after.records.items() if after else ():
        if table.startswith(f"{V3}."):
            more += len(records)
            for record in records.values():
                try:
                    indexed = read_facts(record, "indexed_timestamp").indexed_timestamp
                except MALFORMED:
                    continue
                if indexed is not None:
                    times.append(indexed)
    if before:
        more -= sum(len(records) for table, records in before.records.items() if table.startswith(f"{V3}."))
    return more, tuple(times)
