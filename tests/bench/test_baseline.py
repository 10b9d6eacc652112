"""The baseline is laid out from the clone, and a clone without its commit has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench import baseline


def test_a_clone_without_the_commit_has_no_baseline_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr(baseline, "ROOT", tmp_path)
    said: list[str] = []
    assert baseline.lay_out(said.append) is None
    assert baseline.COMMIT in said[0]
    assert "git fetch" in said[0]
