"""A model checker for programs on one object store: it runs them in every order of their requests.

A process is real code. To find its next request, it is run with a store that replays the answers it has had so far,
until it makes one more request. So the state of a process is its list of answers, and a schedule can be continued in
several ways from any point. What a process asks for after equal answers is noted, and a state that was reached before
is not continued again: the search visits each state once, and so covers all schedules. Two states are the same if all
that can follow is the same: what a process that has ended has read matters no more, nor does who made the last request
where a switch away from it is no preemption. States with fewer preemptions, crashes and lost answers come first, so
that none is continued again because it is reached with fewer.

A preemption is a switch away from a process that could continue. A pause of a process counts as a request that the
store does not see, and may take as long as the others need: to switch away from it is no preemption. A crash ends a
process before its first request, or right after one that may have changed the store: what it reads after that is as if
it had not read it. A lost answer is that of a PUT that was executed: the process gets the answer that a repetition of
the PUT gets, 412 if it has a condition. That of an index file may also be an error of the connection, whether the PUT
was executed or not.

All clocks show the same: that of the latest of the processes that have begun. None begins hours later while the PUT of
an authoritative index is under way.

Everybody ends: a process that fails, or makes more than MOST requests, breaks an invariant.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from operator import le
from typing import Any, NamedTuple

from chaninfra.channel.errors import ChaninfraError, UnreachableError
from support.index_model.requests import LONG_AGO, PAUSE, Held, Objects, ViolationError, answer_to, by_key
from support.index_model.runs import ENDED, Process, Request, Runs

HOUR = 3_600_000


Trail = tuple[Any, int, tuple[Any, ...], Any] | None
"""The schedule that led to a state: (that before it, process, what it asked for, what it was answered)."""


class Node(NamedTuple):
    """A state of the search."""

    objects: Objects
    histories: tuple[int | None, ...]
    """For each process the id of its list of answers; None: it crashed; ENDED: it has ended."""
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
    trail: Trail = None
    """How the state was reached."""

    @property
    def used(self) -> tuple[int, int, int]:
        """What it took to reach it: preemptions, crashes, and lost answers."""
        return self.preemptions, self.crashes, self.lost


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
    mutant: bool = False
    """Whether a rule is broken on purpose. Then the search goes deep first, which finds most violations soon; and each
    process runs up to its next request from its start and alone, since what breaks the rule may be a state that they
    have in common besides the store."""
    states: int = 0
    _seen: dict[Any, list[tuple[int, int, int]]] = field(default_factory=dict)
    """What it took to reach each state, where no other way took less."""
    _known: dict[Any, tuple[Objects, Any, Any]] = field(default_factory=dict)
    """What a request of a process that had these answers has led to, by objects and time."""
    _held: dict[Objects, Objects] = field(default_factory=dict)
    """Equal objects are one, which is quick to compare."""

    def __post_init__(self) -> None:
        self._runs = Runs(self.processes, anew=self.mutant)

    def all(self) -> None:
        """Visit all states."""
        # Those that took equally many preemptions, crashes and lost answers.
        waiting: dict[int, list[Node]] = {0: [self._first()]}
        with closing(self._runs):
            while waiting:
                stack = waiting[least := min(waiting)]
                for after in self._explore(stack.pop(), self._is_new):
                    waiting.setdefault(0 if self.mutant else sum(after.used), []).append(after)
                if not stack:
                    del waiting[least]

    def _is_new(self, node: Node) -> bool:
        """Whether no state like this was visited that took no more of anything; then it is noted."""
        key = (node.objects, node.histories, node.current, node.writer, node.highest, node.time)
        visited = self._seen.setdefault(key, [])
        if any(all(map(le, known, node.used)) for known in visited):
            return False
        visited.append(node.used)
        return True

    def some(self, seed: int, runs: int) -> None:
        """Run random schedules, with any number of preemptions."""
        rng = random.Random(seed)
        self.preemptions = 1_000_000
        with closing(self._runs):
            for _ in range(runs):
                node = self._first()
                while after := self._explore(node):
                    # Mostly steps without a fault, or no process would reach its end.
                    faultless = [each for each in after if (each.crashes, each.lost) == (node.crashes, node.lost)]
                    node = rng.choice(faultless if faultless and rng.random() < 0.97 else after)

    def _first(self) -> Node:
        number = self.number(self.start[self.authoritative].data) if self.authoritative in self.start else 0
        return Node(frozenset(self.start.items()), (0,) * len(self.processes), highest=number or 0)

    def _explore(self, node: Node, is_new: Callable[[Node], bool] = lambda node: True) -> list[Node]:
        """Check a state, and return those after it; none if it is not new. Raises ViolationError with the schedule that
        led to it.
        """
        try:
            requests = [*map(self._request, range(len(self.processes)), node.histories)]
            node = self._plain(node, requests)
            if not is_new(node):
                return []
            self.states += 1
            self._check(node, requests)
            return [*self._after(node, requests)]
        except ViolationError as error:
            raise ViolationError("\n  ".join([str(error), *self._steps(node.trail)])) from error

    def _steps(self, trail: Trail) -> list[str]:
        """A line for each step of a schedule."""
        steps: list[str] = []
        while trail is not None:
            trail, number, request, answer = trail
            failed = f" ({type(answer).__name__})" if isinstance(answer, ChaninfraError) else ""
            steps.append(" ".join([f"{self.processes[number].name}:", *map(str, request[:2])]) + failed)
        return steps[::-1]

    def _plain(self, node: Node, requests: list[Request]) -> Node:
        """The same state without what matters no more. `requests`: the next one of each process."""
        histories, current, writer = node.histories, node.current, node.writer
        if None in requests:
            histories = tuple(
                ENDED if history is not None and request is None else history
                for history, request in zip(histories, requests, strict=True)
            )
        if current is not None and (requests[current] is None or (requests[current] == PAUSE and not self.in_turn)):
            current = None
        if writer is not None and histories[writer] is None:
            writer = None
        if (histories, current, writer) == (node.histories, node.current, node.writer):
            return node
        return node._replace(histories=histories, current=current, writer=writer)

    def _check(self, node: Node, requests: list[Request]) -> None:
        done = [each for each, history in zip(self.processes, node.histories, strict=True) if history == ENDED]
        makes = frozenset(process.makes for process in done if process.makes)
        takes = frozenset(process.takes for process in done if process.takes)
        self.check(node.objects, makes, takes)
        if not any(requests):
            writer = self.processes[node.writer] if node.writer is not None else None
            self.end(node.objects, writer, node.crashes > 0, makes, takes)

    def _after(self, node: Node, requests: list[Request]) -> Iterator[Node]:
        current = node.current
        going = requests[current] if current is not None else None
        for number, (history, request) in enumerate(zip(node.histories, requests, strict=True)):
            if request is None or history is None or (self.in_turn and going is not None and number != current):
                continue
            preempted = going is not None and going != PAUSE and number != current
            if node.preemptions + preempted > self.preemptions:
                continue
            time = max(node.time, self.processes[number].now)
            if time > node.time + HOUR > HOUR and self._committing(requests, number):
                continue
            used = (node.preemptions + preempted, node.crashes, node.lost)
            before = Node(node.objects, node.histories, number, *used, node.writer, node.highest, time, node.trail)
            yield self._step(before, history, request)
            if node.crashes < self.crashes and self._runs.has_just_written(history):
                histories = _with(node.histories, number, None)
                trail = (node.trail, number, ("dies",), None)
                yield before._replace(histories=histories, crashes=node.crashes + 1, trail=trail)
            if node.lost < self.lost and request[0] == "put":
                yield from self._lost(before._replace(lost=node.lost + 1), history, request)

    def _committing(self, requests: list[Request], but: int) -> bool:
        """Whether another process has sent the PUT of an index that names shards, or a deletion or the marks of gc:
        these are not under way for hours.
        """
        # Shard indexes of snapshots too.
        file = self.authoritative.rpartition("/")[2]
        return any(
            request[0] == "delete" or (request[0] == "put" and (request[1].endswith(file) or "/gc/" in request[1]))
            for number, request in enumerate(requests)
            if request is not None and number != but
        )

    def _lost(self, node: Node, history: int, request: tuple[Any, ...]) -> Iterator[Node]:
        """The states after a PUT whose answer is lost."""
        key, condition = request[1], request[4]
        done, _, _ = self._answer(node, history, request)
        if condition is not None and done != node.objects:
            _, answer, short = self._answer(node._replace(objects=done), history, request)
            yield self._answered(node, history, request, done, answer, short)
        error = UnreachableError("the connection was closed")
        if key in (self.authoritative, *self.derived) and done != node.objects:
            yield self._answered(node, history, request, done, error, ("put", "cut"))
        if key in self.derived:
            yield self._answered(node, history, request, node.objects, error, ("put", "cut"))

    def _step(self, node: Node, history: int, request: tuple[Any, ...]) -> Node:
        return self._answered(node, history, request, *self._answer(node, history, request))

    def _answered(
        self, node: Node, history: int, request: tuple[Any, ...], objects: Objects, answer: Any, short: Any
    ) -> Node:
        """The state after the current process got this answer."""
        number = node.current
        assert number is not None
        writer, highest = node.writer, node.highest
        if request[0] == "put" and objects != node.objects:
            key = request[1]
            before, after = by_key(node.objects).get(key), by_key(objects)[key]
            if before is not None and self.processes[number].ours:
                self.moved(key, before, after, objects)
            if key == self.authoritative:
                writer, found = number, self.number(after.data)
                if found is not None and found <= highest:
                    raise ViolationError(f"the index goes from commit {highest} to {found}")
                highest = found or highest
        histories = _with(node.histories, number, self._runs.append(history, (short, node.time), (answer, node.time)))
        trail = (node.trail, number, request, answer)
        return Node(
            objects, histories, number, node.preemptions, node.crashes, node.lost, writer, highest, node.time, trail
        )

    def _answer(self, node: Node, history: int, request: tuple[Any, ...]) -> tuple[Objects, Any, Any]:
        """The objects after the request of the current process, and its answer; see answer_to."""
        key = (node.objects, node.current, history, node.time)
        known = self._known.get(key)
        if known is None:
            dated = request[0] == "put" and request[1].startswith(self.dated)
            objects, answer, short = answer_to(node.objects, request, node.time if dated else LONG_AGO)
            known = self._known[key] = (self._held.setdefault(objects, objects), answer, short)
        return known

    def _request(self, number: int, history: int | None) -> Request:
        """The next request of the process; None: it has ended or crashed."""
        request = self._runs.request(number, history)
        if request is None or request[0] != "list" or request[1] != self.unlisted or self.processes[number].lists:
            return request
        raise ViolationError(f"{self.processes[number].name} takes the index for another tool's")


def _with(histories: tuple[int | None, ...], number: int, history: int | None) -> tuple[int | None, ...]:
    return (*histories[:number], history, *histories[number + 1 :])
