"""The whole index of a subdir: all its records, whatever mixture of files several tools have left there.

The records are those of the authoritative index, read from a derived file that is near enough and the shards that have
changed since. Where another tool has written an index file, its records are added to the last ones that were ours: ours
know when a package came into the index, and another tool may know packages that ours do not. What is true of the
packages is for the caller to find out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, SHARDS
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.commit.authority import AUTHORITY, Authority, read_authority, was_replaced
from chaninfra.index.commit.commit import Adoption
from chaninfra.index.commit.derived_files import insert, start
from chaninfra.index.commit.derived_state import (
    Derived,
    derived_metadata,
    existing,
    of_others,
    our_repodata,
    read_derived,
)
from chaninfra.index.commit.history import kept_index, kept_numbers, was_kept_otherwise
from chaninfra.index.commit.refused import check_base_url
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.others_index import add, info_of, name_of, others_repodata
from chaninfra.index.others_records import differing, first_seen
from chaninfra.index.patched import check_patched
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(kw_only=True)
class Whole:
    """The index of a subdir as it was read."""

    authority: Authority | None
    """None: there is none."""
    repodata: Repodata
    derived: Derived
    shards: ShardReader
    """The shards that were read."""
    foreign: set[str] = field(default_factory=set)
    """The files whose record is not in the authoritative index, or that is not ours."""
    removed: set[str] = field(default_factory=set)
    """Removed files that the authoritative index does not list, or that is not ours."""
    lost: set[str] = field(default_factory=set)
    """The names of the packages whose shard is missing or damaged."""
    files: tuple[str, ...] = ()
    """The index files that are missing, damaged, or of another tool."""
    behind: Mapping[str, int] = field(default_factory=dict)
    """Name of a derived file → the number of commits that it does not have yet."""
    first_seen: dict[tuple[str, str], int] = field(default_factory=dict)
    """File name and sha256 → when these bytes came into the index (ms since 1970); empty if all files are ours."""
    differing: dict[str, Raw] = field(default_factory=dict)
    """File name → the record of another tool, of a package whose record in `repodata` says something else."""
    adoption: Adoption | None = None
    """What a commit is built on where the authoritative index is not ours; None: it is."""
    last: ShardIndex | None = None
    """The last state of the index that was ours; None: there is none, or a derived file is newer."""
    last_removed: frozenset[str] = frozenset()
    """The removed files of the last index that was ours."""
    others_removed: frozenset[str] = frozenset()
    """The removed files in the index files of other tools, where `adoption` takes them over."""
    keys: Adoption | None = None
    """The keys that another tool has added to `info` and at the top level of repodata.json; None: there are none."""

    @property
    def before(self) -> int | None:
        """The number of records; None: there is no index."""
        return self.repodata.count if self.exists else None

    @property
    def miscounted(self) -> int:
        """How many records more the shards have than the commit stamp says: fewer where some are lost."""
        if self.adoption is not None or self.authority is None:
            return 0
        return self.repodata.count - len(self.foreign) - self.authority.stamp.count

    @property
    def json_is_foreign(self) -> bool:
        """Whether another tool wrote repodata.json."""
        return "json" in self.derived and self.derived["json"].origin is None

    def has_record(self, file: str) -> bool:
        """Whether the authoritative index is ours and has a record of this file, so that it is not yanked."""
        return self.adoption is None and file not in self.foreign and self.repodata.find(file) is not None

    @property
    def exists(self) -> bool:
        """Whether there is any index."""
        return self.authority is not None or bool(self.derived) or self.repodata.count > 0


def read_whole(
    subdir_index: SubdirIndex, *, salvage: bool = False, history: bool = True, every_shard: bool = False
) -> Whole:
    """Read the whole index; without `history` for readers, who may not list it. `every_shard`: also those whose records
    a derived file has, so that the damaged ones are known.

    Raises InvalidRepodataError for a repodata.json of another tool that is not valid, unless the authoritative index is
    ours (`salvage`: what is readable of it is taken); and for keys that no shard index can have. StorageError.
    """
    # Before the authoritative index: what is of a later commit than this one shows that it was restored from a copy.
    derived = read_derived(subdir_index)()
    kept = dict(kept_numbers(subdir_index)) if history else {}
    authority = read_authority(subdir_index)
    shards = ShardReader(subdir_index)
    forked = False
    newest = max([0, *kept, *(file.origin.number for file in derived.values() if file.origin)])
    if authority is not None and authority.index is not None and authority.ours:
        forked = authority.stamp.number in kept and was_kept_otherwise(subdir_index, authority)
        if newest <= authority.stamp.number and not forked:
            whole = _ours(subdir_index, authority, authority.index, shards, derived, salvage=salvage, every=every_shard)
            if not whole.lost or not was_replaced(subdir_index, authority):
                return whole
            return read_whole(subdir_index, salvage=salvage, history=history, every_shard=every_shard)
    # Rule: what is adopted was kept before another tool replaced it, so it is looked for after that was seen.
    kept |= dict(kept_numbers(subdir_index)) if history else {}
    return _adopted(subdir_index, authority, shards, derived, kept, forked=forked, salvage=salvage)


def check_writable(subdir_index: SubdirIndex) -> None:
    """Raises RefusedError and InvalidRepodataError as a commit or the re-index before it would: for callers that write
    other objects first.
    """
    derived = derived_metadata(subdir_index)
    authority = read_authority(subdir_index)
    if authority is None or not authority.ours or of_others(derived):
        check_patched(subdir_index, authority)
    if authority is not None and authority.index is not None:
        check_base_url(subdir_index, authority.index.info)
    other = _others(subdir_index, derived, ours=authority is not None and authority.ours, salvage=False)
    if other is not None:
        check_base_url(subdir_index, other.info(), REPODATA)
        info_of(subdir_index, [other], salvage=False)


def _ours(
    subdir_index: SubdirIndex,
    authority: Authority,
    index: ShardIndex,
    shards: ShardReader,
    derived: Derived,
    *,
    salvage: bool,
    every: bool,
) -> Whole:
    repodata, lost = _records_of(subdir_index, index, shards, derived, every=every)
    shards.give_up({name: index.hashes[name] for name in lost})
    number = authority.stamp.number
    settings = subdir_index.layout.index
    origins = {
        kind: file.origin.number if (file := derived.get(kind)) and file.origin else 0 for kind in settings.derived
    }
    wrong = [FILE_NAMES[kind] for kind, made_from in origins.items() if not made_from]
    whole = Whole(
        authority=authority,
        repodata=repodata,
        derived=derived,
        shards=shards,
        lost=lost,
        files=(*wrong, *((SHARDS,) if lost else ())),
        behind={FILE_NAMES[kind]: number - made_from for kind, made_from in origins.items() if 0 < made_from < number},
        last=index,
        last_removed=frozenset(repodata.removed),
    )
    if lost:
        whole.foreign = {file for file, table, key in repodata.files() if name_of(repodata, table, key) in lost}
        whole.removed = {file for file in repodata.removed if package_name(file) in lost}
    # Where nobody writes it any more, no commit looks at it either, and another tool may have written it.
    others = derived if "json" in settings.formats else existing(subdir_index)
    other = _others(subdir_index, others, ours=True, salvage=salvage)
    if other is not None:
        info, unknown = info_of(subdir_index, [other], salvage=salvage)
        whole.keys = Adoption(etag=authority.etag, anew=False, info=info, other=unknown)
        repodata.info().update(info)
        _take(whole, [other])
    return whole


def _adopted(
    subdir_index: SubdirIndex,
    authority: Authority | None,
    shards: ShardReader,
    derived: Derived,
    kept: Mapping[int, ObjectMeta],
    *,
    forked: bool,
    salvage: bool,
) -> Whole:
    """`forked`: commits were built on a restored index, so numbers do not tell from which commit a file was made."""
    if "json" not in subdir_index.layout.index.formats:
        # Nobody writes them any more, but they may have what the shards do not.
        derived = existing(subdir_index)
    last, repodata = _last_ours(subdir_index, shards, {} if forked else derived, kept)
    last_removed = frozenset(repodata.removed)
    sources: list[Repodata] = []
    json = _others(subdir_index, derived, ours=False, salvage=salvage)
    if json is not None:
        sources.append(json)
    lost: set[str] = set()
    if authority is not None and authority.index is not None:
        found = shards.find(authority.index.hashes)
        lost = {name for name, shard in found.items() if shard is None}
        other = Repodata.empty(subdir_index.subdir)
        insert(other, (), [shard for shard in found.values() if shard is not None], authority.index)
        sources.append(other)
    info, unknown = info_of(subdir_index, [*sources, repodata], salvage=salvage)
    origins = [file.origin.number for file in derived.values() if file.origin]
    stamps = [authority.stamp.number] if authority is not None and authority.ours else []
    whole = Whole(
        authority=authority,
        repodata=repodata,
        derived=derived,
        shards=shards,
        lost=lost,
        files=(AUTHORITY, *(FILE_NAMES[kind] for kind in subdir_index.layout.index.derived)),
        adoption=Adoption(
            etag=authority.etag if authority else None,
            # The last commit may not have been kept, if its writer was killed.
            number=max([0, *(number + 1 for number in kept), *origins, *stamps]),
            info=info,
            other=unknown,
        ),
        last=last,
        last_removed=last_removed,
        # An authoritative index of ours is older than the last one.
        others_removed=frozenset(
            file for each in (sources[:1] if authority and authority.ours else sources) for file in each.removed
        ),
    )
    _take(whole, sources)
    whole.foreign, whole.removed = {file for file, _, _ in repodata.files()}, {*repodata.removed}
    repodata.take_info(info, {key: msgspec.msgpack.decode(raw) for key, raw in unknown.items()})
    return whole


def _others(subdir_index: SubdirIndex, derived: Derived, *, ours: bool, salvage: bool) -> Repodata | None:
    """`others_repodata`; None too for a damaged one beside an authoritative index of ours: it is made again."""
    try:
        return others_repodata(subdir_index, derived, salvage=salvage)
    except InvalidRepodataError:
        if not ours:
            raise
        return None


def _take(whole: Whole, others: list[Repodata]) -> None:
    """Add what the index files of other tools say."""
    before = {*whole.repodata.removed}
    for repodata in [whole.repodata, *others]:
        whole.first_seen = {**first_seen(repodata), **whole.first_seen}
    for other in others:
        whole.differing = {**differing(whole.repodata, other), **whole.differing}
        whole.foreign |= add(whole.repodata, other)
    whole.removed |= {*whole.repodata.removed} - before


def _last_ours(
    subdir_index: SubdirIndex, shards: ShardReader, derived: Derived, kept: Mapping[int, ObjectMeta]
) -> tuple[ShardIndex | None, Repodata]:
    """The last index that was ours, and its records: from the history, or from a derived file that is newer; none where
    there is neither.
    """
    ours = our_repodata(subdir_index, derived)
    for number in sorted(kept, reverse=True):
        index = kept_index(subdir_index, number)
        if index is None or index.info["subdir"] != subdir_index.subdir:
            continue
        if ours is not None and ours[0] > number:
            break
        return index, _records_of(subdir_index, index, shards, derived)[0]
    return None, ours[1] if ours is not None else Repodata.empty(subdir_index.subdir)


def _records_of(
    subdir_index: SubdirIndex, index: ShardIndex, shards: ShardReader, derived: Derived, *, every: bool = False
) -> tuple[Repodata, set[str]]:
    """The records of an index of ours; and the names whose shard is lost, of which those in the derived file stay.
    `every`: read all shards, and not only those that have changed since the derived file.
    """
    begun = start(subdir_index, index, derived)
    repodata, names = begun.repodata, {*begun.names, *(index.hashes if every else ())}
    found = shards.find({name: index.hashes[name] for name in sorted(names) if name in index.hashes})
    lost = {name for name, shard in found.items() if shard is None}
    insert(repodata, names - lost, [shard for shard in found.values() if shard is not None], index)
    return repodata, lost
