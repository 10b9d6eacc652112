"""The properties of merging, on many more files than `make test` has time for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]


def test_merging_holds_for_hundreds_of_files() -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        TESTS / "unit" / "test_manifest_merge.py",
    ]
    done = subprocess.run(
        command,
        cwd=TESTS.parent,
        env={**os.environ, "MERGE_EXAMPLES": "150"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout
