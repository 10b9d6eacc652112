"""The worker processes of a subdir index: where many small requests are to be made, they use the other cores.

The threads of one process share one core as far as they run Python, and most of a small request is Python.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials

if TYPE_CHECKING:
    from chaninfra.index.subdir_index import SubdirIndex
    from chaninfra.index.worker_process import WorkerProcess

A = TypeVar("A")
R = TypeVar("R")

MANY = 500
"""So many packages or shards are worth it: to start a worker takes a tenth of a second of a core, as long as to read
about four hundred packages."""
_MOST = 8
"""A worker takes about 50 MB, and what it reads has to come through this process."""


def cores() -> int:
    """The cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """Worker processes, one for each core but the one of this process. They are started within the context alone, and
    end with it.
    """

    def __init__(
        self, location: Location, credentials: Credentials | None, layout: ChannelLayout, subdir: Subdir
    ) -> None:
        self._task = location, credentials, layout, subdir
        self._processes: list[WorkerProcess] = []
        self._count = 0
        self._closed = False

    def __enter__(self) -> Workers:
        self._count = min(cores() - 1, _MOST)
        self._closed = False
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start them, once, and do not wait for them."""
        while self._count:
            self._count -= 1
            from chaninfra.index.worker import Task
            from chaninfra.index.worker_process import WorkerProcess

            # OSError: there may be no more processes. Then the threads of this one do it.
            with suppress(OSError):
                self._processes.append(WorkerProcess(Task(*self._task)))

    @property
    def calls_at_once(self) -> int:
        """How many calls they run at the same time."""
        return sum(process.calls_at_once for process in self._processes)

    def submit(
        self, subdir_index: SubdirIndex, call: Callable[[SubdirIndex, A], R], argument: A
    ) -> Callable[[], R] | None:
        """Run the call in the worker that has the least to do; None: none is free. See SubdirIndex.submit."""
        free = [process for process in self._processes if process.ready and process.busy < process.calls_at_once]
        for process in sorted(free, key=lambda process: process.busy):
            future = process.call(call, argument)
            if future is not None:
                return partial(self._result, future, partial(call, subdir_index, argument))
        return None

    def close(self) -> None:
        """End them at once. Calls that run raise WorkerDiedError."""
        self._closed, self._count = True, 0
        while self._processes:
            self._processes.pop().close()

    def _result(self, future: Future[Any], again: Callable[[], R]) -> R:
        from chaninfra.index.worker_process import WorkerDiedError

        try:
            result: R = future.result()
        except WorkerDiedError:
            if self._closed:
                raise
            # It costs time only, and the next calls go to those that are left.
            return again()
        return result
