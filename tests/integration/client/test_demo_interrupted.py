"""Ctrl-C at each step of the demo leaves no process and no folder behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.long

# (signal, output that shows that the step has begun, seconds to wait then: the step's own command is running by then).
MOMENTS = [
    (signal.SIGINT, r"== 1\.", 0.0),
    (signal.SIGINT, r"== 2\.", 0.0),
    (signal.SIGINT, r"== 3\.", 0.3),
    (signal.SIGINT, r"\$ pulumi up", 0.5),
    (signal.SIGINT, r"\$ pulumi up", 2.0),
    (signal.SIGTERM, r"\$ pulumi up", 1.0),
    (signal.SIGINT, r"== 4\.", 0.1),
    (signal.SIGINT, r"\$ chaninfra publish", 0.5),
    (signal.SIGINT, r"\$ chaninfra manifest", 0.3),
    (signal.SIGINT, r"\$ client", 0.5),
    (signal.SIGINT, r"== 6\.", 1.0),
    (signal.SIGINT, r"What to type next", 0.0),
    (signal.SIGINT, r"The store stays up", 0.5),
]


@pytest.mark.parametrize(
    ("interrupt", "shown", "later"), MOMENTS, ids=[f"{sent.name} {shown}+{later}" for sent, shown, later in MOMENTS]
)
def test_an_interrupted_demo_leaves_nothing_behind(
    interrupt: signal.Signals, shown: str, later: float, tmp_path: Path
) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "chaninfra.cli", "demo", "--keep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        # The signal goes to the demo only, which must end its children.
        start_new_session=True,
    )
    lines = []
    assert demo.stdout is not None
    for line in demo.stdout:
        lines.append(line)
        if re.search(shown, line):
            break
    time.sleep(later)
    family = psutil.Process(demo.pid).children(recursive=True)
    demo.send_signal(interrupt)
    rest, _ = demo.communicate(timeout=60)
    output = "".join(lines) + rest

    assert demo.returncode == 130, output
    assert "Traceback" not in output
    # A killed process may take a moment to end.
    psutil.wait_procs(family, timeout=30)
    assert [process for process in family if _runs(process)] == []
    assert _of_the_demo(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def _of_the_demo(folder: Path) -> list[str]:
    """The commands of running processes that have the demo's temporary folder in their environment or arguments."""
    found = []
    for process in psutil.process_iter():
        try:
            about = [*process.cmdline(), *process.environ().values()]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in about) and _runs(process):
            found.append(" ".join(process.cmdline()))
    return found


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
