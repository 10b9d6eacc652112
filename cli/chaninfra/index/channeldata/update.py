"""Writes channeldata.json after the commits of a command: it then has what the index says, or a later command adds it.

Who changes it reads it first, then the authoritative index of each subdir, and replaces it by If-Match. So whoever wins
has seen the commits of all who wrote it before. What it was made from stands in its metadata; by the logs of the
commits the next writer finds all that it lacks, whoever left that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from msgspec import Raw

from chaninfra.channel.conda.object_names import CHANNELDATA_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.summary import Summary, summary_key
from chaninfra.channel.errors import ConflictError, StorageError, remedy_if_denied
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectMeta, StoredObject, get_within
from chaninfra.index.channel import Channel
from chaninfra.index.channeldata.document import MAX_CHANNELDATA, Made, body, read
from chaninfra.index.channeldata.entries import Said, entry
from chaninfra.index.commit.authority import Authority, foreign, read_authority, was_replaced
from chaninfra.index.commit.history import touched_since
from chaninfra.index.commit.shard_reader import LostShardError, ShardReader
from chaninfra.index.runtime import run_all
from chaninfra.index.said import read_summary
from chaninfra.index.subdir_index import SubdirIndex

When = Literal["due", "upkeep", "now", "whole"]
"""`due`: as `index.monolith` says, and if it takes the shards of few packages; `upkeep`: in any case; `now`: also where
it replaces one that chaninfra has not written; `whole`: that, too, and anew from all shards and summaries."""

_ATTEMPTS = 20
"""Attempts before it is left to the next writer."""
_LONGEST = 3
"""The attempt from which on the pauses between attempts do not get longer."""
_FEW = 1000
"""Most package names whose shards and summaries are read with `due`."""
_AT_ONCE = 500
"""Package names whose shards and summaries are in memory at the same time."""


_DENIED = (
    "the index is written all the same. `pulumi up` lets publishers write it; without a stack, let them write it. Then "
    "`chaninfra reindex` adds what it lacks"
)


@dataclass(frozen=True)
class _State:
    """The index of a subdir as it was read."""

    subdir_index: SubdirIndex
    authority: Authority
    index: ShardIndex


def write_channeldata(channel: Channel, when: When, anew: Collection[str] = ()) -> bool:
    """Bring channeldata.json in line with the index, where the channel has it; whether it was written. The entries of
    the package names `anew` are made again in any case.

    Raises StorageError, ForeignIndexError and LostShardError; ConflictError where others wrote it again and again.
    """
    if not channel.descriptor.index.has_channeldata or channel.dry_run:
        return False
    key = channel.descriptor.key(CHANNELDATA_JSON)
    if when == "due" and not _is_due(channel, key):
        return False
    for attempt in range(_ATTEMPTS):
        try:
            return _write(channel, key, when, anew)
        except ConflictError:
            channel.runtime.pause(min(attempt, _LONGEST))
    raise ConflictError(
        f"others wrote it first, {_ATTEMPTS} times",
        where=key,
        remedy="nothing is lost: whoever publishes next adds what it lacks, or `chaninfra reindex` does",
    )


def _is_due(channel: Channel, key: str) -> bool:
    monolith = channel.descriptor.index.monolith
    if isinstance(monolith, str):
        return monolith == "each-commit"
    entry = channel.writer.head(key)
    return entry is None or channel.runtime.now_ms() - entry.modified.timestamp() * 1000 >= monolith.seconds * 1000


def _write(channel: Channel, key: str, when: When, anew: Collection[str]) -> bool:
    """One attempt. Raises ConflictError where another writer was first."""
    stored = get_within(channel.writer, key, MAX_CHANNELDATA)
    made = read(stored) if isinstance(stored, StoredObject) else None
    # Rule: what another tool says, and the packages do not, is replaced only where somebody asks for it.
    if stored is not None and made is None and when in ("due", "upkeep"):
        raise StorageError(
            "another tool wrote it, or it is damaged, so it was left as it is",
            where=key,
            remedy="keep a copy if you need what it says; then run `chaninfra reindex`, which replaces it",
        )
    # Rule: the indexes are read later than the document that is replaced, so they have all that it has.
    states = _states(channel)
    names = None if made is None or when == "whole" else _missed(states, made)
    packages: dict[str, Raw | dict[str, Any]] = {}
    if made is None or names is None:
        names = {name for state in states for name in state.index.hashes}
    else:
        packages |= made.packages
        names |= {*anew}
    if when == "due" and len(names) > _FEW:
        raise StorageError(
            f"lacks {len(names):,} packages, which only a re-index adds", where=key, remedy="run `chaninfra reindex`"
        )
    for name, found in _entries(states, sorted(names)):
        if found is None:
            packages.pop(name, None)
        else:
            packages[name] = found
    content = body(
        packages,
        channel.descriptor.subdirs,
        {state.subdir_index.subdir: state.authority.stamp.number for state in states},
        channel.descriptor.index.cache_control,
    )
    if len(content.data) > MAX_CHANNELDATA:
        raise StorageError(
            f"would be larger than {MAX_CHANNELDATA >> 20} MiB, and then nobody could read it",
            where=key,
            remedy="remove `index.channeldata`",
        )
    if isinstance(stored, StoredObject) and stored.data == content.data and content.metadata == stored.metadata:
        return False
    with remedy_if_denied(_DENIED):
        channel.writer.put(key, content, _condition(stored))
    return True


def _condition(stored: StoredObject | ObjectMeta | None) -> Condition:
    if stored is None:
        return IfAbsent()
    return IfMatch(stored.entry.etag if isinstance(stored, StoredObject) else stored.etag)


def _states(channel: Channel) -> list[_State]:
    """The index of each subdir that has one. Raises ForeignIndexError for one that is not ours."""
    targets = [channel.subdir_index(subdir) for subdir in channel.descriptor.subdirs]
    read_all = run_all(channel.runtime, [partial(read_authority, target) for target in targets])
    found: list[_State] = []
    for target, authority in zip(targets, read_all, strict=True):
        if authority is None:
            continue
        if not authority.ours or authority.index is None:
            raise foreign(target, authority)
        found.append(_State(target, authority, authority.index))
    return found


def _missed(states: Sequence[_State], made: Made) -> set[str] | None:
    """The names of the packages that commits have changed since it was made; None: nobody can tell."""
    if made.numbers.keys() - {state.subdir_index.subdir for state in states}:
        return None
    names: set[str] = set()
    for state in states:
        touched = touched_since(state.subdir_index, state.index, made.numbers.get(state.subdir_index.subdir, 0))
        if touched is None:
            return None
        names |= touched
    return names


def _entries(states: Sequence[_State], names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The entry of each package name; None: no subdir has a record of it."""
    for start in range(0, len(names), _AT_ONCE):
        part = names[start : start + _AT_ONCE]
        said: dict[str, dict[Subdir, Said]] = {name: {} for name in part}
        for state in states:
            try:
                shards = ShardReader(state.subdir_index).read(state.index.hashes, part)
            except LostShardError:
                if was_replaced(state.subdir_index, state.authority):
                    raise ConflictError("the index was changed", where=state.subdir_index.subdir) from None
                raise
            summaries = _summaries(state.subdir_index, shards)
            for name, shard in shards.items():
                said[name][state.subdir_index.subdir] = Said(shard, summaries.get(name))
        yield from ((name, entry(said[name])) for name in part)


def _summaries(target: SubdirIndex, names: Collection[str]) -> Mapping[str, Summary]:
    """Package name → its summary, of those that have one."""
    keys = {name: key for name in names if (key := summary_key(name)) is not None}
    calls = [partial(read_summary, target.store, target.key(key), name) for name, key in keys.items()]
    found = zip(keys, run_all(target.runtime, calls), strict=True)
    return {name: summary for name, summary in found if summary is not None}
