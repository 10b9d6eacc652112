"""The index files of a subdir as the doctor finds them: which commit each is of, and which shards are not there.

Bounded, whatever the shard index says: it is read once, its shards are looked for in a listing, and none is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_settings import Format
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import DeniedError
from chaninfra.index.commit.authority import Authority, authority_key, read_authority
from chaninfra.index.commit.derived_files import pause_for_others, waits
from chaninfra.index.commit.derived_state import Derived, DerivedFile, existing, number_of
from chaninfra.index.commit.history import history_key
from chaninfra.index.commit.shard_reader import listed_shards
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_HEADS = 20
"""Shards that were not listed and are looked for once more: the listing may be older than the index."""
_SHOWN = 5
_WAITS = 40
"""Whatever size a derived file has, and however often it is written meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """Shards that the index names and the store does not have, or that the index names for several packages: a shard
    has the records of one.
    """

    count: int = 0
    names: tuple[str, ...] = ()
    """The package names of some of them."""


@dataclass(frozen=True, kw_only=True)
class SubdirFiles:
    """The index files of a subdir."""

    authority: Authority | None
    """The shard index; None: there is none."""
    derived: Derived
    """repodata.json and its zst, those that exist, whatever the settings say."""
    since: Mapping[Format, datetime]
    """When the first commit was made that the file does not have, of those that are behind."""
    newer: frozenset[Format]
    """Those that were newer than the shard index, which therefore was restored from a copy."""
    lost: Lost
    now: datetime
    """When this was read, by the clock of this machine."""

    @property
    def stamp(self) -> CommitStamp | None:
        """The stamp of the shard index; None if there is none of ours."""
        return self.authority.stamp if self.authority is not None and self.authority.ours else None

    def behind(self, kind: Format) -> int:
        """By how many commits a derived file of ours is behind."""
        return _behind(self.stamp, self.derived, kind)


def read_files(subdir_index: SubdirIndex) -> SubdirFiles:
    """Look at the index files of a subdir. Raises StorageError."""
    # Rule: the derived files first, so that one that is newer than the index shows that this was restored from a copy.
    derived = existing(subdir_index)
    authority = read_authority(subdir_index)
    stamp = authority.stamp if authority is not None and authority.ours else None
    newer = frozenset(kind for kind in derived if _behind(stamp, derived, kind) < 0)
    if stamp is not None and not newer and subdir_index.layout.index.monolith == "each-commit":
        derived = _after_writers(subdir_index, derived, stamp.number)
    late = [kind for kind in derived if _behind(stamp, derived, kind) > 0]
    return SubdirFiles(
        authority=authority,
        derived=derived,
        since={kind: _first_missed(subdir_index, stamp, derived[kind]) for kind in late},
        newer=newer,
        lost=_lost(subdir_index, authority.index) if authority is not None and authority.index else Lost(),
        now=datetime.fromtimestamp(subdir_index.runtime.now_ms() / 1000, UTC),
    )


def _behind(stamp: CommitStamp | None, derived: Derived, kind: Format) -> int:
    file = derived.get(kind)
    return 0 if stamp is None or file is None or file.origin is None else stamp.number - file.origin.number


def _after_writers(subdir_index: SubdirIndex, derived: Derived, number: int) -> Derived:
    """The derived files, after as long as a writer waits for another one that is going to write them."""
    waited, seen = 0, number_of(subdir_index, derived)
    for _ in range(_WAITS):
        if not 0 < seen < number or waited >= waits(subdir_index, derived):
            break
        pause_for_others(subdir_index, waited)
        derived = existing(subdir_index)
        now = number_of(subdir_index, derived)
        waited, seen = (0, now) if now > seen else (waited + 1, seen)
    return derived


def _first_missed(subdir_index: SubdirIndex, stamp: CommitStamp | None, file: DerivedFile) -> datetime:
    """When the commit after that of the file was made: the last one, or one whose state is in the history. Where it is
    not there any more, when the file was written.
    """
    number = file.origin.number + 1 if file.origin else 0
    last = stamp is not None and stamp.number == number
    try:
        made = subdir_index.store.head(authority_key(subdir_index) if last else history_key(subdir_index, number))
    except DeniedError:
        made = None
    return made.modified if made else file.entry.modified


def _lost(subdir_index: SubdirIndex, index: ShardIndex) -> Lost:
    listed = listed_shards(subdir_index)
    seen: set[bytes] = set()
    unlisted: list[str] = []
    shared: list[str] = []
    for name, digest in index.hashes.items():
        if digest in seen:
            shared.append(name)
        elif digest not in listed:
            unlisted.append(name)
        seen.add(digest)
    looked_for = [*islice(unlisted, _HEADS)]
    heads = run_all(
        subdir_index.runtime,
        [partial(subdir_index.store.head, subdir_index.key(shard_key(index.hashes[name]))) for name in looked_for],
    )
    gone = [name for name, entry in zip(looked_for, heads, strict=True) if entry is None]
    found = len(looked_for) - len(gone)
    return Lost(count=len(unlisted) - found + len(shared), names=tuple(sorted([*gone, *shared[:_SHOWN]])[:_SHOWN]))
