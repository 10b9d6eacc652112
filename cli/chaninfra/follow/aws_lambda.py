"""The function that follows channels in AWS Lambda, fed by a queue of SQS, and by the clock.

- Messages of SQS with the events of S3, in any format that `events` knows. Those whose packages could not be followed
  are reported, so that they alone come again: AWS Lambda Developer Guide, "Handling errors for an SQS event source in
  Lambda", "Implementing partial batch responses".
- `{"chaninfra": "compare"}`, `reindex`, `gc` or `snapshots`, see `channel.conda.upkeep`.

Which channels there are says `upkeep.CHANNELS_VARIABLE`; everything else, their channel.json. Files are only written
below the folder for temporary files.
"""

from __future__ import annotations

import os
import random
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE, ORDERS, TASKS, Order
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, RefusedError
from chaninfra.follow.aws_channels import Channels, channels_in, open_channel
from chaninfra.follow.events import EventError, hints_in
from chaninfra.follow.log import Log
from chaninfra.follow.told import leave_mark, log_followed, log_lost, refresh_cdn
from chaninfra.index.follow.follow import Followed, follow
from chaninfra.index.package.sidecars import sidecar_name

_BATCH = 500
"""Most keys that are followed at once."""
_RESERVE_MS = 60_000
"""Milliseconds that must be left to begin more: a follow of a large channel takes some seconds, and may wait. Half of
the time, where the function has less than twice that."""
_WAITS_S = (1, 5, 25)
"""Seconds from one try to the next, after errors that may pass: credentials that have expired, a store that is busy."""
_TIMES = 3
"""How often packages are followed that change again and again, before their messages wait for another time."""


class _Message(Struct, rename="camel"):
    """A message of SQS, as Lambda hands it over."""

    event_source: Literal["aws:sqs"]
    message_id: Annotated[str, Meta(max_length=256)]
    body: str


class _Messages(Struct):
    records: list[_Message] = msgspec.field(name="Records")


class _Order(Struct):
    task: Order = msgspec.field(name="chaninfra")


