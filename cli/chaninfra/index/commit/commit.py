"""Commits one change to the index of a subdir while other writers may change it at the same time.

docs/index-protocol.md explains the steps and argues why they are correct. Comments that begin with "Rule:" are the
rules that its argument needs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import MAX_NUMBER, first_stamp
from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX, body
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, IfMatch
from chaninfra.index.commit.authority import (
    Authority,
    ForeignIndexError,
    authority_key,
    foreign,
    read_authority,
    was_replaced,
)
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.derived_files import bring_forward, check_ours, is_due, lost_all_attempts
from chaninfra.index.commit.derived_state import Derived, newest_number, read_derived
from chaninfra.index.commit.history import ensure_kept, history_key, keep
from chaninfra.index.commit.refused import check_base_url
from chaninfra.index.commit.shard_reader import LostShardError, ShardReader
from chaninfra.index.commit.shard_writer import ShardWriter
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.subdir_index import SubdirIndex

When = Literal["always", "changed"]
"""When the authoritative index is written: `changed`, only if the change alters it; otherwise only the derived files
are brought forward."""

Derive = Literal["due", "now", "always", "later"]
"""When the derived files are brought forward: `due`, as `index.monolith` says; `now`, unless it is `never`; `always`,
those that there are with `never` too, for which all shards are read; `later`, by another commit."""

_LONGEST = 3
"""The attempt from which on the pauses between attempts do not get longer."""


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """What a re-index takes over where the authoritative index is missing, damaged, was written by another tool, or was
    restored from a copy; or where another tool has written repodata.json: then only its keys.
    """

    etag: str | None
    """ETag of the file to replace; None: there is none."""
    anew: bool = True
    """Whether the commit builds on no shard of that file; else it only adds the keys."""
    alone: bool = False
    """Whether the commit is built on that file or not at all: not on an index that is ours by then."""
    number: int = 0
    """The highest number of a commit that was seen."""
    info: Mapping[str, Any]
    other: Mapping[str, Raw] = field(default_factory=dict)
    """`info` and unknown keys of the new index, see ShardIndex."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a commit did."""

    before: int | None
    """Number of packages in the index before; None: there was no index of ours."""
    after: int
    """Number of packages in the index now."""
    applied: Applied
    written: bool
    """Whether the authoritative index was written."""
    derived: tuple[str, ...] = ()
    """Derived files that were written."""


def commit(
    subdir_index: SubdirIndex,
    change: Callable[[], Change],
    *,
    when: When = "always",
    derive: Derive = "due",
    taken_over: Collection[str] = (),
    adoption: Adoption | None = None,
    shards: ShardReader | None = None,
) -> Committed:
    """Apply the change to the authoritative index, and bring the derived files forward.

    `change` is called while the index is being read, and may wait for what its records need. `adoption`: what the
    commit is built on if the index is not ours. `taken_over`: the ETags of derived files that may be replaced even if
    another tool has written them, since the change has what they say. `shards`: those that the caller has read or made
    already.

    Raises ForeignIndexError, RefusedError, InvalidRepodataError; ConflictError where other writers won all attempts;
    and what the store raises. After an error the authoritative index is either written or not. Derived files that were
    not written are brought forward by the next commit of any writer.
    """
    commit_ = _Commit(subdir_index, change, when, adoption, shards or ShardReader(subdir_index), taken_over)
    if subdir_index.layout.index.monolith == "never" and derive != "always":
        derive = "later"
    reading = read_derived(subdir_index) if derive != "later" else None
    for attempt in range(ATTEMPTS):
        done = commit_.attempt(reading() if reading and attempt == 0 else None)
        if done is not None:
            break
        subdir_index.lost(attempt + 1)
        subdir_index.runtime.pause(min(attempt, _LONGEST))
    else:
        raise lost_all_attempts(authority_key(subdir_index))
    kept = commit_.keep()
    derived = reading() if reading else None
    if derive in ("now", "always") or (derive == "due" and is_due(subdir_index, derived or {})):
        done = dataclasses.replace(done, derived=commit_.derive(derived, kept))
    kept()
    return done


