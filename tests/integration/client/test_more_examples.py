"""The properties of merging, of the text writers, of trust, of damaged packages and of all commands, with many more
examples than `make test` runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from support.example_counts import COUNT
from support.paths import TESTS

pytestmark = pytest.mark.long

# Test file below tests/unit → number of examples; each example of test_mistakes.py runs a whole command.
COUNTS = {
    "channel/spec/test_token_claims.py": 50,
    "index/package/test_archive.py": 60,
    "index/package/test_conda_zip.py": 50,
    "manifest/merge/test_any_document.py": 150,
    "manifest/merge/test_into.py": 150,
    "manifest/text/test_toml.py": 150,
    "manifest/text/test_yaml.py": 150,
    "cli/test_mistakes.py": 30,
}


@pytest.mark.parametrize(("name", "count"), COUNTS.items())
def test_properties_hold_for_many_more_examples(name: str, count: int) -> None:
    file = TESTS / "unit" / name
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
