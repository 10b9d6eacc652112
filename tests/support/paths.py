"""Folders that tests read from, and the variable for processes that import the tests' own modules."""

import os
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
DATA = TESTS / "data"
GOLDEN = TESTS / "golden"
# What `pythonpath` in pyproject.toml is for pytest.
PYTHONPATH = os.pathsep.join([str(TESTS), str(ROOT / "tools")])
