"""Child processes that leave nothing behind, and steps that say what they do and how long it took."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from chaninfra.channel.errors import EngineError

Report = Callable[[str], None]


def run(
    args: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """What `args` printed and its exit code. Raises EngineError if it does not start or takes longer than `timeout`."""
    # A process group of its own: Ctrl-C, a timeout or an error here ends compilers and downloads of the child as well.
    group = None if sys.platform == "win32" else 0
    name = Path(args[0]).name
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
        raise EngineError(f"{name} does not start: {error.strerror}") from error
    ended = False
    with child:
        try:
            out, err = child.communicate(timeout=timeout)
            ended = True
        except subprocess.TimeoutExpired as error:
            raise EngineError(f"{name} did not end within {timeout:.0f} s") from error
        finally:
            if not ended:
                _kill(child)
    return subprocess.CompletedProcess(child.args, child.returncode, out, err)


def _kill(child: subprocess.Popen[str]) -> None:
    if sys.platform == "win32":
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
    """What `args` printed on stdout, stripped. Raises EngineError with its complaint in one line if it fails."""
    done = run(args, cwd=cwd, env=env, timeout=timeout)
    if done.returncode != 0:
        # Go says what it downloads on stderr as well; the first line after that is the reason.
        lines = [line.strip() for line in done.stderr.splitlines() if not line.startswith("go: downloading")]
        reason = next((line for line in lines if line), "it says nothing")
        raise EngineError(f"{Path(args[0]).name} failed ({done.returncode}): {reason}")
    return done.stdout.strip()


def end_as_by_ctrl_c() -> None:
    """Makes SIGTERM and SIGHUP end this program as Ctrl-C does: children ended, what is half done removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.default_int_handler)


@contextmanager
def step(report: Report, doing: str) -> Iterator[None]:
    """Reports `doing` when it begins, and how long it took when it is done or has failed by an EngineError."""
    report(f"{doing} ...")
    start = time.monotonic()
    try:
        yield
    except EngineError as error:
        report(f"{doing}: failed after {time.monotonic() - start:.1f} s: {error.message}")
        raise
    report(f"{doing}: done in {time.monotonic() - start:.1f} s")
