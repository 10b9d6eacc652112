"""The child processes of the demo: their output is printed as it comes, and all are ended with the demo."""

from __future__ import annotations

import os
import shutil
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

_GRACE_SECONDS = 10.0


def show(command: Sequence[str]) -> None:
    """Print a command as a user would type it."""
    words = [Path(command[0]).name, *command[1:]]
    print("  $ " + " ".join(f"'{word}'" if " " in word else word for word in words), flush=True)


def run(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, name: str | None = None, quiet: bool = False
) -> str:
    """Run a command, print its stdout and stderr, indented, and return them.

    With `quiet`, stdout is returned and not printed, and stderr is printed only. `name` replaces `python -m MODULE` in
    the printed command. Raises ChaninfraError if the command fails.
    """
    shown = [name, *command[2 if "-m" not in command else 3 :]] if name else list(command)
    show(shown)
    lines: list[str] = []
    with ExitStack() as stack:
        # A signal between the child's start and the entry of the block would leave the child running.
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
            remedy="the reason is in its output above",
        )
    return "".join(lines)


@contextmanager
def _watched(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, *, quiet: bool
) -> Iterator[subprocess.Popen[str]]:
    """Start a child; stop it if the block raises."""
    # A session of its own, so that Ctrl-C does not reach the child directly: `stop` ends it in order.
    # By the PATH of the child: Windows would look in that of this process.
    program = shutil.which(command[0], path=env.get("PATH")) or command[0]
    with subprocess.Popen(
        [program, *command[1:]],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=sys.stdout if quiet else subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as child:
        try:
            yield child
        except BaseException:
            # A quiet one only reads. SIGINT would let a Python that is just starting print a traceback.
            stop(child, signal.SIGTERM if quiet else signal.SIGINT)
            raise


def stop(child: subprocess.Popen[str], ending: signal.Signals = signal.SIGINT) -> None:
    """End a child and its descendants: send SIGINT, on which the engine ends its plugins, or another signal; wait 10 s,
    then kill.
    """
    # Listed before anything ends: a process whose parent has ended is no longer found as its descendant.
    family = [psutil.Process(child.pid), *psutil.Process(child.pid).children(recursive=True)] if _alive(child) else []
    # Windows knows no such signal for others, and ends the child at once; its descendants are killed below.
    with suppress(OSError):
        os.kill(child.pid, ending)
    _, left = psutil.wait_procs(family, timeout=_GRACE_SECONDS)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=_GRACE_SECONDS)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, so that children and temporary files are removed then too."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _alive(child: subprocess.Popen[str]) -> bool:
    return child.poll() is None
