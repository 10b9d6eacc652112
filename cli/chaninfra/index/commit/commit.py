"""Commits one change to the index of a subdir while other writers may change it at the same time.

docs/index-protocol.md explains the steps and argues why they are correct. Comments that begin with "Rule:" are the
rules that its argument needs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, REPODATA, body
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, IfMatch, StoredObject
from chaninfra.index.commit.authority import Authority, fetch_authority, parse_authority, read_authority
from chaninfra.index.commit.change import Applied, Change, apply
from chaninfra.index.commit.derived_files import (
    Derived,
    DerivedWriter,
    disagreements,
    read_derived,
)
from chaninfra.index.commit.refused import check_base_url, check_patched, is_patched
from chaninfra.index.commit.yanked_json import Yanked, read_yanked
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex

ATTEMPTS = 100
"""Attempts before a writer gives up. An attempt is lost only when another writer's commit succeeds."""

When = Literal["always", "changed"]
"""When the authoritative index is written: `changed`, only if the change alters it; otherwise only the derived files
are repaired."""

Unstamped = Literal["refuse", "adopt"]
"""What to do if the authoritative index was written by another tool or is missing: raise ForeignIndexError, or build on
it."""


class ForeignIndexError(StorageError):
    """The index was written by another tool, or there is none. It may lack packages, so re-index the subdir first."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a commit did."""

    before: int | None
    """Number of packages in the index before; None: there was no index."""
    after: int
    """Number of packages in the index now."""
    applied: Applied
    written: bool
    """Whether the authoritative index was written."""
    repaired: tuple[str, ...] = ()
    """Derived files that were written again because they did not match an authoritative index that stayed as it was."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The index of a subdir as it was read."""

    authority: Authority | None
    """None: there is no index."""
    yanked: Yanked
    derived: Derived
    disagreements: tuple[str, ...]
    """Derived files that are missing or were not made from `authority`."""


def commit(
    subdir_index: SubdirIndex,
    change: Callable[[], Change],
    *,
    when: When = "always",
    unstamped: Unstamped = "refuse",
) -> Committed:
    """Apply the change to the authoritative index, and make the derived files match it.

    `change` is called while the index is being read, and may wait for what its records need.

    Raises ForeignIndexError, RefusedError, InvalidRepodataError; ConflictError where other writers won all attempts;
    and what the store raises. After an error the authoritative index is either written or not. Derived files that were
    not written are repaired by the next commit of any writer.
    """
    for attempt in range(ATTEMPTS):
        committed = _attempt(subdir_index, change, when, unstamped)
        if committed is not None:
            return committed
        subdir_index.runtime.pause(attempt)
    raise _lost_all_attempts(subdir_index)


def commit_adopting(subdir_index: SubdirIndex, change: Callable[[], Change]) -> tuple[Applied, SubdirReport]:
    """`commit()`; on ForeignIndexError re-indexes the subdir and commits again.

    Returns what the change did, and the subdir's report, which has what the re-index found. Raises as `commit`.
    """
    try:
        committed = commit(subdir_index, change)
    except ForeignIndexError:
        # Imported here, since most commits do not need it.
        from chaninfra.index.reindex import reindex_subdir

        report = reindex_subdir(subdir_index)
        committed = commit(subdir_index, change, unstamped="adopt")
        return committed.applied, dataclasses.replace(report, after=committed.after)
    report = SubdirReport(subdir=subdir_index.subdir, before=committed.before, after=committed.after)
    return committed.applied, report


def read_index(subdir_index: SubdirIndex, *, salvage: bool = False) -> State:
    """Read the whole index. Raises RefusedError for an index that chaninfra must not write, InvalidRepodataError; for
    `salvage` see `parse_authority`.
    """
    patched = is_patched(subdir_index)
    # Before the authoritative index, as in `repair_derived`.
    derived = read_derived(subdir_index, whole=True)()
    fetched = fetch_authority(subdir_index)
    yanked = read_yanked(subdir_index.store, subdir_index.layout.key(YANKED_JSON))[0]
    check_patched(subdir_index, patched=patched())
    authority = parse_authority(subdir_index, fetched, salvage=salvage)
    if authority is None:
        return State(authority=None, yanked=yanked, derived=derived, disagreements=())
    check_base_url(subdir_index, authority.repodata)
    disagreeing = disagreements(subdir_index, authority, derived)
    return State(authority=authority, yanked=yanked, derived=derived, disagreements=tuple(disagreeing))


def check_writable(subdir_index: SubdirIndex) -> None:
    """Raises RefusedError and InvalidRepodataError as `commit` would: for callers that write other objects first."""
    patched = is_patched(subdir_index)
    fetched = fetch_authority(subdir_index)
    check_patched(subdir_index, patched=patched())
    authority = parse_authority(subdir_index, fetched)
    if authority is not None:
        check_base_url(subdir_index, authority.repodata)


