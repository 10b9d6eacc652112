"""The program of a worker process, see `worker_process`: runs the calls that its standard input tells, and answers."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import IO, Any

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.index.garbage import collect_seldom
from chaninfra.index.runtime import Threads
from chaninfra.index.subdir_index import SubdirIndex

CALLS_AT_ONCE = 16
"""Calls that a worker runs at the same time, each in a thread."""


@dataclass(frozen=True)
class Task:
    """What a worker is told first: the store, and the subdir index for which it runs calls."""

    location: Location
    credentials: Credentials | None
    layout: ChannelLayout
    subdir: Subdir


@dataclass(frozen=True)
class Raised:
    """The error that a call raised, as it crosses to the parent."""

    kind: type[BaseException]
    args: tuple[Any, ...]
    fields: dict[str, Any]

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Errors of chaninfra cross with type and fields. Any other one is a bug, and crosses as RuntimeError."""
        if isinstance(error, ChaninfraError):
            return cls(type(error), error.args, vars(error))
        return cls(RuntimeError, (f"{type(error).__name__}: {error}",), {})

    def error(self) -> BaseException:
        """The error, made anew."""
        error = self.kind.__new__(self.kind, *self.args)
        vars(error).update(self.fields)
        return error


def main(requests: IO[bytes]) -> None:
    """Run calls until `requests` end; then end the process at once, whatever runs."""
    collect_seldom()
    # Ctrl-C is for the parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing that a library may print gets between the answers.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    lock = Lock()

    def answer(message: object) -> None:
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        try:
            with lock:
                replies.write(data)
                replies.flush()
        except OSError:
            # The parent has ended.
            os._exit(1)

    try:
        # The parent is a program of ours, and nobody else has the pipe.
        task: Task = pickle.load(requests)  # noqa: S301
        runtime = Threads(CALLS_AT_ONCE)
        store = S3Store(task.location, task.credentials)
        subdir_index = SubdirIndex(store=store, layout=task.layout, subdir=task.subdir, runtime=runtime)
        answer(True)
        while True:
            number, call, argument = pickle.load(requests)  # noqa: S301
            runtime.submit(partial(_run, answer, number, partial(call, subdir_index, argument)))
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(0)


def _run(answer: Callable[[object], None], number: int, call: Callable[[], Any]) -> None:
    try:
        result = call()
    # BaseException: so is a Rust panic in obstore.
    except BaseException as error:
        result = Raised.of(error)
    answer((number, result))
