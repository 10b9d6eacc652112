"""What the function in AWS Lambda does by the clock, for one channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import UNSET

from chaninfra.channel.conda.upkeep import Order
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import count
from chaninfra.follow.told import log_compared, log_lost, log_tended, refresh_cdn

if TYPE_CHECKING:
    from chaninfra.follow.aws_lambda import Clock, Function


def _compare(function: Function, url: str, clock: Clock) -> None:
    from chaninfra.index.follow.compare import compare

    opened = function.channels.get(url)
    compared = compare(opened.channel, opened.seen, log_lost(function.log))
    log_compared(function.log, compared)
    refresh_cdn(opened.channel, function.log, opened.outdated, [report.subdir for report in compared.reindexed])
    function.log.write("compared", channel=url, found=len(compared.keys))
    left = function.follow(url, compared.keys, clock)
    # Only now: with `monolith: never` nothing else adds what was just followed.
    refresh_cdn(opened.channel, function.log, opened.outdated, channeldata="upkeep")
    if left:
        raise ChaninfraError(
            f"{count(len(left), 'package')} could not be followed", where=url, remedy="the next run goes on with them"
        )


def _reindex(function: Function, url: str, clock: Clock) -> None:
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.reindex import reindex
    from chaninfra.index.report import HELD

    opened = function.channels.get(url)
    channel = opened.channel
    # Nobody looks at it who could say that the new bytes are right.
    report = reindex(channel, channel.descriptor.subdirs, hold=channel.descriptor.index.holds)
    for left in report.left_out:
        held = left.reason == HELD
        function.log.write(
            "held" if held else "left-out",
            "error" if held else "warning",
            package=left.package,
            reason=left.reason,
            remedy=left.remedy,
        )
    subdirs = changed(report)
    function.log.write("reindexed", channel=url, changed=subdirs, packages=sum(each.after for each in report.subdirs))
    replaced = [f"{each.subdir}/{file}" for each in report.subdirs for file in each.replaced]
    # Nor who could want another tool's replaced.
    refresh_cdn(channel, function.log, opened.outdated, subdirs, replaced, channeldata="upkeep")


def _gc(function: Function, url: str, clock: Clock) -> None:
    from chaninfra.index.gc import collect

    channel = function.channels.get(url).channel
    collected = collect(channel, channel.descriptor.subdirs, "write")
    function.log.write("collected", channel=url, deleted=len(collected.garbage), waiting=collected.waiting)
    if collected.unknown:
        raise ChaninfraError(
            "not all that is needed is known, so no shards were marked or deleted",
            where=", ".join(dict.fromkeys(each.key for each in collected.unknown)),
            remedy=f"run: chaninfra gc {url}",
        )


def _snapshots(function: Function, url: str, clock: Clock) -> None:
    from chaninfra.index.snapshots.automatic import tend

    channel = function.channels.get(url).channel
    if channel.descriptor.snapshots is not UNSET:
        log_tended(channel, function.log, tend(channel))


RUN: Mapping[Order, Callable[[Function, str, Clock], None]] = {
    "compare": _compare,
    "reindex": _reindex,
    "gc": _gc,
    "snapshots": _snapshots,
}
