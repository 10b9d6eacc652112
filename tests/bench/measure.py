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
import glob, json, os, sys, threading, time
commands, environment, folder, every = json.loads(sys.argv[1])
ran = []

def look(pid, peaks):
    try:
        for line in open(f"/proc/{pid}/status").read().splitlines():
            if line.startswith("VmHWM:"):
                peaks[pid] = int(line.split()[1])
        for path in glob.glob(f"/proc/{pid}/task/*/children"):
            for child in open(path).read().split():
                look(child, peaks)
    except OSError:
        pass

def watch(pid, peaks, ended):
    while not ended.wait(every):
        look(pid, peaks)

for number, command in enumerate(commands):
    output = os.path.join(folder, str(number))
    opened = (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, environment, file_actions=[opened, (os.POSIX_SPAWN_DUP2, 1, 2)])
    peaks, ended = {}, threading.Event()
    watching = threading.Thread(target=watch, args=(str(child), peaks, ended))
    watching.start()
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    ended.set()
    watching.join()
    cpu = usage.ru_utime + usage.ru_stime
    ran.append([seconds, cpu, usage.ru_maxrss, sum(peaks.values()), os.waitstatus_to_exitcode(status)])
print(json.dumps(ran))
"""
_EVERY_S = 0.05
"""Time in seconds from one look at the memory of the processes to the next."""
# ru_maxrss is in KiB, and in bytes on macOS.
_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """A process that has ended: `output` is what it printed.

    `cpu` is in seconds, those of its children too. `peak` is in bytes: the most that each of
    these processes had, together, as if all had had it at the same time. On macOS it is that of the largest alone.
    """

    seconds: float
    cpu: float
    peak: int
    code: int
    output: str


def run_all(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> list[Run]:
    """Runs programs (each command[0] is a path) one after the other to their ends, however they end."""
    with tempfile.TemporaryDirectory() as folder:
        given = json.dumps([commands, {**environment, "PATH": os.environ["PATH"]}, folder, _EVERY_S])
        told = subprocess.run([sys.executable, "-I", "-S", "-c", _RUNNER, given], capture_output=True, check=True)
        return [
            Run(seconds, cpu, max(largest * _UNIT, all_ * 1024), code, _output(folder, number))
            for number, (seconds, cpu, largest, all_, code) in enumerate(json.loads(told.stdout))
        ]


def _output(folder: str, number: int) -> str:
    return Path(folder, str(number)).read_text("utf-8", "replace")


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Runs the program `command[0]` (a path) to its end. Raises RuntimeError with its output where it fails."""
    (ran,) = run_all([command], environment)
    if ran.code:
        raise RuntimeError(f"{command[:3]} ended with {ran.code}:\n{ran.output}")
    return ran
