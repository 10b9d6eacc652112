"""What follows the channel, or runs on a schedule: whether it still does."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import UnsetType

from chaninfra.channel.conda.index_settings import duration
from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import EVERY_S, Task
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import StoredObject
from chaninfra.channel.probe.finding import Finding, State
from chaninfra.channel.text import count, one_line
from chaninfra.doctor.follower_queue import QueueError, read_queue
from chaninfra.index.follow.mark import Mark, MarkError, NewerMarkError, Run, is_late, read_mark

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_IN_LINE: tuple[Task, ...] = ("compare", "reindex")
"""The tasks that bring the index in line with the packages."""
_DONE: dict[Task, str] = {"compare": "compared with its index", "reindex": "re-indexed", "gc": "cleaned up by `gc`"}
_BY = {"process": "`chaninfra follow`", "aws-lambda": "AWS Lambda", "job": "a scheduled job"}
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_CLOCKS = timedelta(minutes=15)
"""Stores refuse requests of a machine whose clock differs by more."""


def follow(exam: Examination) -> Iterator[Finding]:
    """Where `index.follow` is declared, something follows the channel; and what ran on a schedule still does."""
    declared = not isinstance(exam.settings.follow, UnsetType)
    try:
        mark = read_mark(exam.store, exam.descriptor.key(FOLLOW_JSON))
    except DeniedError:
        yield Finding(state="skipped", found=f"these credentials may not read {FOLLOW_JSON}")
        return
    except NewerMarkError as error:
        yield Finding(state="skipped", found=f"{error.summary}: {error.remedy}", remedy=error.remedy)
        return
    except MarkError as error:
        yield Finding(state="failed" if declared else "warning", found=error.summary, remedy=error.remedy)
        return
    now = exam.channel.runtime.now_ms()
    runs = {} if mark is None else mark.runs()
    if declared:
        yield from _declared(exam, mark or Mark(), now)
    elif runs:
        late = _late(runs, now)
        yield from _stopped(exam, late, now, "warning")
        if not late:
            yield Finding(state="ok", found=f"not declared (`index.follow`); {_told(runs, now)}")
    else:
        yield Finding(state="ok", found="not declared (`index.follow`), and nothing has followed the channel")


def _declared(exam: Examination, mark: Mark, now: int) -> Iterator[Finding]:
    runs = mark.runs()
    late = _late(runs, now)
    if not any(task in runs for task in _IN_LINE):
        yield _nothing_yet(exam, now)
    in_line = any(task in runs and task not in late for task in _IN_LINE)
    yield from _stopped(exam, late, now, "warning" if in_line else "failed")
    for task, run in runs.items():
        ahead = timedelta(milliseconds=run.at - now)
        if ahead > _CLOCKS:
            found = f"the clock of what ran it is {_time(ahead.total_seconds())} ahead: {_told({task: run}, now)}"
            yield Finding(state="warning", found=found, remedy="set the clocks of both machines by NTP")
    if in_line and not late:
        yield Finding(state="ok", found=_told(runs, now))
    compare = mark.compare
    if compare is not None and compare.function is not None:
        yield _queue(exam, compare.function)


def _late(runs: dict[Task, Run], now: int) -> dict[Task, Run]:
    """Those that are overdue."""
    return {task: run for task, run in runs.items() if run.late(now)}


def _stopped(exam: Examination, late: dict[Task, Run], now: int, state: State) -> Iterator[Finding]:
    """A finding for each task that is overdue; `state`: of those that bring the index in line."""
    for task, run in late.items():
        yield Finding(
            state=state if task in _IN_LINE else "warning",
            found=f"stopped: {_told({task: run}, now)}",
            remedy=f"{_look(exam, task, run)}. If it was turned off for good, delete {exam.channel.url(FOLLOW_JSON)}",
        )


def _nothing_yet(exam: Examination, now: int) -> Finding:
    """Nothing has compared or re-indexed the channel. Where it was declared just now, that is as it should be: by the
    clock something runs for the first time when its time is over.
    """
    found = f"`index.follow` is declared, but nothing has followed the channel yet (there is no run in {FOLLOW_JSON})"
    start = exam.remedies.command("follow", "--every", "30s")
    remedy = (
        f"start `{start}` where it can go on running; on AWS `pulumi up` makes a function instead. It needs the rights "
        f"of a maintainer, else it cannot write {FOLLOW_JSON}"
    )
    written = exam.channel_json_read
    if isinstance(written, StoredObject):
        age_ms = now - int(written.entry.modified.timestamp() * 1000)
        if is_late(age_ms, EVERY_S["compare"]):
            return Finding(state="failed", found=found, remedy=remedy)
        return Finding(state="warning", found=f"{found}; channel.json was written {_ago(age_ms)}", remedy=remedy)
    return Finding(state="failed", found=found, remedy=remedy)


def _queue(exam: Examination, name: str) -> Finding:
    try:
        queue = read_queue(exam.descriptor, exam.credentials, name)
    except QueueError as error:
        return Finding(state="skipped", found=f"the queue {name} cannot be looked at: {one_line(str(error))}")
    if queue.dead:
        move = ["start-message-move-task", "--source-arn", queue.dead_letters or ""]
        again = shlex.join(["aws", "sqs", *move, "--region", exam.descriptor.region])
        return Finding(
            state="failed",
            found=f"{count(queue.dead, 'message')} of the queue {name} could not be worked on: dead letters",
            remedy=f"see why: `{_log(exam, name)}`; then send them again: `{again}`",
        )
    return Finding(state="ok", found=f"{count(queue.waiting, 'message')} waiting in the queue {name}, no dead letters")


def _log(exam: Examination, function: str) -> str:
    """The command that shows the log of the function in AWS Lambda."""
    tail = ["aws", "logs", "tail", f"/aws/lambda/{function}", "--since", "1d"]
    return shlex.join([*tail, "--region", exam.descriptor.region])


def _look(exam: Examination, task: Task, run: Run) -> str:
    """Where to look for why it stopped."""
    if run.by == "process":
        start = exam.remedies.command("follow", "--every", "30s")
        return f"see the log of the process (`journalctl -u chaninfra-follow`, say), or start one: `{start}`"
    if run.by == "aws-lambda":
        where = f": `{_log(exam, run.function)}`" if run.function else " in CloudWatch"
        return f"see the log of the function{where}"
    command = exam.remedies.command("gc" if task == "gc" else "reindex", "--scheduled", duration(run.every))
    return f"see the last runs of the job, or do it now: `{command}`"


def _told(runs: dict[Task, Run], now: int) -> str:
    return "; ".join(
        f"{_DONE[task]} {_ago(now - run.at)} by {_BY.get(run.by, run.by)}, which does so {_every(run.every)}"
        for task, run in runs.items()
    )


def _ago(ms: int) -> str:
    return "just now" if ms < 1000 else f"{_time(ms / 1000)} ago"


def _every(seconds: int) -> str:
    return f"every {_time(seconds).removeprefix('1 ')}"


def _time(seconds: float) -> str:
    """In whole units, the largest of which there are two, or that is meant exactly: `90 minutes`, `1 day`."""
    unit, size = next(
        ((unit, size) for unit, size in _UNITS if seconds >= 2 * size or (seconds >= size and not seconds % size)),
        ("second", 1),
    )
    return count(int(seconds // size), unit)
