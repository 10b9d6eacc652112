"""Runs the mirrors of a followed channel (`mirrors` with `every`), beside the follower.

A first copy may take hours, so it has a thread of its own, one for all mirrors, and a channel that it opens itself. It
is a daemon: a process that is stopped breaks a copy off, and the next start goes on with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError
from chaninfra.follow.told import Outdated, refresh_cdn

if TYPE_CHECKING:
    from chaninfra.follow.log import Log
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.mirrors.run import PlannedRun, Ran

Run = Callable[["Channel", str], "tuple[PlannedRun, Ran]"]

_EARLY_S = 300.0
"""A run is due so many seconds before its time, since it is only looked for after each hourly comparison."""


class MirrorRuns:
    """The runs of one channel."""

    def __init__(self, open_channel: Callable[[], Channel], log: Log, run: Run | None = None) -> None:
        """`run`: runs the mirror of a name; default: `run_mirror`."""
        self._open = open_channel
        self._log = log
        self._run = run or _run
        self._last: dict[str, float] = {}
        self._outdated = Outdated()
        self._thread: threading.Thread | None = None

    def look(self, channel: Channel) -> None:
        """Run the mirrors that are due, in the background; nothing while the last ones still run."""
        if self._thread is not None and self._thread.is_alive():
            return
        now = time.monotonic()
        due = [
            name
            for name, mirror in channel.descriptor.mirrored.items()
            if mirror.every_s is not None
            and (name not in self._last or now - self._last[name] >= mirror.every_s - _EARLY_S)
        ]
        if not due:
            return
        self._last |= dict.fromkeys(due, now)
        self._thread = threading.Thread(target=self._all, args=(due,), daemon=True, name="mirrors")
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until what runs is done, for so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _all(self, names: list[str]) -> None:
        for name in names:
            try:
                channel = self._open()
                planned, ran = self._run(channel, name)
                log_ran(self._log, planned, ran)
                refresh_cdn(channel, self._log, self._outdated, ran.subdirs)
            except ChaninfraError as error:
                # The next one tries again: what was committed stays.
                self._log.failed("mirror-failed", error, mirror=name)


def log_ran(log: Log, planned: PlannedRun, ran: Ran) -> None:
    """Tell what a run did: an error for each package that was not copied."""
    name, pruned = planned.name, ran.pruned
    for failed in ran.copied.failed:
        log.failed("not-copied", failed.error, mirror=name, package=failed.package)
    if ran.copied.stopped is not None:
        log.failed("mirror-failed", ran.copied.stopped, mirror=name)
    for left_out in planned.plan.left_out:
        log.write("not-copied", "warning", mirror=name, package=left_out.package, reason=left_out.reason)
    if planned.selection.unnamed:
        log.write("mirror-specs-name-nothing", "warning", mirror=name, specs=planned.selection.unnamed)
    log.write(
        "mirrored",
        mirror=name,
        source=planned.mirror.source,
        copied=[each.package.path_in_channel for each in ran.copied.packages],
        already=len(ran.copied.already),
        yanked=pruned.yanked if pruned is not None else (),
        back=pruned.back if pruned is not None else (),
        deleted_here=planned.withdrawn,
        retired=len(planned.retired),
    )


def _run(channel: Channel, name: str) -> tuple[PlannedRun, Ran]:
    from chaninfra.index.copy.mirrors.run import run_mirror

    return run_mirror(channel, name)
