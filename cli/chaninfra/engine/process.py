"""Child processes that end with all their descendants, and steps that report what they do and how long it took."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from chaninfra.channel.errors import EngineError

Report = Callable[[str], None]

PROGRAM_SUFFIX = ".exe" if sys.platform == "win32" else ""
"""How the file names of programs end. Windows adds it to a bare name, but not to a path."""

_ENDING = [signal.SIGINT, signal.SIGTERM]
if sys.platform != "win32":
    _ENDING.append(signal.SIGHUP)


def run(
    args: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command and wait for it. Raises EngineError if it does not start or takes longer than `timeout` seconds."""
    with ExitStack() as stack:
        # A signal between the child's start and the entry of the block would leave the child running.
        with interrupts_held():
            child = stack.enter_context(_watched(args, cwd, env))
        try:
            out, err = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{Path(args[0]).name} did not end within {timeout:.0f} s") from error
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


@contextmanager
def _watched(
    args: Sequence[str | Path], cwd: Path | None, env: Mapping[str, str] | None
) -> Iterator[subprocess.Popen[str]]:
    """Start a child; kill it and its descendants if the block raises."""
    # A process group of its own, so that Ctrl-C, a timeout or an error here also ends what the child started.
    group = None if sys.platform == "win32" else 0
    try:
        child = subprocess.Popen(
            [str(arg) for arg in args],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=group,
        )
    except OSError as error:
        raise EngineError(f"{Path(args[0]).name} does not start: {error.strerror}") from error
    with child:
        try:
            yield child
        except BaseException:
            _kill(child)
            raise


def _kill(child: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
        # It has no process groups that end together; taskkill looks for the descendants.
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
        child.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def output(
    args: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """The stdout of a command, stripped. Raises EngineError with one line of its stderr if it fails."""
    done = run(args, cwd=cwd, env=env, timeout=timeout)
    if done.returncode != 0:
        # go also lists its downloads on stderr, and cargo and pip warn before they say "error: …".
        told = (line.strip() for line in done.stderr.splitlines())
        lines = [line for line in told if line and not line.startswith("go: downloading")] or ["no output"]
        reason = next((line for line in lines if line.lower().startswith("error")), lines[0])
        raise EngineError(f"{Path(args[0]).name} failed ({done.returncode}): {reason}")
    return done.stdout.strip()


def end_as_by_ctrl_c() -> None:
    """Make SIGTERM and SIGHUP end this program as Ctrl-C does: it ends its children and removes partial files."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.default_int_handler)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Delay SIGINT, SIGTERM and SIGHUP until the end of the block, so that the start of a child is not interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[tuple[int, FrameType | None]] = []
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    held = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in held:
        signal.signal(number, lambda number, frame: caught.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for received, frame in caught[:1]:
            held[signal.Signals(received)](received, frame)


HEARTBEAT_S = 20.0
"""A step that lasts says so at these intervals: who watches a silent build takes it for dead."""


@contextmanager
def step(report: Report, description: str) -> Iterator[None]:
    """Report the begin of a step, at intervals how long it has taken, and its duration when it is done or has failed
    with an EngineError.
    """
    report(f"{description} ...")
    start = time.monotonic()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_S):
            minutes, seconds = divmod(round(time.monotonic() - start), 60)
            report(f"{description}: {minutes}:{seconds:02} so far")

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    except EngineError as error:
        report(f"{description}: failed after {time.monotonic() - start:.1f} s: {error.message}")
        raise
    finally:
        ended.set()
        heart.join()
    report(f"{description}: done in {time.monotonic() - start:.1f} s")
