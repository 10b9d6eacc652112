"""Index files that nobody writes any more, and that clients may still read: for `gc` and `delete`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.index_files import FILE_NAMES, STALE
from chaninfra.channel.conda.index_settings import RUN_EXPORTS
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.commit.authority import AUTHORITY, Authority
from chaninfra.index.commit.derived_state import DERIVED, existing, of_others
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of

_AT_ONCE = 1000


def stale(target: SubdirIndex, authority: Authority | None, listed: Mapping[str, ObjectMeta]) -> list[ObjectMeta]:
    """Those of these index files which only other indexers write, and that are older than the last commit.

    `listed`: file name → object, with the authoritative index; of one listing, since HEAD tells the time in whole
    seconds. None where another tool wrote the index last: it may still write them, and nothing has taken over what it
    says.
    """
    files, committed = [entry for name, entry in listed.items() if name in STALE], listed.get(AUTHORITY)
    if not files or committed is None or authority is None or not authority.ours:
        return []
    if of_others(existing(target)):
        return []
    return [entry for entry in files if entry.modified <= committed.modified]


def unasked(target: SubdirIndex, listed: Mapping[str, ObjectMeta]) -> list[ObjectMeta]:
    """The files of run exports that are there, that chaninfra has made, and that the settings do not ask for any more.
    `listed`: as for `stale`.
    """
    entries = [target.store.head(target.key(name)) for name in sorted(unasked_names(target)) if name in listed]
    return [entry for entry in entries if entry is not None and Origin.read(entry.metadata) is not None]


def unasked_names(target: SubdirIndex) -> set[str]:
    """The names of the files of run exports that the settings do not ask for."""
    return {FILE_NAMES[kind] for kind in RUN_EXPORTS if kind not in target.layout.index.formats}


def undeclared(target: SubdirIndex) -> list[ObjectMeta]:
    """The index files with records that are there and that the settings do not ask for, if they say nothing that the
    index does not have.
    """
    found = []
    for kind in DERIVED:
        if kind not in target.layout.index.formats:
            entry = target.store.head(target.key(FILE_NAMES[kind]))
            # That of another tool may have what the shards do not: a re-index takes it over first.
            if entry is not None and (Origin.read(entry.metadata) is not None or _is_taken_over(target)):
                found.append(entry)
    return found


def _is_taken_over(target: SubdirIndex) -> bool:
    """Whether the index has what the index files of other tools say of the packages that are there."""
    whole = read_whole(target, salvage=True)
    if whole.adoption is not None or whole.removed or len(whole.foreign) > _AT_ONCE:
        return False
    index, keys = whole.authority.index if whole.authority else None, whole.keys
    if index is None or (
        keys and not (keys.info.items() <= index.info.items() and keys.other.keys() <= index.other.keys())
    ):
        return False
    # Files of other kinds of packages may lie on another server.
    if not all(map(suffix_of, whole.foreign)):
        return False
    calls = [partial(target.store.head, target.key(file)) for file in whole.foreign - yanks_of(target, whole).files]
    return not any(run_all(target.runtime, calls))
