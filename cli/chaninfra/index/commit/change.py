"""A change of an index: what it should say of some packages, so that it can be made again on another truth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.filenames import file_name, package_name
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

Replace = Literal["changed", "all"]
"""Which records are replaced: those whose package has another sha256; or all, made anew from the packages."""


@dataclass(frozen=True, kw_only=True)
class IndexRecord:
    """The record that a package should have, of its object with this `etag` (None: it is not known).

    `record` makes it, given the time at which it came into the index, in ms since 1970 (CEP 47).
    """

    name: str
    table: str
    key: str
    sha256: str
    record: Callable[[int], Raw]
    etag: str | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the index should say: `records` by file name, and of the files in `gone`, which somebody did not find, that
    they are not there. A file of theirs that is yanked stays so; one that is only in `removed` comes back.

    `spoiled` are files by name that are no packages any more, with the ETags of what they are. The shards of the names
    in `remade` are made anew.
    """

    records: Mapping[str, IndexRecord] = field(default_factory=dict)
    gone: Collection[str] = ()
    spoiled: Mapping[str, str] = field(default_factory=dict)
    remade: Collection[str] = ()
    replace: Replace = "changed"


@dataclass(kw_only=True)
class Applied:
    """What a change did to an index. Files by name; `names` are those of the packages whose shards change."""

    names: set[str] = field(default_factory=set)
    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    yanked: list[str] = field(default_factory=list)
    """Yanked files that the change would have had in the index, or that were there."""
    overtaken: list[str] = field(default_factory=list)
    """Files that have other bytes now than the change knows of: their records were left as they are."""


@prepared
class _Known(Struct):
    name: str | None = None
    sha256: str | None = None
    indexed_timestamp: int | None = None


def apply(target: SubdirIndex, repodata: Repodata, change: Change, yanked: Collection[str]) -> Applied:
    """Make the change in `repodata`, which was read before: what it asks the store for is newer.

    A record is dropped only where the store says that its package is not there, and replaced only where the package is
    the one that the new record is of.
    """
    done = Applied()
    wanted = {file: new for file, new in change.records.items() if file not in yanked}
    replaced = [file for file, new in wanted.items() if _differs(repodata, file, new, change.replace)]
    missing = [file for file in change.gone if file not in wanted and repodata.find(file)]
    spoiled = [file for file in change.spoiled if file not in wanted and repodata.find(file)]
    looked = _look(target, [*replaced, *missing, *spoiled])
    for file in (*missing, *spoiled):
        entry = looked[file]
        if entry is None or (file in change.spoiled and entry.etag == change.spoiled[file]):
            _take_out(repodata, file, done)
            done.dropped.append(file)
    removed = set(repodata.removed)
    for file, new in wanted.items():
        there = repodata.find(file)
        if there is not None and file not in replaced:
            removed.discard(file)
            continue
        kept = _Known()
        if there is not None:
            entry = looked[file]
            if entry is None or (new.etag is not None and entry.etag != new.etag):
                done.overtaken.append(file)
                continue
            kept = _known(repodata.records[there[0]][there[1]])
            _take_out(repodata, file, done)
        (done.added if there is None else done.replaced).append(file)
        since = kept.indexed_timestamp if kept.sha256 == new.sha256 else None
        repodata.records.setdefault(new.table, {})[new.key] = new.record(target.means.now() if since is None else since)
        removed.discard(file)
        done.names.add(new.name)
    for file in yanked:
        if _take_out(repodata, file, done) or file in change.records:
            done.yanked.append(file)
    removed |= set(yanked)
    done.names |= {package_name(file) for file in removed ^ set(repodata.removed)}
    repodata.removed = sorted(removed)
    done.names.update(change.remade)
    return done


def _differs(repodata: Repodata, file: str, new: IndexRecord, replace: Replace) -> bool:
    there = repodata.find(file)
    if there is None:
        return False
    old = repodata.records[there[0]][there[1]]
    known = _known(old)
    if known.sha256 != new.sha256:
        return True
    return replace == "all" and _content(old) != _content(new.record(known.indexed_timestamp or 0))


def _look(target: SubdirIndex, files: Collection[str]) -> dict[str, ObjectMeta | None]:
    calls = [partial(target.store.head, target.key(file)) for file in files]
    return dict(zip(files, run_all(target.means, calls), strict=True))


def _take_out(repodata: Repodata, file: str, done: Applied) -> bool:
    there = repodata.find(file)
    if there is None:
        return False
    table, key = there
    old = repodata.records[table].pop(key)
    done.names.add(_known(old).name or package_name(file_name(table, key)))
    return True


def _content(record: Raw) -> object:
    try:
        return msgspec.json.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _known(record: Raw) -> _Known:
    try:
        return msgspec.json.decode(record, type=_Known)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not valid: nothing of it is worth keeping, and the new record is another in any case.
        return _Known()
