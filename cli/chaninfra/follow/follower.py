"""The loop of a follower: collects hints for a moment, follows them by one commit a subdir, and compares the channel
with its index, and sees to its snapshots and mirrors, when it starts and every hour.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from chaninfra.channel.conda.upkeep import EVERY_S
from chaninfra.channel.errors import ChaninfraError
from chaninfra.follow.log import Log
from chaninfra.follow.metrics import Metrics, Source
from chaninfra.follow.pending import Pending
from chaninfra.follow.told import (
    Outdated,
    leave_mark,
    log_compared,
    log_followed,
    log_lost,
    refresh_cdn,
    tend_snapshots,
)
from chaninfra.index.follow.compare import changed, compare
from chaninfra.index.follow.follow import Followed, follow
from chaninfra.index.follow.keys import path_of

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.channel import Channel
    from chaninfra.index.follow.compare import Etags
    from chaninfra.index.follow.follow import Seen

_WINDOW_S = 0.5
"""Seconds for which hints are collected, from the first one."""
_BATCH = 500
"""Most keys of a batch."""
_MISSED_EVERY_S = 60.0
"""Least seconds between two comparisons where hints were missed: whoever floods a follower does not make it list the
channel all the time."""
_LONGEST_BACK_OFF_S = 60.0
_FAILURES_AT_THE_END = 3
"""After so many failures a follower that was told to stop leaves the rest to the next start."""
_UNHEALTHY = 3


class Follower:
    """Follows one channel. `open_channel` opens it, also again: credentials expire, and settings change."""

    def __init__(
        self,
        open_channel: Callable[[], Channel],
        metrics: Metrics,
        log: Log,
        *,
        channel: Channel,
        list_every: float | None = None,
        mirrors: Callable[[Channel], None] | None = None,
    ) -> None:
        """`channel`: it, opened. `list_every`: seconds from one listing to the next, which finds changes without an
        event. `mirrors`: what runs the mirrors that are due, without waiting for them.
        """
        self.metrics = metrics
        self.log = log
        self._open = open_channel
        self._channel = channel
        self._reopen = False
        self._pending = Pending()
        self._every = list_every
        self._mirrors = mirrors
        self._seen: Seen = {}
        self._outdated = Outdated()
        self._etags: dict[Subdir, Etags] = {}
        self._next_comparison = self._next_listing = 0.0
        self._after_missed = 0.0
        self._failures = 0
        self._outrun = False
        self._compared = False

    @property
    def healthy(self) -> bool:
        """Whether the channel was compared with its index once, and the last tries have not all failed."""
        return self._compared and self._failures < _UNHEALTHY

    @property
    def failing(self) -> bool:
        """Whether the last try has failed: what is taken meanwhile waits for a store that may not come back."""
        return self._failures > 0

    @property
    def bucket(self) -> str:
        """The bucket of the channel."""
        return self._channel.descriptor.bucket

    def hint(self, keys: Iterable[str], source: Source, receipt: Callable[[], None] | None = None) -> int | None:
        """Take the keys that are of packages or sidecars of the channel, and return how many are: from any thread.

        `receipt` is called when they are in line; at once, where there are none. None: too many wait, so that none was
        taken; a listing finds them, and `receipt` is not called.
        """
        named = [*keys]
        wanted = [key for key in named if path_of(self._channel.descriptor, key) is not None]
        self.metrics.passed_over.inc(len(named) - len(wanted))
        self.metrics.hints.labels(source).inc(len(wanted))
        if wanted:
            taken = self._pending.add(wanted, receipt)
            self.metrics.pending.set(len(self._pending))
            if not taken:
                return None
        elif receipt is not None:
            receipt()
        return len(wanted)

    def missed(self) -> None:
        """Some hints may not have come: let a listing find them."""
        self._pending.overflow()

    def stop(self) -> None:
        """Let `run` end when all that waits is in line."""
        self._pending.stop()

    def run(self) -> int:
        """Follow until `stop` is called. Returns the number of keys that could not be followed before the end."""
        while not self._pending.stopping:
            now = time.monotonic()
            due = self._next_comparison if self._every is None else min(self._next_comparison, self._next_listing)
            self._pending.wait(due - now)
            if self._pending.stopping:
                break
            if self._pending.overflowed() and self._after_missed < self._next_comparison:
                self.log.write("too-many-hints", "warning", then="a listing finds them")
                self._next_comparison = self._after_missed
            self._round()
        while len(self._pending) and self._failures < _FAILURES_AT_THE_END:
            self._try(self._follow)
        return len(self._pending)

    def _round(self) -> None:
        now = time.monotonic()
        if now >= self._next_comparison:
            self._try(self._compare)
        elif self._every is not None and now >= self._next_listing:
            self._try(self._list)
        if len(self._pending) and not self._pending.stopping:
            self._pending.wait(self._window(), _BATCH)
            self._try(self._follow)

    def _window(self) -> float:
        """Seconds for which more hints are collected: until the oldest has waited _WINDOW_S. Where another follower was
        faster with the last ones it is let go ahead, so that the two do not read the same packages at the same time.
        """
        if self._outrun:
            return _WINDOW_S * random.uniform(1, 2)  # noqa: S311
        return self._pending.since + _WINDOW_S - time.monotonic()

    def _try(self, step: Callable[[], None]) -> None:
        """Do it; after an error wait, longer from error to error, and let the loop do it again."""
        try:
            if self._reopen:
                self._channel = self._open()
                self._reopen = False
            step()
        except ChaninfraError as error:
            self._failures += 1
            self.metrics.failures.inc()
            seconds = min(_LONGEST_BACK_OFF_S, 0.5 * 2**self._failures) * random.uniform(0.5, 1)  # noqa: S311
            self.log.failed("failed", error, again_in_seconds=round(seconds, 1), pending=len(self._pending))
            # Credentials may have expired, or the settings have changed.
            self._reopen = True
            if not self._pending.stopping:
                self._pending.pause(seconds)
            else:
                time.sleep(min(seconds, 1.0))
            return
        self._failures = 0
        self.metrics.last_success.set_to_current_time()

    def _compare(self) -> None:
        if self._compared:
            self._channel = self._open()
        compared = compare(self._channel, self._seen, log_lost(self.log))
        self.metrics.comparisons.inc()
        log_compared(self.log, compared)
        refresh_cdn(self._channel, self.log, self._outdated, [report.subdir for report in compared.reindexed])
        self.log.write("compared", found=len(compared.keys))
        self._etags = compared.etags
        self._follow_found(compared.keys)
        # Only now: with `monolith: never` nothing else adds what was just followed.
        refresh_cdn(self._channel, self.log, self._outdated, channeldata="upkeep")
        self._compared = True
        self._after_missed = time.monotonic() + _MISSED_EVERY_S
        self._next_comparison = time.monotonic() + EVERY_S["compare"]
        self._next_listing = time.monotonic() + (self._every or 0.0)
        leave_mark(self._channel, self.log, "compare", "process")
        tend_snapshots(self._channel, self.log)
        if self._mirrors is not None:
            self._mirrors(self._channel)

    def _list(self) -> None:
        keys, etags = changed(self._channel, self._etags)
        self._next_listing = time.monotonic() + (self._every or 0.0)
        self._follow_found(keys)
        # Only now: what could not be followed is found again.
        self._etags = etags
        refresh_cdn(self._channel, self.log, self._outdated)

    def _follow_found(self, keys: Iterable[str]) -> None:
        """Follow what a listing has found: in batches, since it may be everything."""
        found = sorted(keys)
        self.metrics.hints.labels("listing").inc(len(found))
        for start in range(0, len(found), _BATCH):
            self._done(follow(self._channel, found[start : start + _BATCH], self._seen, log_lost(self.log)))

    def _follow(self) -> None:
        batch = self._pending.take(_BATCH)
        try:
            done = follow(self._channel, batch.keys, self._seen, log_lost(self.log))
            self._done(done)
        except BaseException:
            self._pending.put_back(batch)
            raise
        self._outrun = done.needless > 0
        now = time.monotonic()
        for since in batch.keys.values():
            self.metrics.lag.observe(now - since)
        self.metrics.pending.set(len(self._pending))
        for receipt in self._pending.done(batch, done.again):
            receipt()

    def _done(self, done: Followed) -> None:
        """Count and log what a follow did, and take up what changed meanwhile."""
        metrics = self.metrics
        for kind in ("added", "replaced", "dropped", "signed"):
            metrics.changes.labels(kind).inc(len(getattr(done, kind)))
        metrics.read.inc(done.read)
        metrics.commits.inc(sum(done.commits.values()))
        metrics.left_out.set(done.listed)
        metrics.held.set(done.listed_as_held)
        log_followed(self.log, done)
        refresh_cdn(self._channel, self.log, self._outdated, done.written, done.replaced)
        if done.again:
            self._pending.add(done.again)
