"""The commit: one change of a subdir's index, whoever else writes to it at the same time.

Why this is right is argued in docs/index-protocol.md; the comments name its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, body
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import ConflictError, InvalidRepodataError, RefusedError, StorageError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectMeta, StoredObject
from chaninfra.index.commit.change import Applied, Change, apply
from chaninfra.index.commit.derived_files import (
    Authority,
    Derived,
    DerivedWriter,
    disagreements,
    parse_authority,
    read_derived,
)
from chaninfra.index.commit.yanked_json import Yanked, read_yanked
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex

PATCHED = "repodata_from_packages.json"

ATTEMPTS = 100
"""Each lost attempt is another writer's success, so this many are lost only to a hundred others."""

When = Literal["always", "changed"]
"""When the truth is written: `changed` leaves one alone that says what it should, and mends derived files only."""

Foreign = Literal["refuse", "adopt"]
"""What is done with a truth that another tool wrote, or that is not there: `adopt` builds on it."""


class ForeignIndexError(StorageError):
    """The index is not ours, or there is none: it may lack packages, so it is to be re-indexed first."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a commit did. `before` and `after` count the packages of the index (`before` None: there was none)."""

    before: int | None
    after: int
    applied: Applied
    written: bool
    """Whether the truth was written."""
    mended: tuple[str, ...] = ()
    """The derived files that did not agree with a truth that was left as it was."""


@dataclass(frozen=True, kw_only=True)
class State:
    """An index as it lies there: `disagreements` are the derived files that were not made from its truth."""

    truth: Authority | None
    yanked: Yanked
    derived: Derived
    disagreements: tuple[str, ...]


def read_index(target: SubdirIndex) -> State:
    """Read the whole index. Raises RefusedError for one that belongs to another tool, InvalidRepodataError."""
    patched = target.means.go(lambda: target.store.get(target.key(PATCHED)))
    # Before the truth, for what is said of them to hold while it does.
    derived = read_derived(target, whole=True)()
    stored = target.store.get(target.key(REPODATA))
    yanked = read_yanked(target.store, target.layout.key(YANKED_JSON))[0]
    _check_patched(target, patched())
    truth = parse_authority(target, stored) if stored else None
    if truth is None:
        return State(truth=None, yanked=yanked, derived=derived, disagreements=())
    check_place(target, truth.repodata)
    return State(
        truth=truth, yanked=yanked, derived=derived, disagreements=tuple(disagreements(target, truth, derived))
    )


def check_writable(target: SubdirIndex) -> None:
    """Before anything else is written: raises as `commit` does for an index that it would not build on."""
    patched = target.means.go(lambda: target.store.get(target.key(PATCHED)))
    stored = target.store.get(target.key(REPODATA))
    _check_patched(target, patched())
    if stored is not None:
        check_place(target, Repodata.parse(stored.data, where=target.key(REPODATA)))


def commit(
    target: SubdirIndex, change: Callable[[], Change], *, when: When = "always", foreign: Foreign = "refuse"
) -> Committed:
    """Make the change in the truth, and bring the derived files in line.

    `change` is asked for once the index is being read, and may wait for what its records need. Raises
    ForeignIndexError, RefusedError, InvalidRepodataError, ConflictError where other writers were faster each time, and
    what the store raises. The truth is written or it is not; derived files that are behind it after an error are mended
    by the next commit, whoever's.
    """
    for attempt in range(ATTEMPTS):
        done = _attempt(target, change, when, foreign)
        if done is not None:
            return done
        target.means.pause(attempt)
    raise _lost(target)


def _lost(target: SubdirIndex) -> ConflictError:
    return ConflictError(
        "other writers were faster each time", where=target.key(REPODATA), remedy="try again when less is published"
    )


def _attempt(target: SubdirIndex, change: Callable[[], Change], when: When, foreign: Foreign) -> Committed | None:
    """None: another writer was faster."""
    store, go = target.store, target.means.go
    # Not by head(), which asks twice of what is not there.
    patched = go(lambda: store.get(target.key(PATCHED)))
    reading = read_derived(target, whole=False)
    stored = store.get(target.key(REPODATA))
    # Rule: after the truth, since a yank writes its document first and the truth then.
    yanks = go(lambda: read_yanked(store, target.layout.key(YANKED_JSON))[0])
    wanted = change()
    truth = _parse(target, stored, wanted)
    derived = reading()
    _check_patched(target, patched())
    if (truth is None or truth.mark is None) and foreign == "refuse":
        raise ForeignIndexError(
            "there is no index" if stored is None else "the index was written by another tool",
            where=target.key(REPODATA),
            remedy="run `chaninfra reindex`",
        )
    repodata = truth.repodata if truth else Repodata.empty(target.subdir)
    check_place(target, repodata)
    before = truth.repodata.count if truth else None
    applied = apply(target, repodata, wanted, yanks().files(target.subdir))
    if when == "changed" and not applied.names and truth is not None and truth.mark is not None:
        mended = repair_derived(target)
        return Committed(before=before, after=repodata.count, applied=applied, written=False, mended=mended)
    if not _write(target, truth, stored, repodata, applied, derived):
        return None
    return Committed(before=before, after=repodata.count, applied=applied, written=True)


