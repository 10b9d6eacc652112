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
from support.pulumi.fake_engine import fake

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
