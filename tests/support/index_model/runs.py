"""The runs of the processes of the model checker: what each asks for after the answers that it has had.

A run that waits for an answer is kept, and goes on where the search goes on from there: most states have but one state
after them. Where the search comes back to an earlier request, the process is run anew, with the answers that it had. So
each run has a thread of its own; one of them alone does something at any time, and the search waits for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

from chaninfra.channel.errors import ChaninfraError
from support.index_model.requests import Answer, Replay, ReplayRuntime, ViolationError, Waiting

MOST = 250
"""Requests that a process may make before it counts as one that does not end: it needs 40 alone."""
KEPT = 100
"""Most runs that wait."""
ENDED = -1
"""In place of the id of the answers of a process that has ended."""
Request = tuple[Any, ...] | None
"""What a process asks for; None: it has ended or crashed."""


@dataclass(frozen=True)
class Process:
    """A program that the model checker runs with a store and a runtime."""

    name: str
    run: Callable[..., object]
    """Called with the store and the runtime."""
    lists: bool = False
    """Whether it lists the packages. A publisher or yanker does so only where it takes the index for another tool's."""
    ours: bool = True
    """Whether it is chaninfra."""
    derives: bool = False
    """Whether it brings the derived files forward even where they are not due."""
    makes: str | None = None
    """A file that must have a record after the process has ended."""
    takes: str | None = None
    """A file that must not have a record after the process has ended."""
    now: int = 1_767_225_600_000
    """When it begins, in ms since 1970."""


class Runs:
    """The runs of some processes. A list of answers has an id, which is 0 for no answers."""

    def __init__(self, processes: list[Process], *, anew: bool = False) -> None:
        """`anew`: each run is from the start, and nobody else runs before it makes its request."""
        self._processes = processes
        self._most = 0 if anew else KEPT
        self._answers: list[tuple[int, Answer, int]] = [(ENDED, (None, 0), 0)]
        """By id: the id of the list without its last answer, that answer, and how many there are."""
        self._next: dict[tuple[int, Any], int] = {}
        self._read: set[int] = set()
        """The ids of those whose last answer is that of a request that changes nothing."""
        self._requests: dict[tuple[int, int], Request] = {}
        self._waiting: OrderedDict[tuple[int, int], _Run] = OrderedDict()
        """By number of the process and id of its answers; who waits for longest is the first."""

    def append(self, history: int, short: Any, answer: Answer) -> int:
        """The id of the list with one more answer, of which `short` tells it from others."""
        key = (history, short)
        if key not in self._next:
            self._answers.append((history, answer, self._answers[history][2] + 1))
            self._next[key] = len(self._answers) - 1
            if short[0][0] not in ("put", "delete"):
                self._read.add(self._next[key])
        return self._next[key]

    def request(self, number: int, history: int | None) -> Request:
        """What the process of this number asks for after these answers; None: it has crashed or ended."""
        if history is None or history == ENDED:
            return None
        key = (number, history)
        if key not in self._requests:
            self._requests[key] = self._run(self._processes[number], number, history)
        return self._requests[key]

    def has_just_written(self, history: int) -> bool:
        """Whether the last of these answers is that of a request that changes the store, or there is none."""
        return history not in self._read

    def _run(self, process: Process, number: int, history: int) -> Request:
        before, answer, count = self._answers[history]
        if count > MOST:
            raise ViolationError(f"{process.name} does not end")
        run = self._waiting.pop((number, before), None)
        if run is not None:
            request = run.goes_on(answer)
        else:
            run = _Run(process, self._all(history))
            request = run.starts()
        if request is None:
            return None
        self._waiting[number, history] = run
        if len(self._waiting) > self._most:
            self._waiting.popitem(last=False)[1].stop()
        return request

    def _all(self, history: int) -> list[Answer]:
        answers = []
        while history > 0:
            history, answer, _ = self._answers[history]
            answers.append(answer)
        return answers[::-1]

    def close(self) -> None:
        """Stop all that wait."""
        while self._waiting:
            self._waiting.popitem()[1].stop()


class _Run:
    """A process in a thread, with the answers that it has had."""

    def __init__(self, process: Process, answers: list[Answer]) -> None:
        self._process = process
        self._replay = Replay(answers, self._ask)
        self._asked: SimpleQueue[Request | BaseException] = SimpleQueue()
        self._answered: SimpleQueue[Answer | None] = SimpleQueue()
        self._thread = Thread(target=self._work, daemon=True)

    def starts(self) -> Request:
        """The first request that has no answer; None: it ends without one."""
        self._thread.start()
        return self._came()

    def goes_on(self, answer: Answer) -> Request:
        """The request after this answer; None: it ends without one."""
        self._answered.put(answer)
        return self._came()

    def stop(self) -> None:
        """End it where it waits."""
        self._answered.put(None)
        self._thread.join()

    def _came(self) -> Request:
        came = self._asked.get()
        if isinstance(came, ChaninfraError):
            raise ViolationError(f"{self._process.name} failed: {came}") from came
        if isinstance(came, BaseException):
            raise came
        return came

    def _work(self) -> None:
        try:
            self._process.run(self._replay, ReplayRuntime(self._replay, self._process.name, self._process.now))
        except Waiting:
            return
        except BaseException as error:
            self._asked.put(error)
            return
        self._asked.put(None)

    def _ask(self, request: tuple[Any, ...]) -> Answer:
        self._asked.put(request)
        answer = self._answered.get()
        if answer is None:
            # Whatever it asks for while it ends.
            self._answered.put(None)
            raise Waiting
        return answer
