"""Finds by a listing what a follower has to look at: what happened while it was away, or no event told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from chaninfra.channel.conda.object_names import LEFT_OUT_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.etag_cache import read_etag_cache, write_etag_cache
from chaninfra.index.follow.follow import Lost, Seen, quiet
from chaninfra.index.follow.keys import path_of
from chaninfra.index.left_out_json import read_to_follow, update_left_out
from chaninfra.index.package.sidecars import sidecar_name
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.reindex_plan import FolderListing, plan
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of

Etags = Mapping[str, str]
"""Object key → ETag, of the packages and sidecars of a subdir."""


@dataclass(kw_only=True)
class Compared:
    """What a comparison of the channel with its index found."""

    keys: set[str] = field(default_factory=set)
    """The keys of the packages and sidecars to follow."""
    etags: dict[Subdir, Etags] = field(default_factory=dict)
    """What was listed."""
    reindexed: list[SubdirReport] = field(default_factory=list)
    """Subdirs whose index was missing, damaged or another tool's, so that they were re-indexed."""
    left_out_damaged: ChaninfraError | None = None
    """What was wrong with left-out.json, so that it was replaced."""


def compare(channel: Channel, seen: Seen, lost: Lost = quiet) -> Compared:
    """Compare a listing of each subdir with its index. What is derived from the index is brought forward; an index that
    is not ours is taken over by a re-index. `seen` is brought in line with the ETag caches of the channel.

    `lost`: see `follow`. Raises as a re-index.
    """
    compared = Compared()
    for subdir in channel.descriptor.subdirs:
        subdir_index = dataclasses.replace(channel.subdir_index(subdir), workers=None, lost=partial(lost, subdir))
        _compare(channel, subdir_index, seen, compared)
    _look_again_at_left_out(channel, compared)
    return compared


def _look_again_at_left_out(channel: Channel, compared: Compared) -> None:
    """Add what is left out: it may be mended without another event, thawed, or readable by another key. What lies in a
    subdir that is not declared any more leaves the list. A damaged list begins anew: what it had was found above.
    """
    listed = channel.descriptor.key(LEFT_OUT_JSON)
    left_out, _, compared.left_out_damaged = read_to_follow(channel.writer, listed)
    keys = {path: channel.descriptor.key(path) for path in left_out.packages}
    here = {path: key for path, key in keys.items() if path_of(channel.descriptor, key)}
    compared.keys |= {*here.values()}
    gone = keys.keys() - here.keys()
    if gone or compared.left_out_damaged:
        try:
            update_left_out(channel.writer, channel.runtime, listed, {}, gone)
        except CredentialsError:
            raise
        except DeniedError:
            # Publishers may not write it, see `follow`.
            pass


def _compare(channel: Channel, subdir_index: SubdirIndex, seen: Seen, compared: Compared) -> None:
    subdir, folder = subdir_index.subdir, subdir_index.layout.key(subdir_index.subdir)
    # Rule: the listing is read before the index, so that what was committed meanwhile is only looked at once more.
    entries = [*subdir_index.store.list(folder)]
    whole = read_whole(subdir_index)
    if whole.adoption is not None or not whole.exists or whole.lost:
        compared.reindexed.append(reindex_subdir(subdir_index, hold=subdir_index.layout.index.holds))
        whole = read_whole(subdir_index)
    elif whole.files or whole.behind:
        try:
            # Else no commit brings them forward.
            never = subdir_index.layout.index.monolith == "never"
            commit(subdir_index, Change, when="changed", derive="always" if never else "due")
        except ForeignIndexError:
            compared.reindexed.append(reindex_subdir(subdir_index, hold=subdir_index.layout.index.holds))
            whole = read_whole(subdir_index)
    listing = FolderListing()
    packages = dict(listing.take(entries, folder, {file for file, _, _ in whole.repodata.files()}))
    cached, mine = read_etag_cache(subdir_index), seen.setdefault(subdir, {})
    write_etag_cache(subdir_index, cached, {**cached, **mine}, packages.keys() | listing.sidecars.keys())
    mine.update({file: known for file, known in cached.items() if file in packages and file not in mine})
    yanked = yanks_of(subdir_index, whole).files
    planned = plan(listing, whole.repodata, yanked, "changed", lambda: {**cached, **mine})
    named = {*planned.read, *planned.missing, *listing.unreadable, *map(sidecar_name, planned.signed)}
    compared.keys |= {subdir_index.key(file) for file in named}
    compared.etags[subdir] = _etags(channel, entries)


def changed(channel: Channel, before: Mapping[Subdir, Etags]) -> tuple[set[str], dict[Subdir, Etags]]:
    """The keys of the packages and sidecars that differ from an earlier listing; and the listing now."""
    keys: set[str] = set()
    now: dict[Subdir, Etags] = {}
    for subdir in channel.descriptor.subdirs:
        found = _etags(channel, channel.writer.list(channel.descriptor.key(subdir)))
        old = before.get(subdir, {})
        keys |= {key for key in old.keys() | found.keys() if old.get(key) != found.get(key)}
        now[subdir] = found
    return keys, now


def _etags(channel: Channel, entries: Iterable[ObjectMeta]) -> Etags:
    return {entry.key: entry.etag for entry in entries if path_of(channel.descriptor, entry.key) is not None}
