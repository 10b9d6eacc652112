"""Whether conditional writes are atomic: several writers at once, and what is there afterwards is believed.

A store may check the condition, and only then write. One request after the other looks right on it; of several at once,
all are answered with success, and all but one are lost. So a few rounds of concurrent writes are made to scratch keys.
A store passes if in no round two writers win or the winner's bytes are missing. Rounds show that writes are not atomic;
they cannot prove that they are, so the table of providers, where it says no, still counts (`believed`).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody

if TYPE_CHECKING:
    from chaninfra.channel.probe.scratch import ScratchFolder

WRITERS = 8
ROUNDS = 5
UPLOADERS = 4
UPLOAD_ROUNDS = 2
"""Fewer for multipart uploads and copies, which take several requests each."""
SUSPECTED_ROUNDS = 8
"""More for multipart uploads of a store whose PUTs are not atomic: two rounds miss one in ten times what is so there
too. They end with the first round that shows it."""

_BODY = 1024
"""Bytes of each write."""
_BUSY = frozenset({409, 429, 503})
"""Answers to concurrent writes that say that this one was not done: too many, or another one is under way."""

_Start = Callable[[str, bytes], Callable[[], None]]
"""(name, body) → the write, prepared so far that only its deciding request is left."""


def creates_atomically(scratch: ScratchFolder) -> bool:
    """Whether of several PUTs with If-None-Match: * at most one wins."""
    return _rounds(scratch, "create", ROUNDS, WRITERS, lambda: lambda name, body: _put(scratch, name, body, IfAbsent()))


def replaces_atomically(scratch: ScratchFolder) -> bool:
    """Whether of several PUTs with the same If-Match at most one wins."""
    scratch.put("race-replace", b"")

    def start() -> _Start:
        condition = IfMatch(scratch.get("race-replace")[1])
        return lambda name, body: _put(scratch, name, body, condition)

    return _rounds(scratch, "replace", ROUNDS, WRITERS, start)


def completes_atomically(scratch: ScratchFolder, *, suspected: bool) -> bool:
    """Whether of several completions of multipart uploads with If-None-Match: * at most one wins. `suspected`: PUTs of
    this store are not atomic.
    """
    rounds = SUSPECTED_ROUNDS if suspected else UPLOAD_ROUNDS

    def begun(name: str, body: bytes) -> Callable[[], None]:
        upload = scratch.begin(name, body)
        return lambda: scratch.complete(upload, IfNoneMatch="*")

    return _rounds(scratch, "parts", rounds, UPLOADERS, lambda: begun)


def copies_atomically(scratch: ScratchFolder) -> bool:
    """Whether of several copies with If-None-Match: * at most one wins."""

    def begun(name: str, body: bytes) -> Callable[[], None]:
        source = f"{name}-from-{body[1]}"
        scratch.put(source, body)
        return lambda: scratch.copy(source, name, IfNoneMatch="*")

    return _rounds(scratch, "copy", UPLOAD_ROUNDS, UPLOADERS, lambda: begun)


def _put(scratch: ScratchFolder, name: str, body: bytes, condition: Condition) -> Callable[[], None]:
    # By the store that publishers use: it leaves Python for a request, so that they really are concurrent.
    data = ObjectBody(data=body, content_type="application/octet-stream")

    def put() -> None:
        scratch.objects.put(scratch.key(name), data, condition)

    return put


def _rounds(scratch: ScratchFolder, kind: str, rounds: int, writers: int, start: Callable[[], _Start]) -> bool:
    """Whether all rounds are as on an atomic store. Raises StorageError if no writer won in any of them."""
    won = 0
    # Leaving it waits for the writers, so that none writes after the scratch folder was deleted.
    with ThreadPoolExecutor(writers) as pool:
        for number in range(rounds):
            # A key may be created once; the versions of a deleted one may count as there.
            name = f"race-{kind}" if kind == "replace" else f"race-{kind}-{number}"
            winners = _round(scratch, pool, name, number, writers, start())
            if winners is None:
                return False
            won += winners
    if not won:
        raise StorageError(
            f"of {writers} writes at once to one key the store did none, in {rounds} attempts",
            where=f"s3://{scratch.location.bucket}/{scratch.folder}",
            remedy="try again when the store is less busy",
        )
    return True


def _round(
    scratch: ScratchFolder, pool: ThreadPoolExecutor, name: str, number: int, writers: int, start: _Start
) -> int | None:
    """The number of winners, 0 or 1; None if writes are not atomic."""
    bodies = [bytes([number, writer]) * (_BODY // 2) for writer in range(writers)]
    barrier = Barrier(writers)

    def wins(body: bytes) -> bool:
        try:
            write = start(name, body)
        finally:
            # Also after an error: the others wait for this one.
            barrier.wait()
        try:
            write()
        except ConflictError:
            return False
        except StorageError as error:
            if error.status in _BUSY:
                return False
            raise
        return True

    winners = [body for body, won in zip(bodies, pool.map(wins, bodies), strict=True) if won]
    if not winners:
        # The answer to the winner may have been lost, and its retry met its own bytes.
        return 0
    return 1 if len(winners) == 1 and scratch.get(name)[0] == winners[0] else None
