"""A model checker for programs on one object store: it runs them in every order of their requests, without threads.

A process is real code. To find its next request, it is run from its start with a store that replays the answers it has
had so far, until it makes one more request, where an exception stops it. So the state of a process is its list of
answers, and a schedule can be continued in several ways from any point. Runs with equal answers are cached, and a state
that was reached before is not continued again: the search visits each state once, and so covers all schedules.

A preemption is a switch away from a process that could continue. A pause of a process counts as a request that the
store does not see, and may take as long as the others need: to switch away from it is no preemption. A crash ends a
process before one of its requests; that covers crashes after the request before it, since nothing else happens in
between. A lost answer is that of a PUT that was executed: the process gets the answer that a repetition of the PUT
gets, 412 if it has a condition. That of an index file may also be an error of the connection, whether the PUT was
executed or not.

All clocks show the same: that of the latest of the processes that have begun. None begins hours later while the PUT of
an authoritative index is under way.

Everybody ends: a process that fails, or makes more than MOST requests, breaks an invariant.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chaninfra.channel.errors import ChaninfraError, UnreachableError
from support.index_model.requests import LONG_AGO, PAUSE, Held, Objects, Replay, ReplayRuntime, Waiting, answer_to

HOUR = 3_600_000
MOST = 250
"""Requests that a process may make before it counts as one that does not end: it needs 40 alone."""


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


Trail = tuple[Any, int | None, str] | None
"""The schedule that led to a state: (that before it, process, what it did)."""


@dataclass(frozen=True)
class Node:
    """A state of the search."""

    objects: Objects
    histories: tuple[int | None, ...]
    """For each process the id of its list of answers; None: it crashed."""
    current: int | None = None
    """The process that made the last request."""
    preemptions: int = 0
    crashes: int = 0
    lost: int = 0
    writer: int | None = None
    """The process that wrote the authoritative index last."""
    highest: int = 0
    """The highest number that the authoritative index has had."""
    time: int = 0
    """What the clocks show, in ms since 1970."""
    trail: Trail = field(default=None, compare=False)
    """How the state was reached."""

    def after(self, step: str, **changed: Any) -> Node:
        """The state after this step of the current process."""
        return dataclasses.replace(self, trail=(self.trail, self.current, step), **changed)


class ViolationError(AssertionError):
    """A schedule breaks an invariant."""


@dataclass(kw_only=True)
class Search:
    """The schedules of the processes with at most `preemptions`, `crashes` and `lost` answers.

    `check(objects, makes, takes)` is called in each state, where `makes` and `takes` are those of the processes that
    have ended. `moved(key, before, after, objects)` is called when a process of ours replaces an object. `end(objects,
    writer, crashed, makes, takes)` is called in each state where all processes have ended or crashed; `writer` is the
    process that wrote the authoritative index last, None if it crashed. All raise ViolationError where an invariant
    does not hold.
    """

    processes: list[Process]
    start: dict[str, Held]
    authoritative: str
    """The key of the authoritative index."""
    derived: tuple[str, ...]
    """The keys of the derived files."""
    dated: tuple[str, ...]
    """The objects below these keys tell when they were put; the others seem to be very old."""
    number: Callable[[bytes], int | None]
    """The number of an authoritative index; None: another tool wrote it."""
    check: Callable[[Objects, frozenset[str], frozenset[str]], None]
    moved: Callable[[str, Held, Held, Objects], None]
    end: Callable[[Objects, Process | None, bool, frozenset[str], frozenset[str]], None]
    unlisted: str | None = None
    """The folder of the packages, where no process may take the index for another tool's."""
    in_turn: bool = False
    """Whether a process starts only when the one before it has ended or crashed."""
    preemptions: int = 4
    crashes: int = 1
    lost: int = 0
    states: int = 0
    _answers: list[tuple[int, Any, int]] = field(default_factory=lambda: [(-1, None, 0)])
    _next: dict[tuple[int, Any], int] = field(default_factory=dict)
    _runs: dict[tuple[int, int], tuple[Any, ...] | None] = field(default_factory=dict)

    def all(self) -> None:
        """Visit all states."""
        seen: dict[Any, tuple[int, int, int]] = {}
        stack = [self._first()]
        while stack:
            node = stack.pop()
            used = (node.preemptions, node.crashes, node.lost)
            key = (node.objects, node.histories, node.current, node.writer, node.highest, node.time)
            known = seen.get(key)
            if known is not None and all(a <= b for a, b in zip(known, used, strict=True)):
                continue
            if known is None or all(a >= b for a, b in zip(known, used, strict=True)):
                seen[key] = used
            self.states += 1
            stack.extend(self._explore(node))

    def some(self, seed: int, runs: int) -> None:
        """Run random schedules, with any number of preemptions."""
        rng = random.Random(seed)
        self.preemptions = 1_000_000
        for _ in range(runs):
            node = self._first()
            while True:
                self.states += 1
                after = self._explore(node)
                if not after:
                    break
                # Mostly steps without a fault, or no process would reach its end.
                faultless = [each for each in after if (each.crashes, each.lost) == (node.crashes, node.lost)]
                node = rng.choice(faultless if faultless and rng.random() < 0.97 else after)

    def _first(self) -> Node:
        number = self.number(self.start[self.authoritative].data) if self.authoritative in self.start else 0
        return Node(frozenset(self.start.items()), (0,) * len(self.processes), highest=number or 0)

    def _explore(self, node: Node) -> list[Node]:
        """Check a state, and return those after it. Raises ViolationError with the schedule that led to it."""
        try:
            self._check(node)
            return [*self._after(node)]
        except ViolationError as error:
            steps: list[str] = []
            trail = node.trail
            while trail is not None:
                trail, number, step = trail
                steps.append(f"{self.processes[number or 0].name}: {step}")
            raise ViolationError("\n  ".join([str(error), *steps[::-1]])) from error

    def _check(self, node: Node) -> None:
        done = [
            process
            for number, process in enumerate(self.processes)
            if node.histories[number] is not None and self._request(number, node.histories[number]) is None
        ]
        makes = frozenset(process.makes for process in done if process.makes)
        takes = frozenset(process.takes for process in done if process.takes)
        self.check(node.objects, makes, takes)
        if all(
            history is None or self._request(number, history) is None for number, history in enumerate(node.histories)
        ):
            ended = node.writer is not None and node.histories[node.writer] is not None
            writer = self.processes[node.writer] if node.writer is not None and ended else None
            self.end(node.objects, writer, node.crashes > 0, makes, takes)

    def _after(self, node: Node) -> Iterator[Node]:
        current = node.current
        going = self._request(current, node.histories[current]) if current is not None else None
        for number, history in enumerate(node.histories):
            request = self._request(number, history)
            if request is None or history is None or (self.in_turn and going is not None and number != current):
                continue
            preempted = going is not None and going != PAUSE and number != current
            if node.preemptions + preempted > self.preemptions:
                continue
            time = max(node.time, self.processes[number].now)
            if time > node.time + HOUR > HOUR and self._committing(node, number):
                continue
            before = dataclasses.replace(node, current=number, preemptions=node.preemptions + preempted, time=time)
            yield self._step(before, history, request)
            if node.crashes < self.crashes:
                yield before.after("dies", histories=_with(node.histories, number, None), crashes=node.crashes + 1)
            if node.lost < self.lost and request[0] == "put":
                yield from self._lost(dataclasses.replace(before, lost=node.lost + 1), history, request)

    def _committing(self, node: Node, but: int) -> bool:
        """Whether another process has sent the PUT of an index that names shards, or a deletion or the marks of gc:
        these are not under way for hours.
        """
        requests = [self._request(number, history) for number, history in enumerate(node.histories) if number != but]
        # Shard indexes of snapshots too.
        file = self.authoritative.rpartition("/")[2]
        return any(
            request[0] == "delete" or (request[0] == "put" and (request[1].endswith(file) or "/gc/" in request[1]))
            for request in requests
            if request is not None
        )

    def _lost(self, node: Node, history: int, request: tuple[Any, ...]) -> Iterator[Node]:
        """The states after a PUT whose answer is lost."""
        key, condition = request[1], request[4]
        done, _, _ = self._answer(node, request)
        if condition is not None and done != node.objects:
            _, answer, short = self._answer(dataclasses.replace(node, objects=done), request)
            yield self._answered(node, history, request, done, answer, short)
        error = UnreachableError("the connection was closed")
        if key in (self.authoritative, *self.derived) and done != node.objects:
            yield self._answered(node, history, request, done, error, ("put", "cut"))
        if key in self.derived:
            yield self._answered(node, history, request, node.objects, error, ("put", "cut"))

    def _step(self, node: Node, history: int, request: tuple[Any, ...]) -> Node:
        return self._answered(node, history, request, *self._answer(node, request))

    def _answered(
        self, node: Node, history: int, request: tuple[Any, ...], objects: Objects, answer: Any, short: Any
    ) -> Node:
        """The state after the current process got this answer."""
        number = node.current
        assert number is not None
        writer, highest = node.writer, node.highest
        if request[0] == "put" and objects != node.objects:
            key = request[1]
            before, after = dict(node.objects).get(key), dict(objects)[key]
            if before is not None and self.processes[number].ours:
                self.moved(key, before, after, objects)
            if key == self.authoritative:
                writer, found = number, self.number(after.data)
                if found is not None and found <= highest:
                    raise ViolationError(f"the index goes from commit {highest} to {found}")
                highest = found or highest
        histories = _with(node.histories, number, self._append(history, (short, node.time), answer))
        failed = f" ({type(answer).__name__})" if isinstance(answer, ChaninfraError) else ""
        step = " ".join([request[0], *map(str, request[1:2])]) + failed
        return node.after(step, objects=objects, histories=histories, writer=writer, highest=highest)

    def _answer(self, node: Node, request: tuple[Any, ...]) -> tuple[Objects, Any, Any]:
        dated = request[0] == "put" and request[1].startswith(self.dated)
        return answer_to(node.objects, request, node.time if dated else LONG_AGO)

    def _append(self, history: int, short: tuple[Any, int], answer: Any) -> int:
        key = (history, short)
        if key not in self._next:
            self._answers.append((history, (answer, short[1]), self._answers[history][2] + 1))
            self._next[key] = len(self._answers) - 1
        return self._next[key]

    def _request(self, number: int, history: int | None) -> tuple[Any, ...] | None:
        """The next request of the process; None: it has ended or crashed."""
        if history is None:
            return None
        key = (number, history)
        if key not in self._runs:
            answers = []
            process = self.processes[number]
            if self._answers[history][2] > MOST:
                raise ViolationError(f"{process.name} does not end")
            while history > 0:
                history, answer, _ = self._answers[history]
                answers.append(answer)
            replay = Replay(answers[::-1])
            request = None
            try:
                process.run(replay, ReplayRuntime(replay, process.name, process.now))
            except Waiting as waiting:
                request = waiting.request
            except ChaninfraError as error:
                raise ViolationError(f"{process.name} failed: {error}") from error
            if request is not None and request[:2] == ("list", self.unlisted) and not process.lists:
                raise ViolationError(f"{process.name} takes the index for another tool's")
            self._runs[key] = request
        return self._runs[key]


def _with(histories: tuple[int | None, ...], number: int, history: int | None) -> tuple[int | None, ...]:
    return (*histories[:number], history, *histories[number + 1 :])
