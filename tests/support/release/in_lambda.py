"""Runs the function of an unpacked code package as Lambda does, under a Python that has nothing else.

Started as a program: `python -I -S -B in_lambda.py FOLDER`. It reads a JSON list of events from stdin, and writes what
came of them to stderr, as JSON; the function's log goes to stdout. As in Lambda nothing can be written but below /tmp,
and there are no semaphores of multiprocessing, since Lambda has no /dev/shm.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

FOLDER = sys.argv[1]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
started: list[str] = []


class Context:
    """The time that is left, as Lambda tells it."""

    def __init__(self) -> None:
        self.end = time.monotonic() + 900

    def get_remaining_time_in_millis(self) -> int:
        return round((self.end - time.monotonic()) * 1000)


def audit(event: str, args: tuple[object, ...]) -> None:
    """Refuse what a read-only file system refuses; count processes."""
    if event == "subprocess.Popen":
        started.append(str(args[0]))
    written = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES:
        written = True
    path = args[0] if args else None
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    if written and isinstance(path, str) and path != os.devnull:
        inside = os.path.realpath(path)
        if not inside.startswith("/tmp/") or inside.startswith(FOLDER):  # noqa: S108 (Lambda's)
            raise OSError(30, "Read-only file system", path)


def no_semaphores() -> None:
    import _multiprocessing

    def refuse(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    _multiprocessing.SemLock = refuse  # type: ignore[assignment, misc]


def peak_mb() -> float:
    """The most memory that this process ever had, in MB. Not by getrusage, which begins with that of the parent."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    no_semaphores()
    sys.addaudithook(audit)
    sys.path.insert(0, FOLDER)
    wall, cpu = time.perf_counter(), time.process_time()
    from chaninfra.follow.aws_lambda import handler

    found: dict[str, object] = {
        "imported_s": time.perf_counter() - wall,
        "imported_cpu_s": time.process_time() - cpu,
        "imported_mb": peak_mb(),
    }
    answers = []
    for event in json.load(sys.stdin):
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            answer: object = handler(event, Context())
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        taken = {"s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "peak_mb": peak_mb()}
        answers.append({"answer": answer, **taken})
    base = {sys.base_prefix, FOLDER}
    files = [file for module in sys.modules.values() if (file := getattr(module, "__file__", None))]
    strangers = sorted(file for file in files if not file.startswith((*base, __file__)))
    print(json.dumps({**found, "answers": answers, "strangers": strangers, "started": len(started)}), file=sys.stderr)


main()