class Clock:
    """The time that this call of the function has left."""

    def __init__(self, context: Any) -> None:
        """`context`: what Lambda hands over."""
        self._context = context
        self._reserve = min(_RESERVE_MS, self._left() // 2)

    def _left(self) -> int:
        return int(self._context.get_remaining_time_in_millis())

    @property
    def is_short(self) -> bool:
        """Whether there is too little time to begin more."""
        return self._left() < self._reserve


class Function:
    """What the function keeps from one call to the next."""

    def __init__(self, channels: Channels, log: Log) -> None:
        self.channels = channels
        self.log = log

    def messages(self, messages: Iterable[_Message], clock: Clock) -> list[str]:
        """Follow what the messages tell. Returns the ids of those that are to come again.

        One that is no event never succeeds: it comes again until it is a dead letter, where somebody sees it.
        """
        failed: dict[str, None] = {}
        wanted: dict[str, dict[str, list[str]]] = {}
        passed_over = 0
        for message in messages:
            try:
                hints = hints_in(message.body)
            except EventError as error:
                self.log.write("refused", "error", reason="malformed", message=message.message_id, error=str(error))
                failed[message.message_id] = None
                continue
            for hint in hints:
                url = self.channels.of(hint)
                if url is None:
                    passed_over += 1
                else:
                    wanted.setdefault(url, {}).setdefault(hint.key, []).append(message.message_id)
        if passed_over:
            self.log.write("passed-over", keys=passed_over)
        for url, keys in wanted.items():
            for key in self.follow(url, keys, clock):
                # A package that changed, and of which only the sidecar was named.
                failed |= dict.fromkeys(keys.get(key) or keys.get(sidecar_name(key)) or [])
        return [*failed]

    def follow(self, url: str, keys: Iterable[str], clock: Clock) -> list[str]:
        """Follow these keys of a channel, in batches. Returns those that are to be followed again: after an error,
        which is in the log, or for lack of time.
        """
        left, changing = sorted(keys), []
        times: Counter[str] = Counter()
        while left:
            if clock.is_short:
                self.log.write("out-of-time", "warning", channel=url, left=len(left))
                break
            batch, later = left[:_BATCH], left[_BATCH:]
            done = self._follow(url, batch, clock)
            if done is None:
                break
            times.update(done.again)
            changing += [key for key in done.again if times[key] == _TIMES]
            left = later + [key for key in done.again if times[key] < _TIMES]
        if changing:
            self.log.write("changing", "warning", channel=url, keys=changing)
        return changing + left

    def _follow(self, url: str, batch: list[str], clock: Clock) -> Followed | None:
        """Follow a batch; after an error that may pass, again, with the channel opened anew. None: that did not help.

        A message that fails is hidden from this function for longer than one call of it can take.
        """
        for seconds in (*_WAITS_S, None):
            try:
                opened = self.channels.get(url)
                done = follow(opened.channel, batch, opened.seen, log_lost(self.log))
            except Exception as error:
                self.channels.renew(url)
                if seconds is None or not _may_pass(error) or clock.is_short:
                    self.failed(url, error)
                    return None
                self.failed(url, error, again_in_seconds=seconds)
                time.sleep(seconds * random.uniform(0.5, 1))  # noqa: S311 (not used for security)
            else:
                log_followed(self.log, done)
                refresh_cdn(opened.channel, self.log, opened.outdated, done.written, done.replaced)
                return done
        return None

    def task(self, task: Order, clock: Clock) -> None:
        """Do it for each channel for which there is time, in another order each time: one that takes all of it does not
        keep the same others waiting. Raises ChaninfraError in the end if one failed, or had no turn.
        """
        from chaninfra.follow import aws_tasks

        failed = []
        for url in random.sample(self.channels.urls, len(self.channels.urls)):
            if clock.is_short:
                self.log.write("out-of-time", "warning", channel=url, task=task)
                failed.append(url)
                continue
            # With the settings and credentials of now.
            self.channels.renew(url)
            try:
                aws_tasks.RUN[task](self, url, clock)
                if task in TASKS:
                    leave_mark(self.channels.get(url).channel, self.log, task, "aws-lambda")
            except Exception as error:
                self.failed(url, error, task=task)
                failed.append(url)
        if failed:
            raise ChaninfraError(f"{task} failed for {', '.join(failed)}", remedy="the log says why")

    def failed(self, url: str, error: Exception, **fields: object) -> None:
        """Tell what went wrong. An error that is not one of ours is a bug, and what it says may hold anything."""
        if isinstance(error, ChaninfraError):
            self.log.failed("failed", error, channel=url, **fields)
        else:
            lines = [f"{frame.name} {frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-5:]]
            self.log.write("failed", "error", channel=url, error=type(error).__name__, at=lines, **fields)


def _may_pass(error: Exception) -> bool:
    return isinstance(error, ChaninfraError) and not isinstance(error, ConfigurationError | RefusedError)


_function: Function | None = None


def handler(event: object, context: Any) -> dict[str, list[dict[str, str]]] | None:
    """What Lambda calls, with the event and its context.

    For messages it returns which are to come again, for a task nothing. Raises ChaninfraError for a task that failed,
    so that Lambda counts an error, and ConfigurationError for what is neither.
    """
    global _function
    if _function is None:
        _function = Function(Channels(channels_in(os.environ.get(CHANNELS_VARIABLE)), open_channel), Log())
    clock = Clock(context)
    try:
        if isinstance(event, dict) and "chaninfra" in event:
            _function.task(msgspec.convert(event, _Order).task, clock)
            return None
        messages = msgspec.convert(event, _Messages).records
    except msgspec.ValidationError as error:
        tasks = ", ".join(f'{{"chaninfra": "{task}"}}' for task in ORDERS)
        raise ConfigurationError(
            f"is neither messages of SQS nor a task: {error}", where="the event", remedy=f"send one of {tasks}"
        ) from error
    failed = _function.messages(messages, clock)
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}
