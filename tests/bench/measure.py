"""What a program costs as a whole process: seconds from its start to its end, of the CPU too, and memory at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A process of its own between us and the programs: the peak that the kernel tells of a child begins with the memory of
# who started it, and that must be little. It runs them one after the other, so that nobody waits for this process.
_RUNNER = """
import json, os, sys, time
commands, environment, folder = json.loads(sys.argv[1])
ran = []
for number, command in enumerate(commands):
    output = os.path.join(folder, str(number))
    opened = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, environment, file_actions=[opened, (os.POSIX_SPAWN_DUP2, 1, 2)])
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    cpu = usage.ru_utime + usage.ru_stime
    ran.append([seconds, cpu, usage.ru_maxrss, os.waitstatus_to_exitcode(status)])
print(json.dumps(ran))
"""
# ru_maxrss is in KiB, and in bytes on macOS.
_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """A process that has ended: `output` is what it printed.

    `cpu` is in seconds, those of its children too. `peak` is in bytes: of the largest one among it and its children.
    """

    seconds: float
    cpu: float
    peak: int
    code: int
    output: str


def run_all(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> list[Run]:
    """Runs programs (each command[0] is a path) one after the other to their ends, however they end."""
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps([commands, {**environment, "PATH": os.environ["PATH"]}, folder])
        told = subprocess.run([sys.executable, "-I", "-S", "-c", _RUNNER, given], capture_output=True, check=True)
        return [
            Run(seconds, cpu, peak * _UNIT, code, Path(folder, str(number)).read_text("utf-8", "replace"))
            for number, (seconds, cpu, peak, code) in enumerate(json.loads(told.stdout))
        ]


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Runs the program `command[0]` (a path) to its end. Raises RuntimeError with its output where it fails."""
    (ran,) = run_all([command], environment)
    if ran.code:
        raise RuntimeError(f"{command[:3]} ended with {ran.code}:\n{ran.output}")
    return ran
