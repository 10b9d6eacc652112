"""A model checker for programs on one object store: it runs them in every order of their requests, without threads.

A process is real code. To find its next request, it is run from its start with a store that replays the answers it has
had so far, until it makes one more request, where an exception stops it. So the state of a process is its list of
answers, and a schedule can be continued in several ways from any point. Runs with equal answers are cached, and a state
that was reached before is not continued again: the search visits each state once, and so covers all schedules.

A preemption is a switch away from a process that could continue. A crash ends a process before one of its requests;
that covers crashes after the request before it, since nothing else happens in between. A lost answer is that of a PUT
that was executed: the process gets the answer that a repetition of the PUT gets, 412 if it has a condition.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import (
    SMALL,
    Condition,
    IfAbsent,
    IfMatch,
    ObjectBody,
    ObjectMeta,
    ObjectStore,
    StoredObject,
)
from support.index_model.memory_store import SequentialRuntime, etag

Objects = frozenset[tuple[str, bytes]]
"""The objects in the store, as (key, bytes). They count as very old, so that no age limit protects them from gc."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class _Waiting(BaseException):
    """A process makes a request that has no answer yet. A BaseException, so that no `except Exception` catches it."""

    def __init__(self, request: tuple[Any, ...]) -> None:
        self.request = request


class _Replay:
    """An ObjectStore that replays a list of answers."""

    def __init__(self, answers: list[Any]) -> None:
        self._answers = iter(answers)

    def _ask(self, *request: Any) -> Any:
        try:
            answer = next(self._answers)
        except StopIteration:
            raise _Waiting(request) from None
        if isinstance(answer, ConflictError):
            # A new error each time: a raised error keeps its traceback.
            raise ConflictError(answer.message)
        return answer

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        found: StoredObject | None = self._ask("get", key, most)
        return found

    def head(self, key: str) -> ObjectMeta | None:
        found: ObjectMeta | None = self._ask("head", key)
        return found

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        found: bytes = self._ask("get_range", key, etag, start, length)
        return found

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        return iter(self._ask("list", prefix))

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        put: str = self._ask("put", key, body.data, condition)
        return put

    def delete(self, keys: Iterable[str]) -> None:
        if deleted := [*keys]:
            self._ask("delete", *deleted)


@dataclass(frozen=True)
class Process:
    """A program that the model checker runs with a store and a runtime."""

    name: str
    run: Callable[[ObjectStore, SequentialRuntime], object]
    commits: bool = False
    """Whether it writes the authoritative index in any case."""
    makes: str | None = None
    """A file that must have a record after the process has ended."""
    takes: str | None = None
    """A file that must not have a record after the process has ended."""
    now: int = 1_767_225_600_000
    """Its clock, in ms since 1970."""


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
    seen: bool = False
    """Whether a process that commits has ended since then."""


class ViolationError(AssertionError):
    """A schedule breaks an invariant."""