def _write(
    target: SubdirIndex,
    truth: Authority | None,
    stored: StoredObject | None,
    repodata: Repodata,
    applied: Applied,
    derived: Derived,
) -> bool:
    """Whether the truth was written; if not, another writer was faster."""
    old = truth.mark if truth else None
    revision = target.means.fresh()
    mark = old.next(revision, applied.names) if old else CommitStamp(revision=revision)
    data = repodata.encode(mark)
    made = DerivedWriter(target, repodata, mark, derived, base=old, touched=applied.names)
    if not made.in_full:
        made.put_shards()
    made.compress(data)
    try:
        etag = _put_truth(target, data, stored.entry if stored else None)
    except ConflictError:
        return False
    try:
        made.put_shards()
        made.put()
        agreed = _is(target, etag)
    except ConflictError:
        agreed = False
    if not agreed:
        repair_derived(target)
    return True


def repair_derived(target: SubdirIndex) -> tuple[str, ...]:
    """Make the derived files agree with the truth, whoever wrote it; those that had to be put, by name.

    A truth of another tool is left to that tool, or to a re-index.
    """
    mended: set[str] = set()
    for attempt in range(ATTEMPTS):
        # Rule: the derived files first, so that what takes their place is of the same truth as they are or a newer one.
        derived = read_derived(target, whole=True)()
        stored = target.store.get(target.key(REPODATA))
        truth = parse_authority(target, stored) if stored else None
        if truth is None or truth.mark is None:
            break
        wrong = disagreements(target, truth, derived)
        if not wrong:
            break
        made = DerivedWriter(target, truth.repodata, truth.mark, derived, base=truth.mark)
        if FILE_NAMES["shards"] in wrong:
            made.put_shards()
        if FILE_NAMES["zst"] in wrong:
            made.compress(truth.data)
        try:
            made.put()
            mended.update(wrong)
            # Rule: whoever ends last has seen that its truth is the last.
            if _is(target, truth.etag):
                break
        except ConflictError:
            target.means.pause(attempt)
    else:
        raise _lost(target)
    return tuple(sorted(mended))


def _put_truth(target: SubdirIndex, data: bytes, there: ObjectMeta | None) -> str:
    """The ETag of the truth once it is written. Raises ConflictError where another writer was faster."""
    condition = IfMatch(there.etag) if there else IfAbsent()
    try:
        return target.store.put(target.key(REPODATA), body(data, "json", target.layout.index), condition)
    except (StorageError, ConflictError) as error:
        # The answer to an attempt that succeeded may be lost, and what answers the next one then is our own success.
        # And a store that refuses a large body may close the connection before anybody can hear why.
        found = target.store.get(target.key(REPODATA))
        if found is not None and found.data == data:
            return found.entry.etag
        if (found.entry.etag if found else None) != (there.etag if there else None):
            raise ConflictError(f"{target.key(REPODATA)} was changed by another writer meanwhile") from error
        raise


def _is(target: SubdirIndex, etag: str) -> bool:
    """Whether the truth is still that one."""
    entry = target.store.head(target.key(REPODATA))
    return entry is not None and entry.etag == etag


def _parse(target: SubdirIndex, stored: StoredObject | None, change: Change) -> Authority | None:
    if stored is None:
        return None
    try:
        return parse_authority(target, stored)
    except InvalidRepodataError:
        if change.replace == "all":
            return None
        raise


def _check_patched(target: SubdirIndex, patched: StoredObject | None) -> None:
    if patched is not None:
        raise RefusedError(
            f"another tool patches this index ({PATCHED} is there), and an index made from the packages alone "
            "would undo its patches",
            where=target.key(PATCHED),
            remedy=f"index it with that tool, or delete {PATCHED} if nobody uses it any more",
        )


def check_place(target: SubdirIndex, repodata: Repodata) -> None:
    """Raises RefusedError where the packages of the index lie elsewhere."""
    base = repodata.info().get("base_url")
    if base and not (isinstance(base, str) and target.is_here(base)):
        raise RefusedError(
            f"the packages of this index lie elsewhere (base_url {base}), and an index made from those that are here "
            "would lose them",
            where=target.key(REPODATA),
            remedy=f"index it with the tool that made it; or, if the packages here are all there are, delete {REPODATA}"
            " and run `chaninfra reindex`",
        )


def commit_adopting(target: SubdirIndex, change: Callable[[], Change]) -> tuple[Applied, SubdirReport]:
    """What the commit did; and how many packages the index has, with what was found besides where it was not ours: it
    is re-indexed first then, since it may lack packages. Raises as `commit`."""
    try:
        done = commit(target, change)
    except ForeignIndexError:
        # Most never need it.
        from chaninfra.index.reindex import reindex_subdir

        found = reindex_subdir(target)
        done = commit(target, change, foreign="adopt")
        return done.applied, replace(found, after=done.after)
    return done.applied, SubdirReport(subdir=target.subdir, before=done.before, after=done.after)
