"""Child processes of the engine and of the demo are ended by a signal that arrives while they are started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaninfra.demo import children
from chaninfra.engine import process

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