def repair_derived(subdir_index: SubdirIndex) -> tuple[str, ...]:
    """Make the derived files match the authoritative index, whichever writer wrote it. Returns the names of those that
    were written.

    Does nothing for an authoritative index of another tool: its derived files are that tool's, or a re-index's, to
    write.
    """
    repaired: set[str] = set()
    for attempt in range(ATTEMPTS):
        # Rule: the derived files before the authoritative index, so that what replaces them is never made from an older
        # one than they were.
        derived = read_derived(subdir_index, whole=True)()
        authority = read_authority(subdir_index)
        if authority is None or authority.stamp is None:
            break
        wrong = disagreements(subdir_index, authority, derived)
        if not wrong:
            break
        writer = DerivedWriter(subdir_index, authority.repodata, authority.stamp, derived, base=authority.stamp)
        if FILE_NAMES["shards"] in wrong:
            writer.put_shards()
        if FILE_NAMES["zst"] in wrong:
            writer.compress(authority.data)
        try:
            writer.put()
            repaired.update(wrong)
            # Rule: the writer that ends last has seen, after its last PUT, that its authoritative index is current.
            if _is_current(subdir_index, authority.etag):
                break
        except ConflictError:
            subdir_index.runtime.pause(attempt)
    else:
        raise _lost_all_attempts(subdir_index)
    return tuple(sorted(repaired))


def _attempt(
    subdir_index: SubdirIndex, change: Callable[[], Change], when: When, unstamped: Unstamped
) -> Committed | None:
    """One attempt; None: another writer committed first."""
    store, submit = subdir_index.store, subdir_index.runtime.submit
    patched = is_patched(subdir_index)
    reading = read_derived(subdir_index, whole=False)
    fetched = fetch_authority(subdir_index)
    # Rule: yanked.json after the authoritative index, since a yank writes yanked.json first and commits then.
    yanks = submit(lambda: read_yanked(store, subdir_index.layout.key(YANKED_JSON))[0])
    wanted = change()
    authority = parse_authority(subdir_index, fetched, salvage=wanted.replace == "all")
    derived = reading()
    check_patched(subdir_index, patched=patched())
    stamp = authority.stamp if authority else None
    if stamp is None and unstamped == "refuse":
        raise ForeignIndexError(
            "there is no index" if authority is None else "the index was written by another tool",
            where=subdir_index.key(REPODATA),
            remedy="run `chaninfra reindex`",
        )
    repodata = authority.repodata if authority else Repodata.empty(subdir_index.subdir)
    check_base_url(subdir_index, repodata)
    before = repodata.count if authority else None
    applied = apply(subdir_index, repodata, wanted, yanks().files(subdir_index.subdir))
    if when == "changed" and not applied.names and stamp is not None:
        repaired = repair_derived(subdir_index)
        return Committed(before=before, after=repodata.count, applied=applied, written=False, repaired=repaired)
    if not _write(subdir_index, authority, repodata, applied, derived, in_full=wanted.replace == "all"):
        return None
    return Committed(before=before, after=repodata.count, applied=applied, written=True)


def _write(
    subdir_index: SubdirIndex,
    authority: Authority | None,
    repodata: Repodata,
    applied: Applied,
    derived: Derived,
    *,
    in_full: bool,
) -> bool:
    """Whether the authoritative index was written; False: another writer committed first.

    `in_full`: all shards are made, and none of the old shard index are kept.
    """
    revision = subdir_index.runtime.new_revision()
    old_stamp = authority.stamp if authority else None
    stamp = old_stamp.next(revision, applied.names) if old_stamp else CommitStamp(revision=revision)
    data = repodata.encode(stamp)
    if len(data) > MAX_REPODATA:
        raise StorageError(
            f"would be larger than {MAX_REPODATA >> 20:,} MiB, and then nobody could read it",
            where=subdir_index.key(REPODATA),
            remedy="delete old packages and run `chaninfra reindex`, or publish to another channel",
        )
    base = None if in_full else old_stamp
    writer = DerivedWriter(subdir_index, repodata, stamp, derived, base=base, touched=applied.names)
    if not writer.in_full:
        writer.put_shards()
    writer.compress(data)
    try:
        etag = _put_authoritative(subdir_index, data, authority.etag if authority else None)
    except ConflictError:
        return False
    try:
        writer.put_shards()
        writer.put()
        agree = _is_current(subdir_index, etag)
    except ConflictError:
        agree = False
    if not agree:
        repair_derived(subdir_index)
    return True


def _put_authoritative(subdir_index: SubdirIndex, data: bytes, old_etag: str | None) -> str:
    """Replace the authoritative index; returns its ETag. Raises ConflictError if another writer committed first."""
    condition = IfMatch(old_etag) if old_etag is not None else IfAbsent()
    try:
        return subdir_index.store.put(
            subdir_index.key(REPODATA), body(data, "json", subdir_index.layout.index), condition
        )
    except (StorageError, ConflictError) as error:
        # Look which it was. The answer to a PUT that succeeded may be lost, and its repetition then gets 412. And a
        # store that rejects a large body may close the connection before the client reads the answer.
        now = fetch_authority(subdir_index)
        if isinstance(now, StoredObject) and now.data == data:
            return now.entry.etag
        entry = now.entry if isinstance(now, StoredObject) else now
        if (entry.etag if entry else None) != old_etag:
            raise ConflictError(f"{subdir_index.key(REPODATA)} was changed by another writer meanwhile") from error
        raise


def _is_current(subdir_index: SubdirIndex, etag: str) -> bool:
    """Whether the authoritative index still has this ETag."""
    entry = subdir_index.store.head(subdir_index.key(REPODATA))
    return entry is not None and entry.etag == etag


def _lost_all_attempts(subdir_index: SubdirIndex) -> ConflictError:
    return ConflictError(
        f"other writers committed first, {ATTEMPTS} times",
        where=subdir_index.key(REPODATA),
        remedy="try again when fewer packages are published at the same time",
    )