class _Commit:
    """One commit, through its attempts."""

    def __init__(
        self,
        subdir_index: SubdirIndex,
        change: Callable[[], Change],
        when: When,
        adoption: Adoption | None,
        shards: ShardReader,
        taken_over: Collection[str],
    ) -> None:
        self._subdir_index = subdir_index
        self._change = change
        self._when = when
        self._adoption = adoption
        self._shards = shards
        self._writer: ShardWriter | None = None
        self._taken_over = taken_over
        self._replaced: ShardIndex | None = None
        self._known_as_kept = 0
        self._authority: Authority | None = None
        self._written: Authority | None = None

    def attempt(self, derived: Derived | None) -> Committed | None:
        """One attempt; None: it must be repeated. `derived`: as they are, to be checked."""
        authority = read_authority(self._subdir_index)
        if self._writer is None:
            self._writer = self._new_writer()
        base = self._base(authority)
        check_base_url(self._subdir_index, base.info)
        if derived is not None and authority is not None and base.stamp is not None:
            if newest_number(derived) > authority.stamp.number and was_replaced(self._subdir_index, authority):
                # The derived files may have been read later than the authoritative index.
                return None
            check_ours(self._subdir_index, derived, authority, self._taken_over)
            self._known_as_kept = newest_number(derived)
        try:
            changes = self._writer.apply(base)
        except LostShardError:
            # A withdrawal deletes the shards that its commit has replaced.
            if authority is not None and was_replaced(self._subdir_index, authority):
                return None
            raise
        changes = changes or authority is None or base is not authority.index
        before = base.stamp.count if base.stamp else None
        if base.stamp is not None and not changes and self._when == "changed":
            self._authority = authority
            return Committed(before=before, after=before or 0, applied=self._writer.applied, written=False)
        written = self._write(self._writer, base, authority)
        if written is None:
            return None
        self._authority = self._written = written
        return Committed(before=before, after=written.stamp.count, applied=self._writer.applied, written=True)

    def keep(self) -> Callable[[], object]:
        """Start to keep the authoritative index that was written, if one was."""
        if self._written is None:
            return lambda: None
        return self._subdir_index.runtime.submit(partial(keep, self._subdir_index, self._written))

    def derive(self, derived: Derived | None, kept: Callable[[], object]) -> tuple[str, ...]:
        """Bring the derived files forward; `derived` as they were read before the commit."""
        if self._authority is None or not self._subdir_index.layout.index.derived:
            return ()
        if self._written is None:
            # Rule: whoever committed it may have been killed before it was kept.
            kept = partial(ensure_kept, self._subdir_index, self._authority)
        return bring_forward(
            self._subdir_index,
            self._authority,
            self._shards,
            derived,
            kept,
            replaced=self._replaced,
            taken_over=self._taken_over,
        )

    def _new_writer(self) -> ShardWriter:
        return ShardWriter(self._subdir_index, self._change(), self._shards, always=self._when == "always")

    def _base(self, authority: Authority | None) -> ShardIndex:
        """The index to build on. Raises ForeignIndexError."""
        adoption = self._adoption
        if adoption is not None and adoption.anew and adoption.etag == (authority.etag if authority else None):
            return ShardIndex(hashes={}, stamp=None, info=adoption.info, other=adoption.other)
        if adoption is not None and adoption.anew and adoption.alone:
            # Rule: who has adopted it may have dropped some of the records that this change takes over.
            raise ForeignIndexError("was taken over by another writer", where=authority_key(self._subdir_index))
        if authority is None or not authority.ours or authority.index is None:
            raise foreign(self._subdir_index, authority)
        index = authority.index
        if (
            adoption is None
            or adoption.anew
            or (adoption.info.items() <= index.info.items() and adoption.other.items() <= index.other.items())
        ):
            return index
        return dataclasses.replace(index, info={**index.info, **adoption.info}, other={**index.other, **adoption.other})

    def _write(self, writer: ShardWriter, base: ShardIndex, authority: Authority | None) -> Authority | None:
        """Replace the authoritative index; None: another writer committed first, or the shards are too old."""
        runtime, settings = self._subdir_index.runtime, self._subdir_index.layout.index
        revision, touched = runtime.new_revision(), writer.touched()
        self._replaced = base if base.stamp is not None else None
        if base.stamp is not None:
            stamp = base.stamp.next(revision, touched, writer.count(base.stamp.count))
        else:
            number = self._adoption.number + 1 if self._adoption else 1
            stamp = first_stamp(number, revision, touched, writer.count(0))
        if stamp.number > MAX_NUMBER:
            raise StorageError(
                f"its number would be {stamp.number}, which nobody reads: no commit has written the one before it",
                where=authority_key(self._subdir_index),
                remedy=f"delete the index files and {history_key(self._subdir_index)}/, and run `chaninfra reindex`",
            )
        index = ShardIndex(hashes=writer.hashes(base), stamp=stamp, info=writer.info(base.info), other=base.other)
        data = index.encode(settings.compression_level, runtime.now_ms())
        if len(data) > MAX_SHARD_INDEX:
            raise StorageError(
                f"would be larger than {MAX_SHARD_INDEX >> 20} MiB, and then nobody could read it",
                where=authority_key(self._subdir_index),
                remedy="delete old packages and run `chaninfra reindex`, or publish to another channel",
            )
        if base.stamp is not None and authority is not None and not self._is_kept(base.stamp.number, base):
            # Rule: the authoritative index that is replaced is kept before, if its writer did not do so.
            keeping = runtime.submit(partial(ensure_kept, self._subdir_index, authority))
        else:
            keeping = None
        usable = writer.finish()
        if keeping is not None:
            keeping()
        if not usable:
            return None
        try:
            etag = self._put(data, authority.etag if authority else None)
        except ConflictError:
            return None
        return Authority(data=data, etag=etag, index=index)

    def _is_kept(self, number: int, index: ShardIndex) -> bool:
        """Whether the derived files show that the index of that commit is in the history: not those of a new channel,
        which are written with its empty index and without history.
        """
        return number == self._known_as_kept and (number > 1 or bool(index.hashes))

    def _put(self, data: bytes, old_etag: str | None) -> str:
        """Replace the authoritative index; returns its ETag. Raises ConflictError if another writer committed first."""
        condition = IfMatch(old_etag) if old_etag is not None else IfAbsent()
        key = authority_key(self._subdir_index)
        try:
            return self._subdir_index.store.put(key, body(data, "shards", self._subdir_index.layout.index), condition)
        except (StorageError, ConflictError) as error:
            # Look which it was. The answer to a PUT that succeeded may be lost, and its repetition then gets 412. And a
            # store that rejects a large body may close the connection before the client reads the answer.
            now = read_authority(self._subdir_index)
            if now is not None and now.data == data:
                return now.etag
            if (now.etag if now else None) != old_etag:
                raise ConflictError(f"{key} was changed by another writer meanwhile") from error
            raise
