"""The child processes of the demo: their output shown as it comes, and none of them left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil

from chaninfra.channel.errors import ChaninfraError
from chaninfra.engine.process import interrupts_held

_GRACE = 10.0


def show(command: Sequence[str]) -> None:
    """Prints a command as one would type it."""
    words = [Path(command[0]).name, *command[1:]]
    print("  $ " + " ".join(f"'{word}'" if " " in word else word for word in words), flush=True)


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, name: str | None = None, quiet: bool = False
) -> str:
    """Runs a command and returns its stdout; its stdout (unless `quiet`) and stderr are shown, indented.

    `name` is how the program is called in what is shown. Raises ChaninfraError when it fails.
    """
    shown = [name, *command[2 if "-m" not in command else 3 :]] if name else list(command)
    show(shown)
    lines: list[str] = []
    with ExitStack() as stack:
        # A signal that came between the start and the watch would leave the child behind.
        with interrupts_held():
            child = stack.enter_context(_watched(command, env, cwd, quiet=quiet))
        assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
        for line in child.stdout:
            lines.append(line)
            if not quiet:
                print(f"    {line}", end="", flush=True)
        code = child.wait()
    if code:
        raise ChaninfraError(
            f"{shown[0]} {shown[1] if len(shown) > 1 else ''} failed with exit code {code}",
            remedy="what it says above has the reason",
        )
    return "".join(lines)


@contextmanager
def _watched(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, *, quiet: bool
) -> Iterator[subprocess.Popen[str]]:
    """A child that is stopped when the block is left by an error."""
    # A session of its own: Ctrl-C reaches it through us, in order, and its children can be told from others.
    with subprocess.Popen(
        list(command),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=sys.stdout if quiet else subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            yield child
        except BaseException:
            stop(child)
            raise


def stop(child: subprocess.Popen[str]) -> None:
    """Ends a child and all that it started: asks first, since the engine then ends its plugins; waits; kills."""
    # Taken before anything ends: what loses its parent can no longer be found by it.
    family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)] if _alive(child) else []
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGINT)
    _, left = psutil.wait_procs(family, timeout=_GRACE)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=_GRACE)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the story as Ctrl-C does, so that it leaves nothing behind either."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _alive(child: subprocess.Popen[str]) -> bool:
    return child.poll() is None
