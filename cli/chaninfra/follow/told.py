"""What followers tell of their work: in the log, to the CDN, and in the channel."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaninfra.channel.conda.upkeep import EVERY_S, Task
from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.follow.mark import NOT_WRITTEN, By, write_mark

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.follow.log import Log
    from chaninfra.index.channel import Channel
    from chaninfra.index.follow.compare import Compared
    from chaninfra.index.follow.follow import Followed, Lost
    from chaninfra.index.reindex_plan import Scope
    from chaninfra.index.report import SubdirReport

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
    """What the CDN has old copies of: the index files of the subdirs, and the packages (`<subdir>/<file>`)."""

    subdirs: set[Subdir] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)


def refresh_cdn(
    channel: Channel, log: Log, outdated: Outdated, subdirs: Collection[Subdir] = (), replaced: Iterable[str] = ()
) -> None:
    """Have the CDN, if there is one, drop its copies of the index files of `subdirs` and of the packages `replaced`;
    and of what is `outdated` since an earlier try failed. After an error all of that is in `outdated`.
    """
    if channel.descriptor.cdn is None:
        return
    outdated.subdirs.update(subdirs)
    outdated.packages.update(replaced)
    if not outdated.subdirs:
        return
    from chaninfra.index.cdn_invalidation import invalidate, paths

    scope: Scope = "changed" if len(outdated.packages) <= _MOST_NAMED else "all"
    try:
        invalidate(channel, paths(channel.descriptor, sorted(outdated.subdirs), sorted(outdated.packages), scope))
    except ChaninfraError as error:
        # The index is written, and the copies of the CDN expire by themselves.
        log.failed("cdn-not-refreshed", error)
    else:
        outdated.subdirs.clear()
        outdated.packages.clear()


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
