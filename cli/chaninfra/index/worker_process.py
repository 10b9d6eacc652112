"""A worker process, from the side of its parent.

It is a new process and never a fork: threads of the parent, and of obstore, may hold locks. It is told everything by
its standard input, so credentials are neither in its arguments nor in its variables. The end of its input ends it at
once, so it does not outlive its parent, however that ends.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import IO, Any, cast

from chaninfra.index.worker import CALLS_AT_ONCE, Raised, Task

# With the parent's `sys.path`, so that it runs the same code, and nothing from the folder where it is started.
_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from chaninfra.index.worker import main; main(sys.stdin.buffer)"
)


class WorkerDiedError(Exception):
    """The worker ended before it has answered."""


class WorkerProcess:
    """A running worker."""

    calls_at_once = CALLS_AT_ONCE

    def __init__(self, task: Task) -> None:
        """Starts it, and does not wait. Raises OSError where the system does not start it."""
        self.ready = False
        """Whether it takes calls: it has started, and has not ended."""
        self._calls: dict[int, Future[Any]] = {}
        self._number = 0
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # It has one core; obstore would start a thread for each.
            env={**os.environ, "TOKIO_WORKER_THREADS": "1"},
            # Ctrl-C is for the parent.
            process_group=None if sys.platform == "win32" else 0,
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._replies = cast(IO[bytes], self._process.stdout)
        with suppress(OSError):
            self._send(sys.path)
            self._send(task)
        Thread(target=self._receive, name="worker-replies", daemon=True).start()

    @property
    def busy(self) -> int:
        """How many calls it has not answered."""
        return len(self._calls)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def call(self, call: Callable[..., Any], argument: object) -> Future[Any] | None:
        """Run `call(subdir_index, argument)`, a function of a module. None: it takes no calls any more. The future
        raises what the call does, or WorkerDiedError.
        """
        future: Future[Any] = Future()
        with self._lock:
            if not self.ready:
                return None
            self._number += 1
            self._calls[self._number] = future
        # OSError: it has died; `_receive` notices, and answers.
        with suppress(OSError):
            self._send((self._number, call, argument))
        return future

    def close(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._requests.close()

    def _send(self, message: object) -> None:
        self._requests.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        self._requests.flush()

    def _receive(self) -> None:
        with suppress(EOFError, OSError, pickle.UnpicklingError), self._replies:
            # Nobody else has the pipe, and the worker is a program of ours.
            self.ready = pickle.load(self._replies)  # noqa: S301
            while True:
                number, result = pickle.load(self._replies)  # noqa: S301
                with self._lock:
                    future = self._calls.pop(number)
                if isinstance(result, Raised):
                    future.set_exception(result.error())
                else:
                    future.set_result(result)
        with self._lock:
            self.ready = False
            left, self._calls = self._calls, {}
        for future in left.values():
            future.set_exception(WorkerDiedError())
