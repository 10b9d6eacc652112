"""A small part of tests/integration/index/test_schedules.py, fast enough for every run."""

from __future__ import annotations

import pytest

from support.index_model.model_checker import ViolationError
from support.index_model.mutants import MUTANTS, broken
from support.index_model.scenarios import SCENARIOS


@pytest.mark.parametrize("name", ["two publish", "publish and yank", "publish and reindex", "yank and gc"])
def test_schedules_with_one_preemption(name: str) -> None:
    SCENARIOS[name]().search(preemptions=1, crashes=1).all()


@pytest.mark.parametrize("name", ["no last HEAD", "derived files without a condition"])
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises(ViolationError, match=MUTANTS[name].caught_as):
        broken(MUTANTS[name]).search(preemptions=4, crashes=1).all()
