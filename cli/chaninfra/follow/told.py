"""What followers tell of their work: in the log, to the CDN, and in the channel."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import UNSET

from chaninfra.channel.conda.object_names import CHANNELDATA_JSON
from chaninfra.channel.conda.upkeep import EVERY_S, Task
from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.follow.mark import NOT_WRITTEN, By, write_mark

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.follow.log import Log
    from chaninfra.index.channel import Channel
    from chaninfra.index.channeldata.update import When
    from chaninfra.index.follow.compare import Compared
    from chaninfra.index.follow.follow import Followed, Lost
    from chaninfra.index.reindex_plan import Scope
    from chaninfra.index.report import SubdirReport
    from chaninfra.index.snapshots.automatic import Tended

_MOST_NAMED = 500
"""Most packages that an invalidation names; of more, all files of their subdirs are dropped. CloudFront takes 3,000
paths in progress (CloudFront Developer Guide, "Quotas"), and a package may have two."""
_LOST = (8, 24, 72)
"""The lost attempts of a commit that are told; the first some seconds after it began."""
_KINDS = ("added", "replaced", "dropped", "signed")


def log_lost(log: Log) -> Lost:
    """What tells that others write, before it has failed for that: a commit is tried for half a minute."""

    def told(subdir: Subdir, times: int) -> None:
        if times in _LOST:
            log.write("waiting", "warning", subdir=subdir, lost=times, reason="other writers change the index first")

    return told


def log_compared(log: Log, compared: Compared) -> None:
    """Tell what a comparison has replaced."""
    if compared.left_out_damaged is not None:
        problem = compared.left_out_damaged
        log.write("left-out-damaged", "warning", error=problem.message, where=problem.where, then="written anew")
    log_reindexed(log, compared.reindexed)


def log_reindexed(log: Log, reports: Iterable[SubdirReport]) -> None:
    """Tell which subdirs had an index that was not ours, and were re-indexed."""
    for report in reports:
        log.write("reindexed", "warning", subdir=report.subdir, packages=report.after)


def log_followed(log: Log, done: Followed) -> None:
    """Tell what a follow did: an error for each package that is held, a warning for each that is left out."""
    log_reindexed(log, done.reindexed)
    for path in done.newly_left_out:
        left = done.left_out[path]
        log.write(
            "held" if left.kind == "held" else "left-out",
            "error" if left.kind == "held" else "warning",
            package=path,
            reason=left.reason,
            remedy=left.remedy,
        )
    if done.left_out_denied:
        log.write("left-out-denied", "warning", remedy="follow with the key or role of a maintainer")
    for note in (*done.notes, *(note for report in done.reindexed for note in report.notes)):
        log.write("note", "warning", text=note)
    if done.commits or done.read:
        told = {kind: getattr(done, kind) for kind in _KINDS}
        log.write(
            "followed",
            looked=done.looked,
            read=done.read,
            commits=sum(done.commits.values()),
            **{kind: names for kind, names in told.items() if names},
        )


@dataclass(frozen=True)
class Outdated:
    """What the CDN has old copies of: the index files of the subdirs, the packages (`<subdir>/<file>`), and documents
    beside channel.json.
    """

    subdirs: set[Subdir] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)


def refresh_cdn(
    channel: Channel,
    log: Log,
    outdated: Outdated,
    subdirs: Collection[Subdir] = (),
    replaced: Iterable[str] = (),
    *,
    channeldata: When = "due",
) -> None:
    """Bring channeldata.json forward, and have the CDN drop its copy, and those of the index files of `subdirs` and of
    the packages `replaced`, where the channel has them; and of what is `outdated` since an earlier try failed. After an
    error all of that is in `outdated`.
    """
    written = (subdirs or channeldata != "due") and bring_channeldata_forward(channel, log, channeldata)
    if channel.descriptor.cdn is None:
        return
    if written:
        outdated.documents.add(CHANNELDATA_JSON)
    outdated.subdirs.update(subdirs)
    outdated.packages.update(replaced)
    if not outdated.subdirs and not outdated.documents:
        return
    from chaninfra.index.cdn_invalidation import invalidate, paths

    scope: Scope = "changed" if len(outdated.packages) <= _MOST_NAMED else "all"
    try:
        told = sorted(outdated.subdirs), sorted(outdated.packages), scope, sorted(outdated.documents)
        invalidate(channel, paths(channel.descriptor, *told))
    except ChaninfraError as error:
        # The index is written, and the copies of the CDN expire by themselves.
        log.failed("cdn-not-refreshed", error)
    else:
        outdated.subdirs.clear()
        outdated.packages.clear()
        outdated.documents.clear()


def bring_channeldata_forward(channel: Channel, log: Log, when: When) -> bool:
    """Write channeldata.json where the channel has it, and it lacks something; whether it was written. An error is in
    the log alone: the next commit or comparison tries again.
    """
    if not channel.descriptor.index.has_channeldata:
        return False
    from chaninfra.index.channeldata.update import write_channeldata

    try:
        return write_channeldata(channel, when)
    except ChaninfraError as error:
        log.failed("channeldata-not-written", error)
        return False


def tend_snapshots(channel: Channel, log: Log) -> None:
    """Make the snapshot that is due, and remove the oldest, where the channel has `snapshots`. An error is in the log
    alone: the channel is followed all the same, and the next comparison tries again.
    """
    if channel.descriptor.snapshots is UNSET:
        return
    from chaninfra.index.snapshots.automatic import tend

    try:
        log_tended(channel, log, tend(channel))
    except ChaninfraError as error:
        log.failed("snapshots-failed", error)


def log_tended(channel: Channel, log: Log, tended: Tended) -> None:
    """Tell which snapshots were made and removed, in the log and to the CDN; and that none is made, since the newest is
    of the future.
    """
    url = channel.descriptor.url
    if tended.ahead(channel.runtime.now_ms()):
        log.write(
            "snapshot-of-the-future",
            "warning",
            channel=url,
            snapshot=tended.newest,
            remedy=f"set the clocks by NTP; if it is wrong, remove it: chaninfra snapshot rm {tended.newest} -c {url}",
        )
    if not tended.changed:
        return
    made = [tended.made.name] if tended.made and tended.made.outcome != "present" else []
    log.write("snapshots", channel=url, made=[*made, *tended.finished], removed=[*tended.removed])
    if channel.descriptor.cdn is not None:
        from chaninfra.index.cdn_invalidation import invalidate, snapshot_paths

        try:
            invalidate(channel, snapshot_paths(channel.descriptor, tended.removed))
        except ChaninfraError as error:
            log.failed("cdn-not-refreshed", error)


def leave_mark(channel: Channel, log: Log, task: Task, by: By) -> None:
    """Say in the channel that a task has just ended well, for `doctor`. Where that cannot be said, it goes on."""
    try:
        # A variable that Lambda sets (Lambda Developer Guide, "Defined runtime environment variables").
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME") if by == "aws-lambda" else None
        outcome = write_mark(channel, task, by, EVERY_S[task], function)
    except ChaninfraError as error:
        log.failed("follow-json-not-written", error)
        return
    if outcome in NOT_WRITTEN:
        reason, remedy = NOT_WRITTEN[outcome]
        log.write("follow-json-not-written", "warning", reason=reason, remedy=remedy)
