"""Takes withdrawn packages out of the index files that chaninfra does not write, and that clients may still read."""

from __future__ import annotations

import bz2
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, MAX_ZST, STALE, compress, decompress
from chaninfra.channel.conda.index_settings import Format
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import ConflictError, InvalidRepodataError
from chaninfra.channel.objects import IfMatch, ObjectBody, StoredObject, get_within
from chaninfra.index import left_over
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.derived_files import lost_all_attempts
from chaninfra.index.gc import listed
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.subdir_index import SubdirIndex

_MOST: Mapping[Format, int] = {"json": MAX_REPODATA, "zst": MAX_ZST}


@dataclass(kw_only=True)
class OldFiles:
    """What was done with these index files; object keys."""

    deleted: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def clean_old_files(target: SubdirIndex, files: Collection[str]) -> OldFiles:
    """Delete the index files that nobody writes any more, those of run exports among them. Of those that another tool
    may still write, rewrite repodata.json and its zst without the files, since they may have what nothing else has; and
    delete the others that name one of the files, since that tool has made them from repodata.json or the packages.

    Raises ConflictError where that tool writes them again and again; StorageError.
    """
    done = OldFiles()
    _delete(target, [entry.key for entry in left_over.undeclared(target)], done)
    # Rule: later than those were deleted, since a file of another tool keeps all these.
    there = listed(target)[1].index_files
    _delete(target, [entry.key for entry in left_over.stale(target, read_our_authority(target), there)], done)
    _delete(target, [entry.key for entry in left_over.unasked(target, there)], done)
    for kind in _MOST:
        if kind not in target.layout.index.formats:
            _take_out(target, kind, files, done)
    for name in sorted((STALE | left_over.unasked_names(target)) & there.keys()):
        key = target.key(name)
        stored = None if key in done.deleted else get_within(target.store, key, MAX_REPODATA)
        if stored is None:
            continue
        plain = _PLAIN.get(name.rpartition(".")[2], bytes)(stored.data) if isinstance(stored, StoredObject) else None
        if plain is None:
            done.unreadable.append(key)
        elif any(file.encode() in plain for file in files):
            _delete(target, [key], done)
    return done


def _delete(target: SubdirIndex, keys: Collection[str], done: OldFiles) -> None:
    if keys:
        target.store.delete(keys)
        done.deleted += keys


def _take_out(target: SubdirIndex, kind: Format, files: Collection[str], done: OldFiles) -> None:
    key = target.key(FILE_NAMES[kind])
    for attempt in range(ATTEMPTS):
        stored = get_within(target.store, key, _MOST[kind])
        if stored is None:
            return
        try:
            if not isinstance(stored, StoredObject):
                raise InvalidRepodataError("is too large", where=key)
            plain = stored.data if kind == "json" else decompress(stored.data, MAX_REPODATA)
            repodata = Repodata.parse(plain or b"", where=key)
        except InvalidRepodataError:
            done.unreadable.append(key)
            return
        if not _drop(repodata, files):
            return
        data = repodata.encode()
        body = ObjectBody(
            data=data if kind == "json" else compress(data, target.layout.index.compression_level),
            content_type=stored.content_type,
            cache_control=stored.cache_control,
            metadata=stored.metadata,
        )
        try:
            target.store.put(key, body, IfMatch(stored.entry.etag))
        except ConflictError:
            target.runtime.pause(attempt)
            continue
        done.changed.append(key)
        return
    raise lost_all_attempts(key)


def _drop(repodata: Repodata, files: Collection[str]) -> bool:
    """Take the files out of the repodata; whether it had one."""
    before = len(repodata.removed)
    repodata.removed = [file for file in repodata.removed if file not in files]
    found = len(repodata.removed) < before
    for file in files:
        while place := repodata.find(file):
            repodata.records[place[0]].pop(place[1])
            found = True
    return found


def _unpacked_bz2(data: bytes) -> bytes | None:
    """The decompressed bytes of all its streams; None: it is not valid, or has too many."""
    plain = b""
    while data:
        stream = bz2.BZ2Decompressor()
        try:
            plain += stream.decompress(data, MAX_REPODATA - len(plain))
        except (OSError, ValueError):
            return None
        if not stream.eof:
            return None
        data = stream.unused_data
    return plain


def _unpacked_zst(data: bytes) -> bytes | bytearray | None:
    return decompress(data, MAX_REPODATA)


_PLAIN: Mapping[str, Callable[[bytes], bytes | bytearray | None]] = {"bz2": _unpacked_bz2, "zst": _unpacked_zst}
"""Last suffix → what unpacks such a file; all others are not packed."""
