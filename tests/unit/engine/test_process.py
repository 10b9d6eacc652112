"""Child processes of the engine and of the demo: they end with a signal, an error or a timeout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import EngineError
from chaninfra.demo import children
from chaninfra.engine import process
from support.pulumi.fake_engine import fake, wait_for
from support.systems import on

SLOW = [sys.executable, "-c", "import time; time.sleep(600)"]


def _run(folder: Path) -> None:
    process.run(SLOW)


def _run_shown(folder: Path) -> None:
    children.run(SLOW, env=dict(os.environ), cwd=folder)


@pytest.mark.parametrize("run", [_run, _run_shown])
def test_a_signal_while_a_child_is_started_ends_it(
    run: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[Any]] = []

    class Interrupted(subprocess.Popen[Any]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
        assert [child.poll() is not None for child in started] == [True]
    finally:
        for child in started:
            child.kill()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_child_that_exceeds_its_timeout_is_killed(tmp_path: Path) -> None:
    slow = fake(tmp_path, "slow", "time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(EngineError, match="slow did not end within 1 s"):
        process.run([slow], timeout=1)
    assert time.monotonic() - start < 10
    with pytest.raises(EngineError, match="nothing does not start: No such file"):
        process.run([tmp_path / "nothing"])


def test_on_windows_a_child_ends_with_its_descendants(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows is not at hand: a taskkill of this test tells how it was called, and kills nothing."""
    called = tmp_path / "called"
    fake(path, "taskkill", f"pathlib.Path({str(called)!r}).write_text(' '.join(sys.argv[1:]))")
    on("win32", monkeypatch, process)
    pids: list[int] = []

    class Noted(subprocess.Popen[Any]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            pids.append(self.pid)

    monkeypatch.setattr(subprocess, "Popen", Noted)
    with pytest.raises(EngineError, match="did not end within 0 s"):
        process.run(SLOW, timeout=0.1)
    assert called.read_text() == f"/F /T /PID {pids[0]}"


def test_the_demo_finds_a_program_by_the_path_of_the_child(tmp_path: Path) -> None:
    """Popen of Windows looks in the path of the parent."""
    fake(tmp_path / "bin", "tool", "print('found ✓')")
    env = {"PATH": str(tmp_path / "bin")}
    assert children.run(["tool"], env=env, cwd=tmp_path, quiet=True) == "found ✓\n"


def test_a_step_that_lasts_says_so_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "HEARTBEAT_S", 0.05)
    lines: list[str] = []
    with process.step(lines.append, "build of it"):
        wait_for(lambda: len(lines) > 2)
    assert lines[0] == "build of it ..."
    assert set(lines[1:-1]) == {"build of it: 0:00 so far"}
    assert lines[-1].startswith("build of it: done in ")
    count = len(lines)
    time.sleep(0.2)
    assert len(lines) == count
    with pytest.raises(KeyboardInterrupt), process.step(lines.append, "another"):
        raise KeyboardInterrupt
    time.sleep(0.2)
    assert lines[count:] == ["another ..."]


def test_no_step_is_silent_for_half_a_minute() -> None:
    assert process.HEARTBEAT_S < 30
