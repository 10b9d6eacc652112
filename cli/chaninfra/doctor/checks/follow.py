"""What follows the channel, or runs on a schedule: whether it still does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import UnsetType

from chaninfra.channel.conda.index_settings import duration
from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import Task
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.probe.finding import Finding, State
from chaninfra.channel.text import count
from chaninfra.index.follow.mark import Mark, MarkError, NewerMarkError, Run, read_mark

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
        yield Finding(state="skipped", found=error.summary, remedy=error.remedy)
        return
    except MarkError as error:
        yield Finding(state="failed" if declared else "warning", found=error.summary, remedy=error.remedy)
        return
    now = exam.channel.runtime.now_ms()
    runs = {} if mark is None else mark.runs()
    if declared:
        yield from _declared(exam, mark or Mark(), now)
    elif runs:
        yield Finding(state="ok", found=f"not declared (`index.follow`); {_told(runs, now)}")
    else:
        yield Finding(state="ok", found="not declared (`index.follow`), and nothing says that it follows the channel")


def _declared(exam: Examination, mark: Mark, now: int) -> Iterator[Finding]:
    runs = mark.runs()
    late = [task for task, run in runs.items() if run.late(now)]
    if not any(task in runs for task in _IN_LINE):
        start = exam.remedies.command("follow", "--every", "30s")
        yield Finding(
            state="failed",
            found=f"`index.follow` is declared, but nothing has followed the channel: there is no {FOLLOW_JSON}"
            if not runs
            else "`index.follow` is declared, but nothing has followed the channel",
            remedy=f"start `{start}` where it can go on running, with the key or role of a maintainer: what runs with "
            f"another one may not write {FOLLOW_JSON}, so that this check cannot see it",
        )
    in_line = any(task in runs and task not in late for task in _IN_LINE)
    for task in late:
        state: State = "warning" if in_line or task not in _IN_LINE else "failed"
        yield Finding(
            state=state,
            found=f"stopped: {_told({task: runs[task]}, now)}",
            remedy=f"{_look(exam, task, runs[task])}. If it was turned off for good, delete "
            f"{exam.channel.url(FOLLOW_JSON)}",
        )
    for task, run in runs.items():
        ahead = timedelta(milliseconds=run.at - now)
        if ahead > _CLOCKS:
            found = f"the clock of what ran it is {_time(ahead.total_seconds())} ahead: {_told({task: run}, now)}"
            yield Finding(state="warning", found=found, remedy="set the clocks of both machines by NTP")
    if in_line and not late:
        yield Finding(state="ok", found=_told(runs, now))


def _look(exam: Examination, task: Task, run: Run) -> str:
    """Where to look for why it stopped."""
    if run.by == "process":
        start = exam.remedies.command("follow", "--every", "30s")
        return f"see the log of the process (`journalctl -u chaninfra-follow`, say), or start one: `{start}`"
    if run.by == "aws-lambda":
        return "see the log of the function in CloudWatch, and the alarms on its queue"
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
