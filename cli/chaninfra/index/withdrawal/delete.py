"""Delete packages for good: file, sidecars, record, patch, and what history and snapshots say of them.

docs/index-protocol.md argues the order. An entry in withdrawn.json comes first, so whoever goes on after a kill finds
it. Then the files go, then the record; then each shard that says something of the package gets one that stands for it,
and is deleted. At last channeldata.json is written without it, or goes where nobody writes it any more.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import partial, reduce

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import CHANNELDATA_JSON, FOLLOW_JSON, LEFT_OUT_JSON, WITHDRAWN_JSON
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import ChaninfraError, ConflictError, RefusedError
from chaninfra.index.channel import Channel
from chaninfra.index.channeldata.unasked import unasked_channeldata
from chaninfra.index.channeldata.update import write_channeldata
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.replaced import read_replaced, update_replaced
from chaninfra.index.commit.shard_reader import listed_shards
from chaninfra.index.commit.shard_writer import MAX_SHARD_AGE_MS
from chaninfra.index.etag_cache import read_etag_cache, write_etag_cache
from chaninfra.index.follow.mark import read_mark
from chaninfra.index.gc import forget_marks
from chaninfra.index.left_out_json import update_left_out
from chaninfra.index.patches.document import marked, update_patches, without_marked
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import forget
from chaninfra.index.times import now_text
from chaninfra.index.withdrawal.document import Withdrawal, Withdrawn, unfinished, update_withdrawn
from chaninfra.index.withdrawal.old_files import clean_old_files
from chaninfra.index.withdrawal.plan import Part, Plan, check_same, objects_of
from chaninfra.index.withdrawal.shards import Telling, keys_of, put_rest
from chaninfra.index.withdrawal.snapshots import clean
from chaninfra.index.yanked_document import after_commit

DELETING = "deleting"
_ROUNDS = 10
"""Times that shards are looked for which others have put meanwhile."""
_AT_ONCE = 1000


@dataclass(kw_only=True)
class Deleted:
    """What `delete` did."""

    objects: list[str] = field(default_factory=list)
    """The keys of files, sidecars and summaries."""
    shards: list[str] = field(default_factory=list)
    """The keys of shards."""
    index_files: list[str] = field(default_factory=list)
    """The keys of index files that nobody writes any more, or that another tool makes again."""
    changed: list[str] = field(default_factory=list)
    """The keys of index files of another tool that were rewritten without the packages."""
    snapshots: set[str] = field(default_factory=set)
    """The snapshots that were changed, as `snapshots/NAME`."""
    back: list[str] = field(default_factory=list)
    """The packages (`<subdir>/<file>`) that somebody has published again meanwhile."""
    unreadable: set[str] = field(default_factory=set)
    """The keys of files that cannot be read, and may name a package."""
    channeldata: ChaninfraError | None = None
    """Why channeldata.json, which is there, still tells of the packages."""
    reports: list[SubdirReport] = field(default_factory=list)
    """Those of the commits, with what re-indexes have found."""


def delete(channel: Channel, plan: Plan, reason: str, progress: Progress = SILENT) -> Deleted:
    """Delete what the plan names. If it is killed, the same command goes on.

    Raises RefusedError where a follower is the one writer of the index, and runs; ConflictError where another file is
    there than was planned, and where others put what is deleted again and again; DeniedError, before anything else is
    changed, for whoever may not write withdrawn.json; what `commit` raises; StorageError.
    """
    key = channel.descriptor.key(WITHDRAWN_JSON)
    now = now_text(channel.runtime)
    new = [
        Withdrawal(path=each.path, sha256=[*each.sha256], when=now, reason=reason, stage="deleting")
        for each in plan.packages
    ]

    _check_no_follower(channel)
    for part in plan.parts:
        check_same(part)
    # Rule: the entry is first, so that whoever goes on after a kill knows of it, and whoever may not delete stops here.
    document = update_withdrawn(channel.writer, channel.runtime, key, lambda old: reduce(Withdrawn.begun, new, old))
    done = Deleted()
    progress.stage(DELETING, len(plan.parts), unit="subdir")
    for part in plan.parts:
        progress.at(part.target.subdir)
        _delete_in(channel, part, {*part.files, *unfinished(document, part.target.subdir)}, done)
        progress.done()
    paths = {each.path for each in plan.packages}
    update_left_out(channel.writer, channel.runtime, channel.descriptor.key(LEFT_OUT_JSON), {}, paths)
    _clean_channeldata(channel, plan, done)
    if not done.unreadable and done.channeldata is None:
        update_withdrawn(channel.writer, channel.runtime, key, lambda old: old.ended(paths))
    return done


def _clean_channeldata(channel: Channel, plan: Plan, done: Deleted) -> None:
    """Write channeldata.json without the packages; or delete it, where chaninfra has made it, and does not any more."""
    key = channel.descriptor.key(CHANNELDATA_JSON)
    # Rule: these names anew, since a writer that has seen the commit may have read their summaries before they went.
    names = {name for part in plan.parts for name in (*part.names, *(package_name(file) for file in part.files))}
    try:
        write_channeldata(channel, "now", names)
        if unasked_channeldata(channel.writer, channel.descriptor) is not None:
            channel.writer.delete([key])
            done.index_files.append(key)
    except ChaninfraError as error:
        # One that is not there tells nothing.
        if channel.writer.head(key) is not None:
            done.channeldata = error


def _check_no_follower(channel: Channel) -> None:
    """Raise RefusedError where a follower that is the one writer of the index has run of late: without conditional
    writes its next commit may name the shards that are deleted.
    """
    if not channel.descriptor.index.only_a_follower_commits:
        return
    mark = read_mark(channel.writer, channel.descriptor.key(FOLLOW_JSON))
    run = mark.compare if mark is not None else None
    if run is not None and not run.late(channel.runtime.now_ms()):
        raise RefusedError(
            "a follower is the one writer of this index, and may be running: nothing was deleted",
            where=channel.url(FOLLOW_JSON),
            remedy="stop the follower, delete this file, which it writes again when it starts, and run the command "
            "again; then start the follower",
        )


def _delete_in(channel: Channel, part: Part, also: Set[str], done: Deleted) -> None:
    """Delete the packages in one subdir. `also`: the files whose withdrawal is under way, with these."""
    target, files = part.target, part.files
    # Again, since the subdirs before it may have taken long.
    check_same(part)
    # Rule: as `patch rm` does, before the commit, so that nobody who publishes it again lays a patch that is going.
    patches = update_patches(target, partial(marked, files))
    _delete_objects(target, [key for each in part.packages for key in each.objects], done)
    names = part.names | {package_name(file) for file in files}
    for attempt in range(_ROUNDS):
        telling = part.shards.find()
        names |= {each.name for each in telling.values()}
        # Rule: the shards are listed before the commit, which gives each of these names another shard. So nobody who
        # has put one of those that were listed names it later, and they may be deleted.
        change = Change(deleted=files, anew=names, names=names)
        _, report = commit_adopting(target, lambda change=change: change, "always")  # type: ignore[misc]
        done.reports.append(report)
        named = _named_now(target)
        old = {digest: each for digest, each in telling.items() if digest not in named}
        _replace(target, old, also, done)
        if not part.shards.find().keys() - _named_now(target):
            break
        target.runtime.pause(attempt)
    else:
        raise ConflictError(
            "others write index files with the package again and again",
            where=target.layout.key(target.subdir),
            remedy="run the command again when that has ended",
        )
    after_commit(channel, {target.subdir: target}, {target.subdir: names})
    # Attestations that were put meanwhile; and a package that was published again keeps its own.
    left = objects_of(target, files)
    again = {file for file, there in left.items() if target.key(file) in there}
    done.back += sorted(f"{target.subdir}/{file}" for file in again)
    _delete_objects(target, [key for file, there in left.items() if file not in again for key in there], done)
    _forget(target, files - again, done)
    done.objects += forget(target, files - again)
    others = clean_old_files(target, files - again)
    done.index_files += others.deleted
    done.changed += others.changed
    done.unreadable |= {*others.unreadable}
    if not files.isdisjoint(patches):
        # Rule: once the file and its record are gone; until then whoever goes on after a kill finds the mark.
        update_patches(target, partial(without_marked, files))
    done.unreadable |= {key for key in part.shards.unreadable if target.store.head(key) is not None}


def _named_now(target: SubdirIndex) -> set[bytes]:
    index = read_our_authority(target).index
    return {*index.hashes.values()} if index is not None else set()


def _replace(target: SubdirIndex, old: dict[bytes, Telling], also: Set[str], done: Deleted) -> None:
    """Have other shards stand for these in history and snapshots, and delete them."""
    began = target.runtime.now_ms()
    # Before the listing: what stands for another shard was put before it was named there.
    known = read_replaced(target).shards
    there = {digest.hex() for digest in listed_shards(target)}
    # gc has deleted these, since no state names them any more.
    unused = {old: each for old, each in known.items() if each.shard is not None and each.shard not in there}
    # What somebody has put who was killed before the shards were deleted.
    telling = {digest.hex() for digest in old}
    begun = {
        each for each in telling if each in known and each not in unused and (known[each].shard or "") not in telling
    }
    rest = put_rest(target, {digest: each for digest, each in old.items() if digest.hex() not in begun}, also)
    # Rule: as in a commit, nothing names a shard that was put more than a day before, since gc may delete it.
    if target.runtime.now_ms() - began > MAX_SHARD_AGE_MS:
        raise ConflictError(
            "the shards were put more than a day ago",
            where=target.layout.key(target.subdir),
            remedy="run the command again",
        )
    replaced = update_replaced(target, lambda before: before.without(unused).having(rest))
    # Rule: snapshots are cleaned after what is replaced was written: a maker that has not seen it has put its files
    # before.
    changed, unreadable = clean(target, replaced, also)
    # What somebody else has put for the same shard meanwhile stands for it.
    used = {each.shard for each in replaced.shards.values()}
    spare = [bytes.fromhex(each.shard) for each in rest.values() if each.shard is not None and each.shard not in used]
    done.snapshots.update(changed)
    done.unreadable |= {*unreadable}
    # Rule: last, so that no reader of a snapshot or of the history misses a shard.
    keys = keys_of(target, old)
    _delete(target, [*keys, *keys_of(target, spare)])
    done.shards += keys


def _forget(target: SubdirIndex, files: Set[str], done: Deleted) -> None:
    """Take the files out of what chaninfra keeps for itself."""
    seen = read_etag_cache(target)
    write_etag_cache(target, seen, {}, seen.keys() - files)
    names = {key.rpartition("/")[2] for key in done.objects}
    forget_marks(target, {*names, *(shard_key(bytes.fromhex(_digest(key))) for key in done.shards)})


def _digest(key: str) -> str:
    return key.rpartition("/")[2].partition(".")[0]


def _delete_objects(target: SubdirIndex, keys: Sequence[str], done: Deleted) -> None:
    _delete(target, keys)
    done.objects += keys


def _delete(target: SubdirIndex, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), _AT_ONCE):
        target.store.delete(keys[start : start + _AT_ONCE])
