"""What a program costs as a whole process: seconds from its start to its end, and the most memory that it had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# A process of its own between us and the program: the peak that the kernel tells of a child begins with the memory of
# who started it, and that must be little.
_RUNNER = """
import json, os, sys, time
command, environment, output = json.loads(sys.argv[1])
actions = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
start = time.perf_counter()
child = os.posix_spawn(command[0], command, environment, file_actions=actions)
_, status, usage = os.wait4(child, 0)
print(json.dumps([time.perf_counter() - start, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))
"""
# ru_maxrss is in KiB, and in bytes on macOS.
_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Run:
    """`peak` is in bytes."""

    seconds: float
    peak: int


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Runs the program `command[0]` (a path) to its end. Raises RuntimeError with its output where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "output")
        given = json.dumps([command, {**environment, "PATH": os.environ["PATH"]}, str(output)])
        told = subprocess.run([sys.executable, "-I", "-S", "-c", _RUNNER, given], capture_output=True, check=True)
        seconds, peak, code = json.loads(told.stdout)
        if code:
            raise RuntimeError(f"{command[:2]} ended with {code}:\n{output.read_text()}")
    return Run(seconds, peak * _UNIT)
