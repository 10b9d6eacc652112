"""The yanks of a subdir, found without trust in the document yanked.json where the shards tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.yank import Yank, unpacked
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import Whole


@dataclass(frozen=True, kw_only=True)
class Yanks:
    """The yanks of a subdir: file name → yank."""

    committed: Mapping[str, Raw] = field(default_factory=dict)
    """Those in the shards of the authoritative index, as in Shard."""
    recovered: Mapping[str, Yank] = field(default_factory=dict)
    """Those that no shard of the authoritative index tells: from the last state of the index that was ours, or from
    yanked.json."""

    @property
    def files(self) -> frozenset[str]:
        """The names of the yanked files."""
        return frozenset({*self.committed, *self.recovered})

    def find(self, file: str) -> Yank | None:
        """The yank of this file; None: it is not yanked."""
        packed = self.committed.get(file)
        return self.recovered.get(file) if packed is None else unpacked(packed)

    def joined(self) -> dict[str, Raw]:
        """All of them, as in Shard."""
        return {**self.committed, **{file: yank.packed() for file, yank in self.recovered.items()}}


def yanks_of(subdir_index: SubdirIndex, whole: Whole) -> Yanks:
    """The yanks of the index that was read: those in the shards of the last state that was ours.

    A yanked file is in `removed`, so only the shards of the names there are read. Where there is no such state, or a
    shard of it is lost, yanked.json tells, as it does of files that an index of another tool has removed: the other
    tool may be an earlier version of chaninfra.
    """
    last = whole.last
    hashes = last.hashes if last is not None else {}
    names = {*map(package_name, whole.last_removed), *whole.lost} & hashes.keys()
    found = whole.shards.find({name: hashes[name] for name in names})
    lost = {name for name, shard in found.items() if shard is None or whole.shards.is_given_up(name, hashes[name])}
    told = {file: yank for shard in found.values() if shard is not None for file, yank in shard.yanks.items()}
    adopted = whole.adoption is not None
    written: dict[str, Yank] = {}
    if lost or (adopted and (last is None or whole.others_removed)):
        document = read_yanked(subdir_index.store, subdir_index.layout.key(YANKED_JSON))[0].of(subdir_index.subdir)
        written = {
            file: yank
            for file, yank in document.items()
            if file not in told
            and (package_name(file) in lost or (adopted and (last is None or file in whole.others_removed)))
        }
    if not adopted:
        return Yanks(committed=told, recovered=written)
    return Yanks(recovered={**written, **{file: unpacked(yank) for file, yank in told.items()}})


def committed_yanks(subdir_index: SubdirIndex, shards: ShardReader, names: Iterable[str]) -> dict[str, Yank]:
    """File name → yank, of the packages of these names, as the authoritative index says now.

    Raises ForeignIndexError where there is none of ours, or a shard of it is lost.
    """
    index = read_our_authority(subdir_index).index
    found = shards.read(index.hashes if index is not None else {}, names)
    return {file: unpacked(yank) for shard in found.values() for file, yank in shard.yanks.items()}
