"""The properties of merging, of the writers and of all commands, on many more files than `make test` has time for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.example_counts import COUNT
from support.paths import TESTS

pytestmark = pytest.mark.long

# A whole command line is run for each example of `mistakes`.
COUNTS = {"manifest_merge": 150, "manifest_writers": 150, "manifest_into": 150, "mistakes": 30}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_properties_hold_for_many_more_examples(name: str, count: int) -> None:
    file = TESTS / "unit" / f"test_{name}.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file],
        cwd=TESTS.parent,
        env={**os.environ, COUNT: str(count)},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stdout
