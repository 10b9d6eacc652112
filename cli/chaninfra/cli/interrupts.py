"""What Ctrl-C and SIGTERM do: clean up, and say how far the command was."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from chaninfra.channel.errors import ExitCode, StoppedError
from chaninfra.cli.output import streams

GRACE_S = 2.0
"""How long a request that runs may keep the process after Ctrl-C."""
TIDY_S = 10.0
"""The same for a command that deletes its scratch objects first."""


class _TerminatedError(KeyboardInterrupt):
    """SIGTERM, which libraries are to take for Ctrl-C: boto3 then aborts its upload."""


@contextmanager
def interruptible(
    stopped: Callable[[], StoppedError], stopping: Callable[[], None] = lambda: None, *, grace: float = GRACE_S
) -> Iterator[None]:
    """Within the block, Ctrl-C and SIGTERM raise what `stopped` returns, which says how far the command is.

    A request in Rust code does not see a signal: where the block does not end within `grace` s, the error is printed
    and the process ends. `stopping` is called at once, by another thread. Does nothing in any but the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise_terminated)
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(woken, ended, stopped, stopping, grace), daemon=True)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt as interrupt:
        error = stopped()
        if isinstance(interrupt, _TerminatedError):
            error.exit_code = ExitCode.TERMINATED
        raise error from None
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGTERM, previous)
        ended.set()
        wakes.send(b"\0")
        watcher.join()
        woken.close()
        wakes.close()


def _watch(
    woken: socket.socket,
    ended: threading.Event,
    stopped: Callable[[], StoppedError],
    stopping: Callable[[], None],
    grace: float,
) -> None:
    """The thread beside the block: Python writes the number of each signal that comes to `woken`."""
    while number := woken.recv(1)[0]:
        if number in (signal.SIGINT, signal.SIGTERM):
            stopping()
            if not ended.wait(grace):
                streams.last_words(stopped(), 128 + number)
            return


def _raise_terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _TerminatedError
