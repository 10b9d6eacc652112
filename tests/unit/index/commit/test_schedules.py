"""A small part of tests/integration/index/test_schedules.py, fast enough for every run."""

from __future__ import annotations

import pytest

from support.index_model.copy_mutants import COPY_MUTANTS
from support.index_model.copy_scenarios import COPIES
from support.index_model.mirroring import MIRRORS
from support.index_model.model_checker import ViolationError
from support.index_model.mutants import MUTANTS, broken
from support.index_model.rollback_mutants import ROLLBACK_MUTANTS
from support.index_model.rollback_scenarios import ROLLBACKS
from support.index_model.scenarios import SCENARIOS
from support.index_model.withdrawal_scenarios import WITHDRAWALS

FEW = [
    "two publish",
    "publish and yank",
    "publish and reindex",
    "yank and gc",
    "never: two publish",
    "never: snapshot and remove",
    "gc of what a killed snapshot needs",
    "patch and publish of what is not there",
    "unpatch and publish of one name",
    "never: delete and snapshot",
    "rollback and publish of one name",
    "two rollback",
    "two by the clock",
    "never: prune that deletes and publish",
    "prune of what a snapshot will have",
    *(name for name in COPIES if name != "copy and delete"),
    "mirror that yanks and publish of one name",
    "mirror that brings back and publish of one name",
]
QUICK = [
    "shards after the index",
    "derived files without a condition",
    "derived files left to others",
    "history not kept",
    "yanked.json not looked at again",
    "brought back without a HEAD",
    "only listed snapshots looked at by gc",
    "ready before the files are there",
    "patches read before the authority",
    "no commit of a patch without changes",
    "patch gone before the record is made",
    "yanks left alone by unpatch",
    "snapshots left as they are",
    "names keep their shards",
    *ROLLBACK_MUTANTS,
    "any removal goes on",
    "yank dropped before the file is deleted",
    "snapshots that are being made not looked at by prune",
    *COPY_MUTANTS,
]


@pytest.mark.parametrize("name", FEW)
def test_schedules_with_one_preemption(name: str) -> None:
    (SCENARIOS | ROLLBACKS | WITHDRAWALS | COPIES | MIRRORS)[name]().search(preemptions=1, crashes=1).all()


def test_schedules_of_one_writer_at_a_time() -> None:
    SCENARIOS["single: publish, yank and reindex"]().search(preemptions=0, crashes=1).all()


@pytest.mark.parametrize("name", QUICK)
def test_a_mutant_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name].apply(monkeypatch)
    with pytest.raises(ViolationError, match=MUTANTS[name].caught_as):
        broken(MUTANTS[name]).search(preemptions=2, crashes=1, mutant=True).all()