@dataclass
class Search:
    """The schedules of the processes with at most `preemptions`, `crashes` and `lost` answers.

    `check(objects, makes, takes)` is called in each state, where `makes` and `takes` are those of the processes that
    have ended. `end(objects, must_agree, makes, takes)` is called in each state where all processes have ended or
    crashed. Both raise ViolationError where an invariant does not hold.
    """

    processes: list[Process]
    start: dict[str, bytes]
    authoritative: str
    """The key of the authoritative index."""
    check: Callable[[Objects, frozenset[str], frozenset[str]], None]
    end: Callable[[Objects, bool, frozenset[str], frozenset[str]], None]
    preemptions: int = 4
    crashes: int = 1
    lost: int = 0
    states: int = 0
    _answers: list[tuple[int, Any]] = field(default_factory=lambda: [(-1, None)])
    _next: dict[tuple[int, Any], int] = field(default_factory=dict)
    _runs: dict[tuple[int, int], tuple[Any, ...] | None] = field(default_factory=dict)

    def all(self) -> None:
        """Visit all states."""
        seen: dict[Any, tuple[int, int, int]] = {}
        stack = [self._first()]
        while stack:
            node = stack.pop()
            used = (node.preemptions, node.crashes, node.lost)
            key = (node.objects, node.histories, node.current, node.writer, node.seen)
            known = seen.get(key)
            if known is not None and all(a <= b for a, b in zip(known, used, strict=True)):
                continue
            if known is None or all(a >= b for a, b in zip(known, used, strict=True)):
                seen[key] = used
            self.states += 1
            self._check(node)
            stack.extend(self._after(node))

    def some(self, seed: int, runs: int) -> None:
        """Run random schedules, with any number of preemptions."""
        rng = random.Random(seed)
        self.preemptions = 1_000_000
        for _ in range(runs):
            node = self._first()
            while True:
                self.states += 1
                self._check(node)
                after = [*self._after(node)]
                if not after:
                    break
                # Mostly steps without a fault, or no process would reach its end.
                faultless = [each for each in after if (each.crashes, each.lost) == (node.crashes, node.lost)]
                node = rng.choice(faultless if faultless and rng.random() < 0.97 else after)

    def _first(self) -> Node:
        return Node(frozenset(self.start.items()), (0,) * len(self.processes))

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
            crashed = node.writer is not None and node.histories[node.writer] is None
            self.end(node.objects, node.seen or not crashed, makes, takes)

    def _after(self, node: Node) -> Iterator[Node]:
        current = node.current
        could_go_on = current is not None and self._request(current, node.histories[current]) is not None
        for number, history in enumerate(node.histories):
            request = self._request(number, history)
            if request is None or history is None:
                continue
            preemptions = node.preemptions + (could_go_on and number != current)
            if preemptions > self.preemptions:
                continue
            yield self._step(node, number, history, request, preemptions)
            if node.crashes < self.crashes:
                yield Node(
                    node.objects,
                    _with(node.histories, number, None),
                    number,
                    preemptions,
                    node.crashes + 1,
                    node.lost,
                    node.writer,
                    node.seen,
                )
            if node.lost < self.lost and request[0] == "put" and request[3] is not None:
                done = self._step(node, number, history, request, preemptions, lost=True)
                if done.objects != node.objects:
                    yield done

    def _step(
        self,
        node: Node,
        number: int,
        history: int,
        request: tuple[Any, ...],
        preemptions: int,
        *,
        lost: bool = False,
    ) -> Node:
        objects, answer, short = _answer(node.objects, request)
        if lost:
            _, answer, short = _answer(objects, request)
        after = self._append(history, short, answer)
        writer, seen = node.writer, node.seen
        if request[:2] == ("put", self.authoritative) and objects != node.objects:
            writer, seen = number, False
        if self.processes[number].commits and self._request(number, after) is None:
            seen = True
        return Node(
            objects,
            _with(node.histories, number, after),
            number,
            preemptions,
            node.crashes,
            node.lost + lost,
            writer,
            seen,
        )

    def _append(self, history: int, short: Any, answer: Any) -> int:
        key = (history, short)
        if key not in self._next:
            self._answers.append((history, answer))
            self._next[key] = len(self._answers) - 1
        return self._next[key]

    def _request(self, number: int, history: int | None) -> tuple[Any, ...] | None:
        """The next request of the process; None: it has ended or crashed."""
        if history is None:
            return None
        key = (number, history)
        if key not in self._runs:
            answers = []
            while history > 0:
                history, answer = self._answers[history]
                answers.append(answer)
            process = self.processes[number]
            request = None
            try:
                process.run(_Replay(answers[::-1]), SequentialRuntime(process.name, process.now))
            except _Waiting as waiting:
                request = waiting.request
            except ChaninfraError as error:
                raise ViolationError(f"{process.name} failed: {error}") from error
            self._runs[key] = request
        return self._runs[key]


def _with(histories: tuple[int | None, ...], number: int, history: int | None) -> tuple[int | None, ...]:
    return (*histories[:number], history, *histories[number + 1 :])


def _answer(objects: Objects, request: tuple[Any, ...]) -> tuple[Objects, Any, Any]:
    """The objects after the request; the answer; and a short form that differs between different answers."""
    kind, *rest = request
    there = dict(objects)
    if kind == "list":
        found = [_entry(key, there[key]) for key in sorted(there) if key.startswith(f"{rest[0]}/")]
        return objects, found, (kind, tuple((entry.key, entry.etag) for entry in found))
    if kind == "delete":
        return frozenset((key, data) for key, data in objects if key not in rest), None, (kind,)
    key = rest[0]
    data = there.get(key)
    tag = etag(data) if data is not None else None
    if kind == "get_range":
        if data is None or tag != rest[1]:
            return objects, ConflictError(f"{key} was changed by another writer meanwhile"), (kind, "lost")
        return objects, data[rest[2] : rest[2] + rest[3]], (kind, tag, rest[2])
    if kind in ("get", "head"):
        if data is None:
            return objects, None, (kind, None)
        entry = _entry(key, data)
        return objects, StoredObject(data=data, content_type="", entry=entry) if kind == "get" else entry, (kind, tag)
    _, new, condition = rest
    if (isinstance(condition, IfAbsent) and tag is not None) or (
        isinstance(condition, IfMatch) and condition.etag != tag
    ):
        return objects, ConflictError(f"{key} was changed by another writer meanwhile"), (kind, "lost")
    return frozenset({**there, key: new}.items()), etag(new), (kind, etag(new))


def _entry(key: str, data: bytes) -> ObjectMeta:
    return ObjectMeta(key=key, size=len(data), etag=etag(data), modified=_LONG_AGO)
