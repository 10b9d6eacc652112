"""The properties of merging, of the writers and of all commands, on many more files than `make test` has time for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from examples import COUNT

TESTS = Path(__file__).parents[2]


def test_manifest_holds_for_hundreds_of_examples() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *(TESTS / "unit" / f"test_{name}.py" for name in ("manifest_merge", "manifest_writers", "manifest_into")),
        TESTS / "unit" / "test_mistakes.py",
    ]
    done = subprocess.run(
        command,
        cwd=TESTS.parent,
        env={**os.environ, COUNT: "150"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout
