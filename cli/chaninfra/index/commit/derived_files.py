"""The files that are derived from the authoritative index: repodata.json and run_exports.json, and both compressed.

Their metadata say from which commit they were made. A writer is done once each of them is of its own commit or a later
one, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, REPODATA, body, compress
from chaninfra.channel.conda.index_settings import RUN_EXPORTS, Format
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import Shard
from chaninfra.channel.errors import ConflictError, StorageError, UnreachableError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch
from chaninfra.index.commit.authority import Authority, ForeignIndexError, read_our_authority
from chaninfra.index.commit.derived_state import (
    Derived,
    derived_metadata,
    number_of,
    of_others,
    our_repodata,
    read_derived,
)
from chaninfra.index.commit.history import ensure_kept, touched_since
from chaninfra.index.commit.run_exports import run_exports_of
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.runtime import ATTEMPTS, run_all
from chaninfra.index.subdir_index import SubdirIndex

_RUN_EXPORTS = frozenset(RUN_EXPORTS)
_LONGEST = 5
_BYTES_PER_WAIT = 8 << 20
"""A writer waits `Runtime.waits` times for another one to derive, and once more for each `_BYTES_PER_WAIT` of its
files: less than a second on average each time, and each writer another time, so that not all give up at once."""


def check_ours(
    subdir_index: SubdirIndex, derived: Derived, authority: Authority, taken_over: Collection[str] = ()
) -> None:
    """Raises ForeignIndexError where another tool wrote one of the derived files that have records, or they were made
    from a later commit than that of the authoritative index, which therefore was restored from a copy. Not for files of
    the ETags `taken_over`.
    """
    others = of_others(derived)
    for kind, file in derived.items():
        if file.entry.etag in taken_over:
            continue
        if kind in others or (file.origin is not None and file.origin.number > authority.stamp.number):
            reason = "was written by another tool" if file.origin is None else "is newer than the index"
            raise ForeignIndexError(
                f"{FILE_NAMES[kind]} {reason}", where=file.entry.key, remedy="run `chaninfra reindex`"
            )


def is_due(subdir_index: SubdirIndex, derived: Derived) -> bool:
    """Whether a commit brings the derived files forward: by `index.monolith`."""
    monolith = subdir_index.layout.index.monolith
    if isinstance(monolith, str):
        return monolith == "each-commit"
    newest = min((file.entry.modified for file in derived.values()), default=None)
    if newest is None or len(derived) < len(subdir_index.layout.index.derived):
        return True
    return subdir_index.runtime.now_ms() - newest.timestamp() * 1000 >= monolith.seconds * 1000


def bring_forward(
    subdir_index: SubdirIndex,
    authority: Authority,
    shards: ShardReader,
    derived: Derived | None,
    kept: Callable[[], object],
    *,
    replaced: ShardIndex | None,
    taken_over: Collection[str] = (),
) -> tuple[str, ...]:
    """Bring the derived files forward to the commit of `authority`, or a later one. Returns the names of those that
    were written.

    `derived` as they were read before that commit, None: not read. `kept` waits until `authority` is kept. `replaced`:
    the index of ours that one's own commit has replaced, None: there was none, or no commit. The writer whose own
    commits are all that a derived file lacks writes it at once. The others wait for it and look at the number again; so
    one of many writers derives, and its result serves all.

    Raises ForeignIndexError where another tool has written one of the files, except those of the ETags `taken_over`;
    ConflictError where other writers won all attempts; StorageError.
    """
    number, waited, seen, attempt = authority.stamp.number, 0, 0, 0
    since = replaced.stamp.number if replaced and replaced.stamp else 0
    while attempt < ATTEMPTS:
        before = derived_metadata(subdir_index) if derived is None else derived
        behind = number_of(subdir_index, before)
        if behind >= number:
            return ()
        if behind > seen:
            waited, seen = 0, behind
        if 0 < behind < since and waited < waits(subdir_index, before):
            pause_for_others(subdir_index, waited)
            waited, derived = waited + 1, None
            continue
        if derived is None:
            before = read_derived(subdir_index)()
            # After them: a file of a later commit than this one is of an index that is not there any more.
            authority = read_our_authority(subdir_index)
            kept = partial(ensure_kept, subdir_index, authority)
        # Rule: what another tool wrote is replaced only by a commit that has taken over what it says.
        check_ours(subdir_index, before, authority, taken_over)
        try:
            return _write(subdir_index, authority, shards, before, kept, replaced)
        except ConflictError:
            subdir_index.runtime.pause(attempt)
        attempt, derived = attempt + 1, None
    raise lost_all_attempts(subdir_index.key(REPODATA))


def waits(subdir_index: SubdirIndex, derived: Derived) -> int:
    """How often a writer waits for another one that is going to write these files."""
    return subdir_index.runtime.waits + sum(file.entry.size for file in derived.values()) // _BYTES_PER_WAIT


def pause_for_others(subdir_index: SubdirIndex, waited: int) -> None:
    """Wait once more, less than a second on average, after having waited so many times."""
    subdir_index.runtime.pause(min(waited, _LONGEST))


def _write(
    subdir_index: SubdirIndex,
    authority: Authority,
    shards: ShardReader,
    before: Derived,
    kept: Callable[[], object],
    replaced: ShardIndex | None,
) -> tuple[str, ...]:
    """Write those of the derived files that are older than `authority`. Raises ConflictError where another writer
    replaced one of them first, or may have done so.
    """
    index, settings = authority.index, subdir_index.layout.index
    if index is None:
        return ()
    number = authority.stamp.number
    old: list[Format] = [
        kind
        for kind in settings.derived
        if not ((file := before.get(kind)) and file.origin and file.origin.number >= number)
    ]
    repodata = repodata_of(subdir_index, index, shards, before, replaced)
    plain: dict[Format, bytes] = {}
    if not _RUN_EXPORTS.issuperset(old):
        plain["json"] = repodata.encode(authority.stamp)
    if not _RUN_EXPORTS.isdisjoint(old):
        plain["run_exports"] = run_exports_of(subdir_index, repodata, index, shards, replaced)
    for kind, data in plain.items():
        if len(data) > MAX_REPODATA:
            setting = "`index.monolith` to `never`" if kind == "json" else "`index.run-exports` to `false`"
            raise StorageError(
                f"would be larger than {MAX_REPODATA >> 20:,} MiB, and then nobody could read it",
                where=subdir_index.key(FILE_NAMES[kind]),
                remedy=f"set {setting}; or delete old packages and run `chaninfra reindex`",
            )

    def put(kind: Format) -> None:
        data = plain["run_exports" if kind in _RUN_EXPORTS else "json"]
        content = data if kind in plain else compress(data, settings.compression_level)
        file = before.get(kind)
        condition: Condition = IfMatch(file.entry.etag) if file else IfAbsent()
        key = subdir_index.key(FILE_NAMES[kind])
        metadata = Origin.of(number, data).metadata()
        try:
            subdir_index.store.put(key, body(content, kind, settings, metadata), condition)
        except UnreachableError as error:
            # The file may have been written or not. A store that rejects a large body may close the connection
            # before the client reads the answer.
            raise ConflictError(error.message, where=error.where, remedy="try again") from error

    # Rule: what a derived file is made from was kept before. So a commit that finds one of the index that it replaces
    # need not ask whether that one was kept.
    kept()
    run_all(subdir_index.runtime, [partial(put, kind) for kind in old])
    return tuple(FILE_NAMES[kind] for kind in old)


def repodata_of(
    subdir_index: SubdirIndex,
    index: ShardIndex,
    shards: ShardReader,
    derived: Derived,
    replaced: ShardIndex | None = None,
) -> Repodata:
    """The repodata of an authoritative index of ours: a derived file that is near enough, and the shards that have
    changed since. `replaced`: the index before, if its shards are known. Raises LostShardError.
    """
    begun = start(subdir_index, index, derived)
    found = shards.read(index.hashes, begun.names)
    old = None
    if replaced is not None and replaced.stamp is not None and replaced.stamp.number == begun.number:
        # What the shards said is what the derived file says: to search it for the names would take longer.
        old = shards.read(replaced.hashes, begun.names).values()
    insert(begun.repodata, begun.names, found.values(), index, old)
    return begun.repodata


@dataclass(frozen=True)
class Start:
    """What the repodata of an index can be made from, together with the shards of `names`."""

    repodata: Repodata
    """The content of a derived file, or an empty one."""
    number: int
    """The number of its commit, 0: it is empty."""
    names: Collection[str]
    """The names of the packages whose shards have changed since."""


def start(subdir_index: SubdirIndex, index: ShardIndex, derived: Derived) -> Start:
    """The content of a derived file from which the log or the history leads to `index`; else an empty repodata."""
    base = our_repodata(subdir_index, derived)
    if base is not None:
        number, repodata = base
        names = touched_since(subdir_index, index, number)
        if names is not None:
            return Start(repodata, number, names)
    return Start(Repodata.empty(subdir_index.subdir), 0, index.hashes.keys())


def insert(
    repodata: Repodata,
    names: Collection[str],
    shards: Iterable[Shard],
    index: ShardIndex,
    old: Iterable[Shard] | None = None,
) -> None:
    """Replace what `repodata` has of the packages of these names by their shards; `info` is that of `index`. `old`: the
    shards that say what it has of them, if known.
    """
    records: dict[str, dict[str, Raw]] = {}
    removed: list[str] = []
    for shard in shards:
        for table, found in shard.records.items():
            records.setdefault(table, {}).update(found)
        removed += shard.removed
    before = (
        None
        if old is None
        else [(table, key) for shard in old for table in shard.records for key in shard.records[table]]
    )
    repodata.replace(names, records, removed, old=before)
    repodata.take_info(index.info, {key: msgspec.msgpack.decode(raw) for key, raw in index.other.items()})


def lost_all_attempts(key: str) -> ConflictError:
    """The error for a writer that gives up."""
    return ConflictError(
        f"other writers committed first, {ATTEMPTS} times",
        where=key,
        remedy="try again when fewer packages are published at the same time",
    )
